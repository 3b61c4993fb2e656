/**
 * One connection, that lasts as long as its owner wants it. It owns dialling, subscriptions and requests under way; it buffers nothing.
 *
 * - K1 While there is no connection nothing is published: what the client library would keep for later is thrown away by it now and then.
 * - K2 A request under way when the connection goes is `lost` at once; whether it was carried out is not known.
 * - K3 A request is `unsent` only if no server took it; `nobody` only if a server said that nobody listens. Then it is certain that it did nothing.
 * - K4 The servers may be away at the start and later, for ever: dialling goes on until `close`. Only wrong credentials at the start end it.
 * - K5 A handler that throws harms nobody: the library's reader would stop for good.
 * - K6 What the server gave to a member of a queue it gives to no other: who leaves a queue still takes what is on its way.
 * - K7 After a stall of the process its timers run before its sockets are read: a request is given up when it is found overdue the second time, so that an
 *   answer which lies there is taken.
 */
import {
  type ConnectionOptions,
  connect,
  errors,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  type ServerInfo,
  type Subscription,
} from '@nats-io/transport-node';
import { SkepError } from '@skep/kernel';
import type { Clock } from '@skep/ports';

export type LinkState =
  | { readonly kind: 'connecting'; readonly why?: string }
  | { readonly kind: 'connected'; readonly server: string }
  | { readonly kind: 'refused'; readonly error: SkepError }
  | { readonly kind: 'closed' };

export type Answer =
  | { readonly kind: 'answer'; readonly message: Msg }
  | { readonly kind: 'nobody' }
  /** `soon`: there was a connection, and it is being made anew. */
  | { readonly kind: 'unsent'; readonly why: string; readonly soon: boolean }
  | { readonly kind: 'lost'; readonly why: 'timeout' | 'disconnected' };

export interface LinkOptions {
  readonly connection: ConnectionOptions;
  readonly clock: Clock;
  /** What the subjects of answers begin with; nobody else's do. */
  readonly inbox: string;
}

export interface SendOptions {
  readonly headers?: MsgHdrs;
  readonly reply?: string;
}

export interface AskOptions {
  readonly headers?: MsgHdrs;
  readonly timeoutMs: number;
}

/** Requests that may be under way at once. */
export const REQUESTS_MAX = 65_536;
const REDIAL_MS = 250;
/** Time-outs are looked for in these steps; a request may be given up two of them late. */
const SWEEP_MS = 20;

interface Pending {
  readonly subject: string;
  readonly deadlineMs: number;
  /** Found once already (K7). */
  isOverdue: boolean;
  /** True: it is done. */
  take(message: Msg): boolean;
  fail(answer: Exclude<Answer, { kind: 'answer' }>): void;
}

interface Subscribed {
  readonly pattern: string;
  readonly queue: string | undefined;
  readonly handler: (message: Msg) => void;
  live: Subscription | undefined;
}

export class Link {
  readonly inbox: string;
  readonly #clock: Clock;
  readonly #subscribed = new Set<Subscribed>();
  readonly #pending = new Map<string, Pending>();
  readonly #listeners = new Set<(state: LinkState) => void>();
  #state: LinkState = { kind: 'connecting' };
  #connection: NatsConnection | undefined;
  #admitted = false;
  #asked = 0;
  #cancelSweep: (() => void) | undefined;
  #cancelPause: (() => void) | undefined;

