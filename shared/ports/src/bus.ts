/** A message; `payload` is owned by the receiver. */
export interface BusMessage {
  readonly subject: string;
  readonly payload: Uint8Array;
  /** One that was sent several times: its values joined by `, `. @throws SkepError `malformed` for what a stranger wrote and nobody can read */
  readonly headers: ReadonlyMap<string, string>;
  /** Answers whoever asked; a no-op for a message that nobody awaits. A request takes the first answer, an inbox takes all of them. */
  reply(payload: Uint8Array): void;
}

export interface SubscribeOptions {
  /** Of all subscribers with the same queue name one gets each message. Who leaves may still get what was meant for it. */
  readonly queue?: string;
}

export interface PublishOptions {
  readonly headers?: ReadonlyMap<string, string>;
  /** Where answers go: an inbox of this bus. */
  readonly replyTo?: string;
}

export interface RequestOptions {
  readonly headers?: ReadonlyMap<string, string>;
  readonly timeoutMs: number;
}

/**
 * Messages between processes, by subject (tokens joined by `.`; `*` stands for one token, a final `>` for one or more).
 *
 * - At most once: a message may be lost, delayed or delivered twice; between one publisher and one subscriber order is kept for what
 *   arrives on one subject.
 * - Delivery never happens inside `publish` or `request`. Handlers must not throw; what they throw is dropped.
 */
export interface Bus {
  publish(subject: string, payload: Uint8Array, options?: PublishOptions): void;
  /** Returns the function that ends the subscription. */
  subscribe(pattern: string, handler: (message: BusMessage) => void, options?: SubscribeOptions): () => void;
  /** Rejects with `unavailable` when nobody listens, with `timeout` after `timeoutMs`. */
  request(subject: string, payload: Uint8Array, options: RequestOptions): Promise<Uint8Array>;
  /** A new subject that only this member of the bus listens on, for answers. */
  inbox(): string;
  close(): Promise<void>;
}
