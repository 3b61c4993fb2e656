/**
 * The client's methods over a channel: requests and answers as canonical MessagePack, matched by number.
 *
 *   -> [number, method, arguments]     <- [number, true, result] | [number, false, error]     <- [0, 'turns', turns]
 */

import type { Channel } from '@skep/embedded';
import { decode, type ErrorShape, encode, fromErrorShape, SkepError, toSkepError, type Value } from '@skep/kernel';
import type { Client, WatchedTurn } from './client.js';

/** What a peer may ask for: everything of `Client` but what belongs to one side of the channel. */
export const METHODS = [
  'call',
  'create',
  'suspend',
  'resume',
  'terminate',
  'info',
  'list',
  'get',
  'at',
  'history',
  'diff',
  'checkpoint',
  'checkpoints',
  'branch',
  'restore',
  'status',
  'doctor',
] as const satisfies readonly (keyof Client)[];

export type RemoteMethod = (typeof METHODS)[number];

/** Turns that wait for a slow watcher; older ones are left out. */
const WATCHED_MAX = 10_000;
const WATCH_EVERY_MS = 50;

/** Answers a peer's requests until its channel closes. */
export function serveClient(client: Client, channel: Channel): void {
  let stopWatching: (() => void) | undefined;
  channel.onClose(() => stopWatching?.());
  channel.onMessage((bytes) => {
    let number = 0;
    const answer = (ok: boolean, result: unknown): void => {
      if (!channel.closed) channel.send(encodeAnswer(number, ok, result));
    };
    try {
      const request = decode(bytes);
      if (!Array.isArray(request) || typeof request[0] !== 'number' || typeof request[1] !== 'string' || !Array.isArray(request[2])) {
        throw new SkepError('malformed', { message: 'a request is [number, method, arguments]' });
      }
      const [asked, method, parameters] = request as [number, string, Value[]];
      number = asked;
      if (method === 'watch') {
        startWatching(client, channel, (stop) => {
          stopWatching?.();
          stopWatching = stop;
        }).then(
          () => answer(true, null),
          (error) => answer(false, toSkepError(error).toJSON()),
        );
        return;
      }
      if (method === 'unwatch') {
        stopWatching?.();
        stopWatching = undefined;
        return answer(true, null);
      }
      const known = METHODS.find((each) => each === method);
      if (known === undefined)
        throw new SkepError('unknown-method', {
          message: `the holder has no command ${method}`,
          id: method,
          remedy: 'Use the same version of Skep on both sides.',
        });
      const run = client[known] as (...given: unknown[]) => Promise<unknown>;
      run
        .apply(
          client,
          parameters.map((each) => (each === null ? undefined : each)),
        )
        .then(
          (result) => answer(true, result),
          (error) => answer(false, toSkepError(error).toJSON()),
        );
    } catch (error) {
      answer(false, toSkepError(error).toJSON());
    }
  });
}

export function decodeAnswer(bytes: Uint8Array): { readonly number: number; readonly result: unknown; readonly error: SkepError | undefined } {
  const [number, ok, result] = decode(bytes) as [number, boolean | string, unknown];
  if (ok === false) return { number, result: undefined, error: fromErrorShape(result as ErrorShape) };
  return { number, result, error: undefined };
}

function encodeAnswer(number: number, ok: boolean, result: unknown): Uint8Array {
  try {
    return encode([number, ok, result ?? null]);
  } catch (error) {
    return encode([number, false, toSkepError(error).toJSON()]);
  }
}

async function startWatching(client: Client, channel: Channel, onStop: (stop: () => void) => void): Promise<void> {
  let waiting: WatchedTurn[] = [];
  const timer = setInterval(() => {
    if (waiting.length === 0 || channel.closed) return;
    channel.send(encode([0, 'turns', waiting]));
    waiting = [];
  }, WATCH_EVERY_MS);
  timer.unref();
  const stop = await client.watch((turns) => {
    waiting.push(...turns);
    if (waiting.length > WATCHED_MAX) waiting = waiting.slice(waiting.length - WATCHED_MAX);
  });
  onStop(() => {
    clearInterval(timer);
    stop();
  });
}
