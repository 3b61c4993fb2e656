/**
 * Which cluster a command means: the one that is named by `--server`, else the one that runs on the data folder.
 *
 *   <data folder>/cluster/context.json      where its servers are; credentials/ and the servers' folders beside it
 *   <data folder>/cluster/nodes/nodes.json  its nodes
 */
import { resolve } from 'node:path';
import { SkepError } from '@skep/kernel';
import { type ClusterContext, isClusterRunning, readClusterContext } from '@skep/nats/servers';
import { UNIVERSE_DEFAULT } from '@skep/sdk/operations';
import type { Shell } from '../frame/shell.js';
import { dataFolder, holdsData } from '../opening/data-folder.js';
import { clusterFolder, type Place } from './at-hand.js';

export interface ClusterTarget {
  /** For people. */
  readonly name: string;
  readonly servers: readonly string[];
  readonly universe: string;
  readonly credentials?: string;
  readonly ca?: string;
  /** Of a cluster that was started on this folder. */
  readonly local?: { readonly dir: string; readonly context: ClusterContext };
}

/**
 * Undefined: there is none, and the folder itself is meant.
 * @throws SkepError `unavailable` for a cluster of this folder that does not run, where nothing else is on the folder
 */
export async function findCluster(shell: Shell, at: Place): Promise<ClusterTarget | undefined> {
  const { server, creds, ca, universe } = at;
  const given = {
    ...(creds === undefined ? {} : { credentials: resolve(shell.cwd, creds) }),
    ...(ca === undefined ? {} : { ca: resolve(shell.cwd, ca) }),
  };
  if (server !== undefined) return { name: server.join(' '), servers: server, universe: universe ?? UNIVERSE_DEFAULT, ...given };
  const dir = await clusterFolder(shell, at.dir);
  const context = readClusterContext(dir);
  if (context === undefined) return undefined;
  if (!isClusterRunning(dir, context)) {
    if (holdsData(await dataFolder(shell, at.dir))) return undefined;
    throw notRunning(dir);
  }
  return {
    name: dir,
    servers: context.urls,
    universe: universe ?? context.universe ?? UNIVERSE_DEFAULT,
    credentials: context.credentials,
    ...given,
    local: { dir, context },
  };
}

/** @throws SkepError `not-configured` where there is none, `unavailable` where it does not run */
export async function mustFindCluster(shell: Shell, at: Place): Promise<ClusterTarget> {
  const found = await findCluster(shell, at);
  if (found !== undefined) return found;
  const dir = await clusterFolder(shell, at.dir);
  if (readClusterContext(dir) !== undefined) throw notRunning(dir);
  throw new SkepError('not-configured', {
    message: 'no cluster runs on this folder',
    id: dir,
    remedy: 'Start one with "skep up", or name one with --server and --creds.',
  });
}

/** For what only the machine of a local cluster can do. @throws as `mustFindCluster`, and `not-configured` for a cluster that is named by its servers */
export async function mustFindLocal(shell: Shell, at: Place): Promise<ClusterTarget & Required<Pick<ClusterTarget, 'local'>>> {
  const { local, ...target } = await mustFindCluster(shell, at);
  if (local !== undefined) return { ...target, local };
  throw new SkepError('not-configured', {
    message: 'the processes of this cluster were not started here',
    id: target.name,
    remedy: 'Leave --server out, in the folder in which "skep up" was called.',
  });
}

function notRunning(dir: string): SkepError {
  return new SkepError('unavailable', {
    message: 'the cluster of this folder does not run',
    id: dir,
    remedy: 'Start it again with "skep up"; what it holds is kept.',
  });
}
