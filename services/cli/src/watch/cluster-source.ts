/** What `watch` sees of a cluster. */
import { attachCluster } from '@skep/nats/servers';
import type { Client } from '@skep/sdk';
import type { Admin } from '@skep/sdk/operations';
import type { ClusterTarget } from '../cluster/cluster-target.js';
import { reachCluster } from '../cluster/reach-cluster.js';
import { Elections } from './elections.js';
import type { WatchedNode, WatchSource } from './source.js';

export async function clusterSource(target: ClusterTarget): Promise<WatchSource> {
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
