/**
 * The newest message of a subject, linearizable.
 *
 * A server that was cut off from its peers believes for a while to lead, and answers reads from what it has. So a read is confirmed: a barrier,
 * a message of its own on the same stream, is written first. Its acknowledgement needs a majority, and its sequence is above that of
 * everything acknowledged before. Then one answer of one server shows both the barrier, or a later one, and the subject's newest message: whoever
 * has the barrier has all that lies before it.
 *
 * - Q1 A barrier begins after the read that it serves was asked for; reads that wait share the next one.
 * - Q2 A stream with one copy needs none: there is nobody else.
 * - Q3 A stream that is full takes no barrier. Then a purge that matches nothing asks the majority instead, and the leader is read after it: a server
 *   that was deposed and does not know it yet could still answer, for the time of one heartbeat. See the decision on linearizable reads.
 */
import { isSkepError, SkepError } from '@skep/kernel';
import type { Clock } from '@skep/ports';
import { type JetStream, type StoredMessage, unavailable } from './jetstream.js';

const TRIES = 8;
const TRY_DELAY_MS = 2;
const EMPTY = new Uint8Array(0);

export interface ConfirmedReadsOptions {
  readonly jetstream: JetStream;
  readonly clock: Clock;
  readonly stream: string;
  readonly barrier: string;
  readonly replicas: number;
}

export class ConfirmedReads {
  #running: Promise<unknown> = Promise.resolve();
  #next: Promise<number> | undefined;

  constructor(private readonly options: ConfirmedReadsOptions) {}

  /** @throws SkepError `unavailable` while there is no majority */
  async last(subject: string): Promise<StoredMessage | undefined> {
    const { jetstream, stream, barrier, replicas } = this.options;
    if (replicas === 1) return jetstream.lastFromAny(stream, subject);
    let confirmed: number;
    try {
      confirmed = await this.#confirm();
    } catch (error) {
      if (!isSkepError(error, 'disk-full')) throw error;
      await jetstream.purge(stream, `${barrier}.none`);
      return jetstream.lastFromLeader(stream, subject);
    }
    for (let attempt = 1; attempt <= TRIES; attempt += 1) {
      const { messages } = await jetstream.batchFromAny(stream, { multi_last: [subject, barrier] });
      const seen = messages.find((message) => message.subject === barrier);
      if (seen !== undefined && seen.sequence >= confirmed) return messages.find((message) => message.subject === subject);
      await this.#pause(TRY_DELAY_MS * 2 ** attempt);
    }
    throw unavailable(stream, 'the servers that answer are behind');
  }

  #confirm(): Promise<number> {
    if (this.#next !== undefined) return this.#next;
    const next = this.#running.then(
      () => this.#begin(),
      () => this.#begin(),
    );
    this.#next = next;
    next.catch(() => {});
    return next;
  }

  #begin(): Promise<number> {
    this.#next = undefined;
    const writing = this.#write();
    this.#running = writing;
    return writing;
  }

  async #write(): Promise<number> {
    const { jetstream, stream, barrier } = this.options;
    const outcome = await jetstream.store({ subject: barrier, bytes: EMPTY, headers: { 'Nats-Rollup': 'sub' }, timeoutMs: jetstream.answerMs });
    if (outcome.kind === 'stored') return outcome.sequence;
    if (outcome.kind === 'refused') throw outcome.error;
    throw new SkepError('unavailable', {
      message: `stream ${stream} has no majority just now${'why' in outcome ? `: ${outcome.why}` : ''}`,
      id: stream,
    });
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.options.clock.setTimer(delayMs, resolve));
  }
}
