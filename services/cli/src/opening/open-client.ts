/**
 * How a command reaches a swarm: over NATS when a cluster is named or runs on the folder; else through the process that holds the folder
 * when there is one, else by holding the folder itself for as long as the command takes.
 *
 * - A1 A command that only reads leaves no trace: where there is no folder it sees an empty swarm in memory.
 * - A2 Holders come and go between two looks. Work whose holder went away before anything happened starts over with the next one.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { isSkepError } from '@skep/kernel';
import { type Client, connectSkep, openSkep } from '@skep/sdk';
import { isClusterAtHand, type Place } from '../cluster/at-hand.js';
import type { ClusterTarget } from '../cluster/cluster-target.js';
import { projectFor } from '../config/kinds.js';
import type { Shell } from '../frame/shell.js';
import { dataFolder, holdsData, isForeign } from './data-folder.js';

export interface Opened {
  readonly client: Client;
  readonly dir: string;
  /** `cluster`: nodes. `holder`: another process holds the folder. `self`: this one does. `nothing`: there is no folder, and none was made. */
  readonly through: 'cluster' | 'holder' | 'self' | 'nothing';
  /** The cluster that was reached. */
  readonly cluster?: ClusterTarget;
}

export interface Opening {
  readonly at: Place;
  /** What is only read need not exist. An `operation` is a write under an id of its own, which may be sent again. */
  readonly purpose: 'read' | 'write' | 'operation';
}

/** How long a command looks for somebody who serves the folder, or for the folder to be free. */
const LOOK_MS_MAX = 2_500;
const TRY_DELAY_MS = 50;

/** Does the work with a client and closes it. */
export async function withClient<Result>(shell: Shell, opening: Opening, work: (opened: Opened) => Promise<Result>): Promise<Result> {
  const untilMs = performance.now() + LOOK_MS_MAX;
  for (;;) {
    const held = await openOrWait(shell, opening, untilMs);
    try {
      return await work(held);
    } catch (error) {
      if (!vanished(error, held, opening) || performance.now() > untilMs) throw error;
      await pause(TRY_DELAY_MS);
    } finally {
      await held.close();
    }
  }
}

/** The holder went away, and what was asked of it can be asked again. */
function vanished(error: unknown, { through }: Opened, { purpose }: Opening): boolean {
  if (through !== 'holder') return false;
  const nothingChanged = isSkepError(error, 'unavailable') || isSkepError(error, 'closed');
  return nothingChanged || (purpose !== 'write' && isSkepError(error, 'outcome-unknown'));
}

interface Held extends Opened {
  close(): Promise<void>;
}

async function openOrWait(shell: Shell, opening: Opening, untilMs: number): Promise<Held> {
  for (;;) {
    try {
      return await open(shell, opening);
    } catch (error) {
      // Somebody took the folder between the two looks at it; now it can be worked through.
      if (!isSkepError(error, 'folder-held') || performance.now() > untilMs) throw error;
      await pause(TRY_DELAY_MS);
    }
  }
}

async function open(shell: Shell, { at, purpose }: Opening): Promise<Held> {
  if (await isClusterAtHand(shell, at)) {
    const { findCluster, reachCluster } = await import('../cluster/work.js');
    const cluster = await findCluster(shell, at);
    if (cluster !== undefined) {
      const { client, close } = await reachCluster(cluster);
      return { client, dir: cluster.name, through: 'cluster', cluster, close };
    }
  }
  const dir = await dataFolder(shell, at.dir);
  const client = await connectSkep(dir);
  if (client !== undefined) return { client, dir, through: 'holder', close: () => client.close() };
  const project = await projectFor(shell, dir);
  if (purpose === 'read' && !holdsData(dir)) {
    shell.stderr.write(`There is nothing in ${dir} yet.\n`);
    const empty = await openSkep({ memory: true, ...project });
    return { client: empty.client, dir, through: 'nothing', close: () => empty.close() };
  }
  // Another project's folder gets none of this one's keys by being opened.
  const newAddressKeys = (await isForeign(shell, dir)) ? 'ignore' : 'add';
  const skep = await openSkep({ dir, ...project, newAddressKeys });
  return { client: skep.client, dir, through: 'self', close: () => skep.close() };
}
