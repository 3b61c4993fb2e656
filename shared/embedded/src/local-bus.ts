/**
 * The bus of one process. It owns a queue of deliveries, nothing else.
 *
 * - B1 Deliveries leave in the order of their publication, outside of `publish`, in microtasks.
 * - B2 After `DELIVERIES_PER_TASK` in one go it lets the event loop turn, so that two chatty agents cannot starve sockets and timers.
 * - B3 Every receiver gets bytes of its own.
 * - B4 A queue that is full drops the newest message, as the contract allows.
 */
import { SkepError } from '@skep/kernel';
import type { Bus, BusMessage, Clock, PublishOptions, RequestOptions, SubscribeOptions } from '@skep/ports';
import { checkSubject, matches, parsePattern } from './subject.js';
import { systemClock } from './system-clock.js';

const DELIVERIES_PER_TASK = 4096;
const QUEUED_DELIVERIES_MAX = 262_144;
/** Subjects whose receivers are remembered; forgotten whenever a subscription comes or goes. */
const REMEMBERED_SUBJECTS_MAX = 16_384;
const NO_HEADERS: ReadonlyMap<string, string> = new Map();

interface Subscription {
  readonly pattern: readonly string[];
  readonly queue: string | undefined;
  readonly handler: (message: BusMessage) => void;
  live: boolean;
}

/** Who gets a subject's messages: every one of `all`, and one of each group, in turn. */
interface Receivers {
  readonly all: readonly Subscription[];
  readonly groups: readonly { readonly members: readonly Subscription[]; turn: number }[];
}

export interface LocalBusOptions {
  /** Measures the time-outs of requests. */
  readonly clock?: Clock;
}

export function createLocalBus(options: LocalBusOptions = {}): Bus {
  return new LocalBus(options.clock ?? systemClock);
}

class LocalBus implements Bus {
  readonly #subscriptions = new Set<Subscription>();
  readonly #receivers = new Map<string, Receivers>();
  readonly #openRequests = new Set<(error: SkepError) => void>();
  #queue: (() => void)[] = [];
  #draining = false;
  #closed = false;
  #inboxes = 0;

  constructor(private readonly clock: Clock) {}

  publish(subject: string, payload: Uint8Array, options?: PublishOptions): void {
    checkSubject(subject);
    const replyTo = options?.replyTo;
    const answered = (answer: Uint8Array): void => (replyTo === undefined ? undefined : this.publish(replyTo, answer));
    if (!this.#closed) this.#send(subject, payload, options, answered);
  }

  subscribe(pattern: string, handler: (message: BusMessage) => void, options?: SubscribeOptions): () => void {
    if (this.#closed) throw busClosed();
    const subscription: Subscription = { pattern: parsePattern(pattern), queue: options?.queue, handler, live: true };
    this.#subscriptions.add(subscription);
    this.#receivers.clear();
    return () => {
      subscription.live = false;
      if (this.#subscriptions.delete(subscription)) this.#receivers.clear();
    };
  }

  request(subject: string, payload: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      checkSubject(subject);
      if (this.#closed) throw busClosed();
      let settled = false;
      const settle = () => {
        settled = true;
        cancel();
        this.#openRequests.delete(fail);
      };
      const fail = (error: SkepError) => {
        settle();
        reject(error);
      };
      const cancel = this.clock.setTimer(options.timeoutMs, () => {
        fail(new SkepError('timeout', { message: `no answer within ${options.timeoutMs} ms`, id: subject }));
      });
      this.#openRequests.add(fail);
      const receivers = this.#send(subject, payload, options, (answer) => {
        if (settled) return;
        const owned = answer.slice();
        this.#enqueue(() => {
          settle();
          resolve(owned);
        });
      });
      if (receivers === 0) fail(new SkepError('unavailable', { message: 'nobody listens on this subject', id: subject }));
    });
  }

  inbox(): string {
    this.#inboxes += 1;
    return `_INBOX.${this.#inboxes}`;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const subscription of this.#subscriptions) subscription.live = false;
    this.#subscriptions.clear();
    this.#receivers.clear();
    for (const fail of [...this.#openRequests]) fail(busClosed());
  }

  /** @returns how many will receive it */
  #send(
    subject: string,
    payload: Uint8Array,
    options: { readonly headers?: ReadonlyMap<string, string> } | undefined,
    answered: (payload: Uint8Array) => void,
  ): number {
    const headers = options?.headers ?? NO_HEADERS;
    const { all, groups } = this.#receiversOf(subject);
    const deliver = (to: Subscription): void => {
      const message: BusMessage = { subject, payload: payload.slice(), headers, reply: answered };
      this.#enqueue(() => {
        if (to.live) to.handler(message);
      });
    };
    for (const subscription of all) deliver(subscription);
    for (const group of groups) {
      deliver(group.members[group.turn % group.members.length] as Subscription);
      group.turn += 1;
    }
    return all.length + groups.length;
  }

  #receiversOf(subject: string): Receivers {
    const known = this.#receivers.get(subject);
    if (known !== undefined) return known;
    const tokens = subject.split('.');
    const all: Subscription[] = [];
    const byQueue = new Map<string, Subscription[]>();
    for (const subscription of this.#subscriptions) {
      if (!matches(subscription.pattern, tokens)) continue;
      if (subscription.queue === undefined) all.push(subscription);
      else byQueue.set(subscription.queue, [...(byQueue.get(subscription.queue) ?? []), subscription]);
    }
    const receivers: Receivers = { all, groups: [...byQueue.values()].map((members) => ({ members, turn: 0 })) };
    if (this.#receivers.size >= REMEMBERED_SUBJECTS_MAX) this.#receivers.clear();
    this.#receivers.set(subject, receivers);
    return receivers;
  }

  #enqueue(delivery: () => void): void {
    if (this.#queue.length >= QUEUED_DELIVERIES_MAX) return;
    this.#queue.push(delivery);
    if (this.#draining) return;
    this.#draining = true;
    queueMicrotask(() => this.#drain());
  }

  #drain(): void {
    const queue = this.#queue;
    let at = 0;
    while (at < queue.length && at < DELIVERIES_PER_TASK) {
      const deliver = queue[at] as () => void;
      at += 1;
      try {
        deliver();
      } catch {
        // A handler must not throw; the contract drops what it throws.
      }
    }
    this.#queue = queue.slice(at);
    this.#draining = this.#queue.length > 0;
    if (this.#draining) setImmediate(() => this.#drain());
  }
}

function busClosed(): SkepError {
  return new SkepError('closed', { message: 'the bus is closed' });
}