  constructor(private readonly options: LinkOptions) {
    this.inbox = options.inbox;
    this.#clock = options.clock;
    const answers = `${this.inbox}.r.`;
    this.subscribe(`${answers}*`, (message) => this.#answered(message.subject.slice(answers.length), message));
    void this.#keepDialling();
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Of the server that it is, or was last, connected to. */
  get server(): ServerInfo | undefined {
    return this.#connection?.info;
  }

  /** Largest payload, with headers, that the server takes; unlimited while none was met. */
  get payloadBytesMax(): number {
    return this.#connection?.info?.max_payload ?? Number.POSITIVE_INFINITY;
  }

  /** Called at each change, from now on. Returns the function that ends it. */
  onState(listener: (state: LinkState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** False: not sent (K1). The payload must not change until the next turn of the event loop. */
  publish(subject: string, payload: Uint8Array, options?: SendOptions): boolean {
    if (this.#state.kind !== 'connected' || this.#connection === undefined || this.#connection.isClosed()) return false;
    this.#connection.publish(subject, payload, options);
    return true;
  }

  /** Lasts over disconnects. Returns the function that ends it. */
  subscribe(pattern: string, handler: (message: Msg) => void, queue?: string): () => void {
    const subscribed: Subscribed = { pattern, queue, handler, live: undefined };
    this.#subscribed.add(subscribed);
    this.#attach(subscribed);
    return () => {
      if (!this.#subscribed.delete(subscribed)) return;
      // K6
      if (queue === undefined) subscribed.live?.unsubscribe();
      else subscribed.live?.drain().catch(() => {});
    };
  }

  /** One answer. */
  ask(subject: string, payload: Uint8Array, options: AskOptions): Promise<Answer> {
    return new Promise((resolve) => {
      const taken = (message: Msg): true => {
        resolve(isNobody(message) ? { kind: 'nobody' } : { kind: 'answer', message });
        return true;
      };
      this.#ask(subject, payload, options, taken, resolve);
    });
  }

  /** Several answers, each handed to `take` until it says that it was the last one; then `undefined`. The time-out is for all of them. */
  askMany(
    subject: string,
    payload: Uint8Array,
    options: AskOptions,
    take: (message: Msg) => boolean,
  ): Promise<Exclude<Answer, { kind: 'answer' }> | undefined> {
    return new Promise((resolve) => {
      const taken = (message: Msg): boolean => {
        const nobody = isNobody(message);
        if (nobody) resolve({ kind: 'nobody' });
        else if (!take(message)) return false;
        else resolve(undefined);
        return true;
      };
      this.#ask(subject, payload, options, taken, resolve);
    });
  }

  /** Resolves when the server has seen everything that was sent so far; also when the connection went away meanwhile. */
  async flush(): Promise<void> {
    if (this.#state.kind === 'connected') await this.#connection?.flush().catch(() => {});
  }

  async close(): Promise<void> {
    if (this.#state.kind === 'closed') return;
    this.#become({ kind: 'closed' });
    this.#cancelPause?.();
    this.#cancelSweep?.();
    await this.#connection?.close().catch(() => {});
  }

  #ask(subject: string, payload: Uint8Array, { headers, timeoutMs }: AskOptions, take: Pending['take'], fail: Pending['fail']): void {
    if (this.#pending.size >= REQUESTS_MAX) return fail({ kind: 'unsent', why: `${REQUESTS_MAX} requests are under way`, soon: true });
    this.#asked += 1;
    const token = this.#asked.toString(36);
    const reply = `${this.inbox}.r.${token}`;
    if (!this.publish(subject, payload, headers === undefined ? { reply } : { headers, reply })) {
      return fail({ kind: 'unsent', why: this.#whyAway(), soon: this.#connection !== undefined && this.#state.kind === 'connecting' });
    }
    this.#pending.set(token, { subject, deadlineMs: this.#clock.monotonicMs() + timeoutMs, isOverdue: false, take, fail });
    if (this.#cancelSweep === undefined) this.#sweepLater();
  }

  #answered(token: string, message: Msg): void {
    const pending = this.#pending.get(token);
    if (pending?.take(message)) this.#pending.delete(token);
  }

  #sweepLater(): void {
    this.#cancelSweep = this.#clock.setTimer(SWEEP_MS, () => {
      this.#cancelSweep = undefined;
      const nowMs = this.#clock.monotonicMs();
      for (const [token, pending] of this.#pending) {
        if (pending.deadlineMs > nowMs) continue;
        if (!pending.isOverdue) {
          pending.isOverdue = true;
          continue;
        }
        this.#pending.delete(token);
        pending.fail({ kind: 'lost', why: 'timeout' });
      }
      if (this.#pending.size > 0 && this.#state.kind !== 'closed') this.#sweepLater();
    });
  }

  #whyAway(): string {
    const state = this.#state;
    if (state.kind === 'refused') return state.error.message;
    if (state.kind === 'closed') return 'the connection was closed';
    return state.kind === 'connecting' && state.why !== undefined ? `no NATS server answers (${state.why})` : 'no NATS server answers';
  }

  #become(state: LinkState): void {
    if (this.#state.kind === 'closed') return;
    this.#state = state;
    if (state.kind !== 'connected') {
      const pending = [...this.#pending.values()];
      this.#pending.clear();
      for (const each of pending) each.fail({ kind: 'lost', why: 'disconnected' });
    }
    for (const listener of [...this.#listeners]) listener(state);
  }

  #attach(subscribed: Subscribed): void {
    const connection = this.#connection;
    if (connection === undefined || connection.isClosed()) return;
    subscribed.live = connection.subscribe(subscribed.pattern, {
      ...(subscribed.queue === undefined ? {} : { queue: subscribed.queue }),
      callback: (error, message) => {
        if (error !== null) return;
        try {
          subscribed.handler(message);
        } catch {
          // K5
        }
      },
    });
  }

  async #keepDialling(): Promise<void> {
    // The owner may subscribe and listen before the first dial has a result.
    while (this.#state.kind === 'connecting') {
      let connection: NatsConnection;
      try {
        connection = await this.#dial();
      } catch (error) {
        if (isUnauthorized(error)) return this.#become({ kind: 'refused', error: unauthorized(error) });
        this.#become({ kind: 'connecting', why: error instanceof Error ? error.message : String(error) });
        await this.#pause();
        continue;
      }
      // Closed meanwhile: `close` did not wait for a dial.
      if (this.#isClosed()) return connection.close();
      this.#connection = connection;
      for (const subscribed of this.#subscribed) this.#attach(subscribed);
      this.#become({ kind: 'connected', server: connection.getServer() });
      await this.#follow(connection);
      if (!this.#isClosed()) this.#become({ kind: 'connecting', why: 'the connection ended' });
    }
  }

  /**
   * The first time for a moment only, and without what servers tell of each other: with it, the library takes every server that refuses
   * the credentials for a new one when the next server names it, and never comes to an end.
   */
  async #dial(): Promise<NatsConnection> {
    if (!this.#admitted) {
      const { connection } = this.options;
      const trial = await connect({ ...connection, name: `${connection.name} trial`, ignoreClusterUpdates: true, reconnect: false });
      this.#admitted = true;
      await trial.close();
    }
    return connect(this.options.connection);
  }

  /** Until the connection is closed for good. */
  async #follow(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect') this.#become({ kind: 'connecting', why: `${status.server} went away` });
      else if (status.type === 'reconnect') this.#become({ kind: 'connected', server: status.server });
      else if (status.type === 'error' && status.error instanceof errors.PermissionViolationError) this.#forbidden(status.error);
    }
    await connection.closed();
  }

  /** The server threw a request away: whoever waits for its answer shall know at once, and why. */
  #forbidden({ operation, subject, message }: InstanceType<typeof errors.PermissionViolationError>): void {
    if (operation !== 'publish') return;
    for (const [token, pending] of this.#pending) {
      if (pending.subject !== subject) continue;
      this.#pending.delete(token);
      pending.fail({ kind: 'unsent', why: message, soon: false });
    }
  }

  #isClosed(): boolean {
    return this.#state.kind === 'closed';
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.setTimer(REDIAL_MS, resolve);
      this.#cancelPause = () => {
        cancel();
        resolve();
      };
    });
  }
}

/** What a server says in place of an answer when nobody listens. */
function isNobody(message: Msg): boolean {
  return message.data.length === 0 && message.headers?.code === 503;
}

function isUnauthorized(error: unknown): boolean {
  return error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError;
}

function unauthorized(cause: unknown): SkepError {
  return new SkepError('not-configured', {
    message: 'the NATS server refuses the credentials',
    remedy: 'Give the user and password, creds or nkey that the server knows.',
    cause,
  });
}
