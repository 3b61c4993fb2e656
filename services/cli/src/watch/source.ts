/** What `watch` looks at: whoever holds the folder, or a cluster. */
import { type Client, connectSkep } from '@skep/sdk';
import { isClusterAtHand, type Place } from '../cluster/at-hand.js';
import type { Shell } from '../frame/shell.js';
import { dataFolder } from '../opening/data-folder.js';
import type { Elections } from './elections.js';

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
  if (await isClusterAtHand(shell, at)) {
    const { clusterSource, findCluster } = await import('../cluster/work.js');
    const cluster = await findCluster(shell, at);
    if (cluster !== undefined) return await clusterSource(cluster);
  }
  const dir = await dataFolder(shell, at.dir);
  const client = await connectSkep(dir);
  return client === undefined ? undefined : { name: dir, client, elections: undefined, close: () => client.close() };
}
