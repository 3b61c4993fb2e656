/** Starts a cluster that outlives the command: servers, then nodes; all or nothing. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SkepError } from '@skep/kernel';
import { attachCluster, type Cluster, type Flavour, makeCredentials, readClusterContext, startCluster } from '@skep/nats/servers';
import { type NodeProcesses, startNodes } from '@skep/sdk/operations';
import { nodesFolder } from './at-hand.js';

export type ServerCount = 1 | 3 | 5;

export interface UpOptions {
  /** The folder of the cluster. */
  readonly dir: string;
  /** As many as there were before, when left out; else 3. */
  readonly servers?: ServerCount;
  readonly nodes: number;
  /** The fast one where it is at hand, when left out. */
  readonly flavour?: Flavour;
  readonly tls: boolean;
  readonly tenants: readonly string[];
  readonly universe: string;
  /** Files of kinds. */
  readonly kinds: readonly string[];
  readonly onStep: (step: string) => void;
}

export interface Up {
  readonly cluster: Cluster;
  readonly nodes: NodeProcesses;
}

/** @throws SkepError `not-configured` without a server program, `folder-held` when one runs there, `unavailable`; then nothing of it is left running */
export async function up(options: UpOptions): Promise<Up> {
  const { dir, nodes: count, flavour, tls, tenants, universe, kinds, onStep } = options;
  const servers = serversOf(dir, options.servers);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  onStep('credentials');
  const credentials = makeCredentials(join(dir, 'credentials'), { tenants, tls });
  onStep(`${servers} NATS server${servers === 1 ? '' : 's'}`);
  const cluster = await startCluster({ dir, servers, credentials, universe, detached: true, ...(flavour === undefined ? {} : { flavour }) });
  try {
    await cluster.ready;
    onStep(`${count} node${count === 1 ? '' : 's'}`);
    const nodes = await startNodes(cluster, { nodes: count, dir: nodesFolder(dir), detached: true, universe, kinds, replicas: servers });
    return { cluster, nodes };
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

/** What a cluster holds lies on as many servers as it was made with. */
function serversOf(dir: string, asked: ServerCount | undefined): ServerCount {
  const before = readClusterContext(dir)?.servers.length as ServerCount | undefined;
  if (before === undefined || asked === undefined || asked === before) return asked ?? before ?? 3;
  throw new SkepError('invalid-input', {
    message: `the cluster of this folder has ${before} NATS server${before === 1 ? '' : 's'}`,
    id: dir,
    remedy: 'Leave --servers out, choose another folder with --dir, or remove this one with "skep reset".',
  });
}

export interface Ended {
  readonly nodes: readonly { readonly name: string; readonly pid: number }[];
  readonly servers: readonly { readonly name: string; readonly pid: number }[];
}

/** Ends the nodes, then the servers, of a folder, as far as they still run. Undefined: no cluster was ever started there. */
export async function down(
  dir: string,
  attach: (dir: string) => NodeProcesses | undefined,
  onStep: (step: string) => void,
): Promise<Ended | undefined> {
  const cluster = await attachCluster(dir);
  if (cluster === undefined) return undefined;
  const nodes = attach(nodesFolder(dir));
  const ended = { nodes: running(nodes?.nodes ?? []), servers: running(cluster.servers) };
  onStep('nodes');
  // Without servers there is nobody to hand over to, and nothing to wait for.
  if (ended.servers.length === 0) await nodes?.kill();
  else await nodes?.close();
  onStep('servers');
  await cluster.close();
  return ended;
}

function running(processes: readonly { readonly name: string; readonly pid: number | undefined }[]): Ended['nodes'] {
  return processes.flatMap(({ name, pid }) => (pid === undefined ? [] : [{ name, pid }]));
}
