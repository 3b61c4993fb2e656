import { existsSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { resolve as resolvePath } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { SkepError } from '@skep/kernel';
import { type Channel, channelOver } from './channel.js';
import { readHolderInfo } from './holder-info.js';
import { tryHolderLock } from './holder-lock.js';

const TRY_DELAY_MS = 25;

export interface ConnectOptions {
  /** How long to wait for a holder that does not listen yet. */
  readonly timeoutMs?: number;
}

/**
 * A channel to the process that holds the folder; undefined when nobody holds it.
 * @throws SkepError `unavailable` when it is held by a process that does not listen
 */
export async function connectHolder(dir: string, { timeoutMs = 2000 }: ConnectOptions = {}): Promise<Channel | undefined> {
  const folder = resolvePath(dir);
  const untilMs = performance.now() + timeoutMs;
  for (;;) {
    if (!existsSync(folder)) return undefined;
    const info = readHolderInfo(folder);
    const socket = info === undefined ? undefined : await tryConnect(info.socket);
    if (socket !== undefined) return channelOver(socket);
    const lock = tryHolderLock(folder);
    if (lock !== undefined) {
      lock.release();
      return undefined;
    }
    if (performance.now() > untilMs) {
      throw new SkepError('unavailable', {
        message: `the folder ${folder} is held by process ${info?.pid ?? 'unknown'}, which does not listen`,
        id: folder,
        remedy: 'Retry when that process has started, or stop it.',
      });
    }
    await pause(TRY_DELAY_MS);
  }
}

function tryConnect(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', () => resolve(undefined));
  });
}
