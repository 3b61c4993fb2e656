/** What `watch` looks at: whoever holds the folder, or a cluster. */
import { attachCluster } from '@skep/nats/servers';
import { type Client, connectSkep } from '@skep/sdk';
import type { Admin } from '@skep/sdk/operations';
import { type ClusterTarget, findCluster, type Place } from '../cluster/cluster-target.js';
import { reachCluster } from '../cluster/reach-cluster.js';
import type { Shell } from '../frame/shell.js';
import { dataFolder } from '../opening/data-folder.js';
import { Elections } from './elections.js';

export interface WatchedNode {
  readonly node: string;
  readonly status: string;
  readonly active: number;
  readonly turnsPerSecond: number;
  readonly p99Ms: number;
  /** How late its event loop was since it was last asked; null where only operators hear of it. */
  readonly lagMs: number | null;
}

export interface WatchSource {
  readonly name: string;
  readonly client: Client;
  /** Undefined where there are no nodes. */
  nodes?(): Promise<readonly WatchedNode[]>;
  /** Undefined where the servers were not started here. */
  readonly elections: Elections | undefined;
  close(): Promise<void>;
}

/** Undefined: there is nobody to look at for now. @throws SkepError for a cluster that can never be reached like this */
export async function openSource(shell: Shell, at: Place): Promise<WatchSource | undefined> {
  const cluster = await findCluster(shell, at);
  if (cluster !== undefined) return await clusterSource(cluster);
  const dir = await dataFolder(shell, at.dir);
  const client = await connectSkep(dir);
  return client === undefined ? undefined : { name: dir, client, elections: undefined, close: () => client.close() };
}

async function clusterSource(target: ClusterTarget): Promise<WatchSource> {
  const { client, admin, close } = await reachCluster(target);
  const servers = target.local === undefined ? undefined : await attachCluster(target.local.dir);
  const elections = servers === undefined ? undefined : new Elections(() => servers.streamLeaders());
  return {
    name: target.name,
    client,
    nodes: () => nodesOf(client, admin),
    elections,
    close: async () => {
      elections?.stop();
      await close();
    },
  };
}

async function nodesOf(client: Client, admin: Admin | undefined): Promise<readonly WatchedNode[]> {
  const { nodes = [] } = await client.status();
  const figures = await Promise.all(nodes.map(({ node }) => admin?.status(node).catch(() => undefined)));
  return nodes.map(({ node, status, active, turnsPerSecond, latencyMs }, at) => ({
    ...{ node, status, active, turnsPerSecond },
    p99Ms: latencyMs.p99,
    lagMs: figures[at]?.lagMs.p99 ?? null,
  }));
}
