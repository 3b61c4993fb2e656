/**
 * What a detached cluster leaves in its folder, so that later commands find it: where clients connect, which credentials they
 * take, and which processes it consists of.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SkepError } from '@skep/kernel';
import type { Flavour } from './find-servers.js';
import { configFileIn, type NatsServerPlan } from './nats-server.js';
import { adoptProcess } from './server-process.js';

export interface ClusterContext {
  readonly format: 1;
  readonly universe?: string;
  readonly flavour: Flavour;
  readonly version: string;
  /** The server program's path. */
  readonly program: string;
  /** Where clients connect. */
  readonly urls: readonly string[];
  /** The folder of the credentials. */
  readonly credentials: string;
  /** The authority's certificate, with TLS. */
  readonly ca?: string;
  readonly servers: readonly {
    readonly name: string;
    /** Undefined when it had ended. */
    readonly pid?: number;
    readonly plan: NatsServerPlan;
  }[];
}

const FORMAT = 1;

const fileIn = (dir: string): string => join(dir, 'context.json');

/** Undefined when no cluster was left here. Throws `corrupt` or `unsupported-format`. */
export function readClusterContext(dir: string): ClusterContext | undefined {
  const file = fileIn(dir);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  let context: Partial<ClusterContext> | undefined;
  try {
    context = JSON.parse(text);
  } catch {
    context = undefined;
  }
  if (typeof context?.format === 'number' && context.format > FORMAT) {
    throw new SkepError('unsupported-format', { message: 'the context was written by a newer Skep', id: file });
  }
  if (context?.format !== FORMAT || !Array.isArray(context.servers) || !Array.isArray(context.urls)) {
    throw new SkepError('corrupt', {
      message: 'the context of the cluster cannot be read',
      id: file,
      remedy: 'End its nats-server processes and remove the file.',
    });
  }
  return context as ClusterContext;
}

export function writeClusterContext(dir: string, context: ClusterContext): void {
  const file = fileIn(dir);
  const fresh = `${file}.${process.pid}.new`;
  writeFileSync(fresh, `${JSON.stringify(context, null, 2)}\n`, { mode: 0o600 });
  renameSync(fresh, file);
}

/** Whether a server of it still runs; ids of processes that ended and were used again for others do not count. */
export function isClusterRunning(dir: string, { servers }: ClusterContext): boolean {
  return servers.some(({ pid, plan }) => pid !== undefined && adoptProcess(pid, configFileIn(resolve(dir), plan.name)) !== undefined);
}
