/**
 * The holder's side of a channel: answers a peer's requests until the channel closes.
 *
 * - C1 Every request gets one answer, whatever it holds and whatever becomes of it; nothing that a peer sends ends the holder.
 * - C2 What a peer may make the holder keep is bounded: requests under way, long answers that wait to be fetched, watched turns.
 */
import type { Channel } from '@skep/embedded';
import { SkepError, type Value } from '@skep/kernel';
import type { Client, WatchedTurn } from './client.js';
import { decodeMessage, encodeMessage, type Form, formOf, METHODS, PART_BYTES, readRequest, shapeOf } from './wire.js';

export const REQUESTS_MAX = 65_536;
/** Long answers kept for one peer; of more, the oldest is dropped. */
const LONG_ANSWERS_MAX = 16;
/** Turns that wait for a slow watcher; older ones are left out. */
const WATCHED_MAX = 10_000;
/** Turns in one message. */
const WATCHED_AT_ONCE = 1_000;
const WATCH_EVERY_MS = 50;

export function serveClient(client: Client, channel: Channel): void {
  const served = new ServedChannel(client, channel);
  channel.onClose(() => served.stopWatching());
  channel.onMessage((bytes) => served.onMessage(bytes));
}

class ServedChannel {
  private underWay = 0;
  private readonly longAnswers = new Map<number, Uint8Array>();
  private watching: Promise<() => void> | undefined;

  constructor(
    private readonly client: Client,
    private readonly channel: Channel,
  ) {}

  onMessage(bytes: Uint8Array): void {
    const form = formOf(bytes);
    let number = 0;
    try {
      const request = readRequest(decodeMessage(bytes));
      number = request.number;
      if (this.underWay >= REQUESTS_MAX) throw new SkepError('overloaded', { message: `${REQUESTS_MAX} requests of this peer are under way` });
      this.underWay += 1;
      const answered = this.perform(request.method, request.parameters);
      answered.then(
        (result) => this.answer(form, number, { ok: true, result }),
        (error) => this.answer(form, number, { ok: false, result: shapeOf(error) }),
      );
      answered.then(
        () => this.ended(),
        () => this.ended(),
      );
    } catch (error) {
      this.answer(form, number, { ok: false, result: shapeOf(error) });
    }
  }

  stopWatching(): void {
    this.watching?.then((stop) => stop()).catch(() => {});
    this.watching = undefined;
  }

  private ended(): void {
    this.underWay -= 1;
  }

  private async perform(method: string, parameters: readonly Value[]): Promise<unknown> {
    if (method === 'watch') return this.watch();
    if (method === 'unwatch') return this.stopWatching();
    if (method === 'part') return this.part(parameters);
    const known = METHODS.find((each) => each === method);
    if (known === undefined) {
      const remedy = 'Use the same version of Skep on both sides.';
      throw new SkepError('unknown-method', { message: `the holder has no command ${method.slice(0, 64)}`, id: method.slice(0, 64), remedy });
    }
    // The client checks its arguments itself; null stands for one that was left out.
    const run = this.client[known] as (...given: unknown[]) => Promise<unknown>;
    return run.apply(
      this.client,
      parameters.map((each) => each ?? undefined),
    );
  }

  private answer(form: Form, number: number, { ok, result }: { readonly ok: boolean; readonly result: unknown }): void {
    if (this.channel.closed) return;
    try {
      const bytes = encodeMessage(form, [number, ok, result ?? null]);
      if (bytes.length <= PART_BYTES * 2) return this.channel.send(bytes);
      this.keep(number, bytes);
      this.channel.send(encodeMessage(form, [number, 'parts', bytes.length]));
    } catch (error) {
      this.channel.send(encodeMessage(form, [number, false, shapeOf(error)]));
    }
  }

  private keep(number: number, bytes: Uint8Array): void {
    this.longAnswers.set(number, bytes);
    const oldest = this.longAnswers.keys().next().value;
    if (this.longAnswers.size > LONG_ANSWERS_MAX && oldest !== undefined) this.longAnswers.delete(oldest);
  }

  /** The last part frees the answer. */
  private part([number, offset]: readonly Value[]): Uint8Array {
    const bytes = typeof number === 'number' ? this.longAnswers.get(number) : undefined;
    if (bytes === undefined || typeof number !== 'number') {
      throw new SkepError('unavailable', { message: 'this answer is not kept any more', id: String(number).slice(0, 64), remedy: 'Ask again.' });
    }
    if (typeof offset !== 'number' || !Number.isSafeInteger(offset) || offset < 0 || offset >= bytes.length) {
      throw new SkepError('invalid-input', { message: `an answer of ${bytes.length} bytes has no such part`, id: String(number) });
    }
    if (offset + PART_BYTES >= bytes.length) this.longAnswers.delete(number);
    return bytes.slice(offset, offset + PART_BYTES);
  }

  private async watch(): Promise<void> {
    this.stopWatching();
    const watching = this.startWatching();
    this.watching = watching;
    const stop = await watching;
    // The peer may have gone while the watch began.
    if (this.channel.closed) stop();
  }

  private async startWatching(): Promise<() => void> {
    let waiting: WatchedTurn[] = [];
    const stop = await this.client.watch((turns) => {
      waiting.push(...turns);
      if (waiting.length > WATCHED_MAX) waiting = waiting.slice(waiting.length - WATCHED_MAX);
    });
    const timer = setInterval(() => {
      for (let at = 0; at < waiting.length && !this.channel.closed; at += WATCHED_AT_ONCE) {
        this.channel.send(encodeMessage('messagepack', [0, 'turns', waiting.slice(at, at + WATCHED_AT_ONCE)]));
      }
      waiting = [];
    }, WATCH_EVERY_MS);
    timer.unref();
    return () => {
      clearInterval(timer);
      stop();
    };
  }
}
