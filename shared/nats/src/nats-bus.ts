/**
 * The bus over core NATS.
 *
 * - B1 An answer is published only to an inbox, to one of the asking tenant if a client asked (see `mayAnswer`).
 * - B2 What is published while there is no connection is lost, as the contract allows; requests then fail at once with `unavailable`.
 * - B3 Interest travels between servers asynchronously: a request that met nobody is sent again after 5, 20 and 100 ms before it fails.
 * - B4 A request that was under way when the connection went is `timeout`: it may have been handled.
 * - B5 A status line in an inbox is the server's word that nobody listens, and is nobody's answer. Elsewhere it was forged, and counts for nothing.
 */
import { headers, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import { SkepError } from '@skep/kernel';
import type { Bus, BusMessage, Clock, PublishOptions, RequestOptions, SubscribeOptions } from '@skep/ports';
import type { Link } from './link.js';
import { headersOf } from './message-headers.js';
import { checkPattern, checkSubject, mayAnswer } from './subject.js';

const NOBODY_RETRY_MS = [5, 20, 100] as const;
/** What a message takes besides its payload: the frame of headers that the server counts along. */
const HEADER_FRAME = 'NATS/1.0\r\n\r\n'.length;

export class NatsBus implements Bus {
  #inboxes = 0;
  #closed = false;

  constructor(
    private readonly link: Link,
    private readonly clock: Clock,
  ) {}

  publish(subject: string, payload: Uint8Array, options?: PublishOptions): void {
    checkSubject(subject);
    if (this.#closed) return;
    checkSize(this.link, subject, payload, options?.headers);
    if (options === undefined) this.link.publish(subject, payload);
    else this.link.publish(subject, payload, sendOptions(options.headers, options.replyTo));
  }

  subscribe(pattern: string, handler: (message: BusMessage) => void, options?: SubscribeOptions): () => void {
    checkPattern(pattern);
    if (this.#closed) throw busClosed();
    return this.link.subscribe(
      pattern,
      (message) => {
        // B5. Most messages are no answers, or have no headers at all.
        if (message.subject.startsWith(`${this.link.inbox}.`) && (message.headers?.code ?? 0) !== 0) return;
        handler(new NatsMessage(message, this.link));
      },
      options?.queue,
    );
  }

  async request(subject: string, payload: Uint8Array, { headers: given, timeoutMs }: RequestOptions): Promise<Uint8Array> {
    checkSubject(subject);
    if (this.#closed) throw busClosed();
    checkSize(this.link, subject, payload, given);
    if (!mayAnswer(subject, `${this.link.inbox}.r`)) throw foreignInbox(subject);
    const untilMs = this.clock.monotonicMs() + timeoutMs;
    const written = given === undefined ? {} : { headers: encoded(given) };
    for (let attempt = 0; ; attempt += 1) {
      const leftMs = attempt === 0 ? timeoutMs : untilMs - this.clock.monotonicMs();
      const answer = await this.link.ask(subject, payload, { ...written, timeoutMs: Math.max(1, leftMs) });
      if (answer.kind === 'answer') return plain(answer.message.data);
      if (this.#closed) throw busClosed();
      if (answer.kind === 'unsent') throw new SkepError('unavailable', { message: answer.why, id: subject });
      if (answer.kind === 'lost') throw unanswered(subject, answer.why, timeoutMs);
      const delayMs = NOBODY_RETRY_MS[attempt];
      if (delayMs === undefined || this.clock.monotonicMs() + delayMs >= untilMs) {
        throw new SkepError('unavailable', { message: 'nobody listens on this subject', id: subject });
      }
      await new Promise<void>((resolve) => this.clock.setTimer(delayMs, resolve));
    }
  }

  inbox(): string {
    this.#inboxes += 1;
    return `${this.link.inbox}.m.${this.#inboxes.toString(36)}`;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.link.close();
  }
}

/** Decodes only what is asked for: most messages are looked at once. */
class NatsMessage implements BusMessage {
  #headers: ReadonlyMap<string, string> | undefined;

  constructor(
    private readonly message: Msg,
    private readonly link: Link,
  ) {}

  get subject(): string {
    return this.message.subject;
  }

  get payload(): Uint8Array {
    return plain(this.message.data);
  }

  get headers(): ReadonlyMap<string, string> {
    this.#headers ??= headersOf(this.message);
    return this.#headers;
  }

  reply(payload: Uint8Array): void {
    const to = this.message.reply;
    if (to === undefined || to === '' || !mayAnswer(this.message.subject, to)) return;
    checkSize(this.link, to, payload, undefined);
    this.link.publish(to, payload);
  }
}

/** The library hands out Buffers, whose `slice` shares what that of other arrays copies. */
function plain({ buffer, byteOffset, length }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}

function sendOptions(given: ReadonlyMap<string, string> | undefined, reply: string | undefined): { headers?: MsgHdrs; reply?: string } {
  if (reply !== undefined) checkSubject(reply);
  return { ...(given === undefined || given.size === 0 ? {} : { headers: encoded(given) }), ...(reply === undefined ? {} : { reply }) };
}

function encoded(given: ReadonlyMap<string, string>): MsgHdrs {
  const written = headers();
  for (const [name, value] of given) written.set(name, value);
  return written;
}

function checkSize(link: Link, subject: string, payload: Uint8Array, given: ReadonlyMap<string, string> | undefined): void {
  let bytes = payload.length;
  if (given !== undefined && given.size > 0) {
    bytes += HEADER_FRAME;
    for (const [name, value] of given) bytes += Buffer.byteLength(name) + Buffer.byteLength(value) + 4;
  }
  if (bytes > link.payloadBytesMax) {
    throw new SkepError('payload-too-large', {
      message: `a message of ${bytes} bytes is over the limit of ${link.payloadBytesMax} that the NATS servers set (max_payload)`,
      id: subject,
    });
  }
}

function unanswered(subject: string, why: 'timeout' | 'disconnected', timeoutMs: number): SkepError {
  const message = why === 'timeout' ? `no answer within ${timeoutMs} ms` : 'the connection went before the answer came';
  return new SkepError('timeout', { message, id: subject });
}

function foreignInbox(subject: string): SkepError {
  return new SkepError('not-configured', {
    message: "answers to a tenant's requests go to inboxes of that tenant only",
    id: subject,
    remedy: 'Connect with inboxPrefix "_INBOX.<tenant>" to ask as a client of a tenant.',
  });
}

function busClosed(): SkepError {
  return new SkepError('closed', { message: 'the bus is closed' });
}
