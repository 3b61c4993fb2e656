/**
 * JetStream's requests, written and read by hand: what the adapters need is small, and an append shall cost little.
 *
 * - J1 Every answer is put into one of few kinds; whoever asked decides. `unknown` is all that may or may not have happened, now or later.
 * - J2 `refused` is only what the server refuses before it proposes the message to its peers, so that certainly nothing was written.
 */
import { headers, type Msg } from '@nats-io/transport-node';
import { SkepError } from '@skep/kernel';
import type { Answer, Link } from './link.js';
import type { StreamConfig } from './streams.js';

const API = '$JS.API';
export const EXPECTED = 'Nats-Expected-Last-Subject-Sequence';
/** Names one append or update, so that it can be known again whoever asks later. */
export const WRITE_ID = 'Skep-Write';
const EMPTY = new Uint8Array(0);

const text = new TextEncoder();

/** What came of one attempt to write. */
export type StoreOutcome =
  | { readonly kind: 'stored'; readonly sequence: number }
  /** The subject's last sequence is another one, says whoever believes to lead. */
  | { readonly kind: 'wrong-last'; readonly last: number }
  /** Another write to the subject is on its way. */
  | { readonly kind: 'busy' }
  /** Nobody took it: there is no leader just now, or no connection. `soon`: that should pass within seconds. */
  | { readonly kind: 'not-taken'; readonly why: string; readonly soon: boolean }
  | { readonly kind: 'refused'; readonly error: SkepError }
  | { readonly kind: 'unknown'; readonly why: string };

export interface StoreRequest {
  readonly subject: string;
  readonly bytes: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export interface StoredMessage {
  readonly subject: string;
  readonly sequence: number;
  readonly bytes: Uint8Array;
  header(name: string): string;
}

export type ApiAnswer =
  | { readonly kind: 'ok'; readonly body: Readonly<Record<string, unknown>> }
  | { readonly kind: 'error'; readonly code: number; readonly status: number; readonly description: string }
  /** No answer. `sent`: whether a server may have carried it out. */
  | { readonly kind: 'none'; readonly why: string; readonly sent: boolean };

/** JetStream's numbers for what went wrong, those that are told apart. */
export const API_ERRORS = {
  accountLimit: 10002,
  noPeers: 10005,
  insufficientResources: 10023,
  insufficientMemory: 10028,
  noMessage: 10037,
  notEnabledForAccount: 10039,
  insufficientStorage: 10047,
  messageTooLarge: 10054,
  nameInUse: 10058,
  streamNotFound: 10059,
  wrongLast: 10071,
  replicasNotSupported: 10074,
  storeFailed: 10077,
  sealed: 10109,
  expectedNotReady: 10163,
  inProcess: 10164,
} as const;

const FULL: ReadonlySet<number> = new Set([
  API_ERRORS.accountLimit,
  API_ERRORS.insufficientResources,
  API_ERRORS.insufficientMemory,
  API_ERRORS.insufficientStorage,
]);
/** The one store failure that the leader finds before it proposes; others may be the disk of one of several servers. */
const FULL_STREAM = /^maximum (bytes|messages) exceeded/;

export class JetStream {
  constructor(
    readonly link: Link,
    readonly answerMs: number,
  ) {}

  /** A message into whatever stream takes its subject. */
  async store({ subject, bytes, headers: given, timeoutMs }: StoreRequest): Promise<StoreOutcome> {
    const written = headers();
    for (const name in given) written.append(name, given[name] as string);
    const answer = await this.link.ask(subject, bytes, { headers: written, timeoutMs });
    if (answer.kind !== 'answer') return unanswered(answer);
    return storeOutcome(answer.message.string(), subject);
  }

  /** A request to the API of JetStream, as JSON. */
  async api(verb: string, body?: unknown, timeoutMs = this.answerMs): Promise<ApiAnswer> {
    const answer = await this.link.ask(`${API}.${verb}`, body === undefined ? EMPTY : text.encode(JSON.stringify(body)), { timeoutMs });
    if (answer.kind !== 'answer') return { kind: 'none', why: whyNot(answer), sent: answer.kind === 'lost' };
    const read = JSON.parse(answer.message.string()) as Record<string, unknown>;
    const error = read.error as { code: number; err_code: number; description: string } | undefined;
    if (error === undefined) return { kind: 'ok', body: read };
    return { kind: 'error', code: error.err_code, status: error.code, description: error.description };
  }

  /** The first message of a subject from a sequence on, as the leader has it; undefined: none. @throws SkepError `unavailable` */
  nextFromLeader(stream: string, subject: string, sequence: number): Promise<StoredMessage | undefined> {
    return this.#fromLeader(stream, { seq: sequence, next_by_subj: subject });
  }

  /** The newest message of a subject, as the leader has it. @throws SkepError `unavailable` */
  lastFromLeader(stream: string, subject: string): Promise<StoredMessage | undefined> {
    return this.#fromLeader(stream, { last_by_subj: subject });
  }

  /** The newest message of a subject as some server has it, that may be behind. @throws SkepError `unavailable` */
  async lastFromAny(stream: string, subject: string): Promise<StoredMessage | undefined> {
    const answer = await this.link.ask(`${API}.DIRECT.GET.${stream}.${subject}`, EMPTY, { timeoutMs: this.answerMs });
    // A new stream has a leader before its servers listen for this.
    if (answer.kind === 'nobody') return this.lastFromLeader(stream, subject);
    if (answer.kind !== 'answer') throw unavailable(stream, whyNot(answer));
    const status = answer.message.headers?.code ?? 0;
    if (status === 0) return directMessage(answer.message);
    if (status === 404) return undefined;
    throw unavailable(stream, answer.message.headers?.status ?? `${status}`);
  }

  /**
   * Several messages in one answer, from some server, that may be behind. `pending`: how many the server would have sent on.
   * @throws SkepError `unavailable`, also when a part of the answer was lost
   */
  async batchFromAny(stream: string, body: unknown): Promise<{ readonly messages: readonly StoredMessage[]; readonly pending: number }> {
    const messages: StoredMessage[] = [];
    let status = 0;
    let pending = 0;
    let lastSequence = 0;
    let gap = false;
    const failed = await this.link.askMany(
      `${API}.DIRECT.GET.${stream}`,
      text.encode(JSON.stringify(body)),
      { timeoutMs: 4 * this.answerMs },
      (message) => {
        status = message.headers?.code ?? 0;
        if (status !== 0) {
          pending = Number(message.headers?.get('Nats-Num-Pending') || 0);
          if (status === 204) gap ||= Number(message.headers?.get('Nats-Last-Sequence') || 0) !== lastSequence;
          return true;
        }
        gap ||= Number(message.headers?.get('Nats-Last-Sequence') || 0) !== lastSequence;
        const read = directMessage(message);
        messages.push(read);
        lastSequence = read.sequence;
        return false;
      },
    );
    if (failed !== undefined) throw unavailable(stream, whyNot(failed));
    if (status === 404) return { messages: [], pending: 0 };
    if (status !== 204) throw unavailable(stream, `the server answered ${status}`);
    if (gap) throw unavailable(stream, 'a part of the answer is missing');
    return { messages, pending };
  }

  /** Drops what a pattern matches, below a sequence if one is given. @throws SkepError `unavailable`, `outcome-unknown` */
  async purge(stream: string, filter: string, below?: number): Promise<void> {
    const answer = await this.api(`STREAM.PURGE.${stream}`, { filter, ...(below === undefined ? {} : { seq: below }) });
    if (answer.kind === 'ok') return;
    if (answer.kind === 'none' && answer.sent)
      throw new SkepError('outcome-unknown', { message: `a purge was not answered: ${answer.why}`, id: filter });
    throw apiError(stream, answer);
  }

  async info(stream: string, body?: unknown): Promise<ApiAnswer> {
    return this.api(`STREAM.INFO.${stream}`, body, 4 * this.answerMs);
  }

  create(config: StreamConfig): Promise<ApiAnswer> {
    return this.api(`STREAM.CREATE.${config.name}`, config, 4 * this.answerMs);
  }

  update(config: StreamConfig): Promise<ApiAnswer> {
    return this.api(`STREAM.UPDATE.${config.name}`, config, 4 * this.answerMs);
  }

  async #fromLeader(stream: string, body: unknown): Promise<StoredMessage | undefined> {
    const answer = await this.api(`STREAM.MSG.GET.${stream}`, body);
    if (answer.kind === 'error' && answer.code === API_ERRORS.noMessage) return undefined;
    if (answer.kind !== 'ok') throw apiError(stream, answer);
    const message = answer.body.message as { subject: string; seq: number; hdrs?: string; data?: string };
    const written = message.hdrs === undefined ? '' : Buffer.from(message.hdrs, 'base64').toString();
    return {
      subject: message.subject,
      sequence: message.seq,
      bytes: new Uint8Array(Buffer.from(message.data ?? '', 'base64')),
      header: (name) => headerOf(written, name),
    };
  }
}

export function unavailable(stream: string, why: string): SkepError {
  return new SkepError('unavailable', { message: `stream ${stream}: ${why}`, id: stream });
}

export function apiError(stream: string, answer: Exclude<ApiAnswer, { kind: 'ok' }>): SkepError {
  if (answer.kind === 'none') return unavailable(stream, answer.why);
  if (FULL.has(answer.code)) return full(stream, answer.description);
  // Servers that are coming up, electing or moving a stream say so with many numbers.
  if (answer.status >= 500 || answer.code === API_ERRORS.streamNotFound) return unavailable(stream, answer.description);
  return new SkepError('internal', { message: `JetStream answered ${answer.code}: ${answer.description}`, id: stream });
}

export function whyNot(answer: Exclude<Answer, { kind: 'answer' }>): string {
  if (answer.kind === 'unsent') return answer.why;
  if (answer.kind === 'nobody') return 'it has no leader just now';
  return answer.why === 'timeout' ? 'no answer in time' : 'the connection went before the answer came';
}

function unanswered(answer: Exclude<Answer, { kind: 'answer' }>): StoreOutcome {
  if (answer.kind === 'lost') return { kind: 'unknown', why: whyNot(answer) };
  return { kind: 'not-taken', why: whyNot(answer), soon: answer.kind === 'nobody' || answer.soon };
}

/** An acknowledgement is `{"stream":"...","seq":7}`, with `error` when it is none. */
function storeOutcome(written: string, subject: string): StoreOutcome {
  const read = JSON.parse(written) as { seq?: number; error?: { code: number; err_code: number; description: string } };
  const { error } = read;
  if (error === undefined) {
    // Sequence 0 is what a server says of a duplicate that it has not stored yet.
    return read.seq !== undefined && read.seq > 0
      ? { kind: 'stored', sequence: read.seq }
      : { kind: 'unknown', why: 'the acknowledgement names no sequence' };
  }
  const { err_code: code, description } = error;
  switch (code) {
    case API_ERRORS.wrongLast:
      return { kind: 'wrong-last', last: Number(/(\d+)$/.exec(description)?.[1] ?? 0) };
    case API_ERRORS.inProcess:
    case API_ERRORS.expectedNotReady:
      return { kind: 'busy' };
    case API_ERRORS.messageTooLarge:
      return { kind: 'refused', error: new SkepError('payload-too-large', { message: description, id: subject }) };
    case API_ERRORS.sealed:
      return { kind: 'refused', error: new SkepError('read-only', { message: 'the stream was made read-only', id: subject }) };
  }
  if (FULL.has(code) || (code === API_ERRORS.storeFailed && FULL_STREAM.test(description)))
    return { kind: 'refused', error: full(subject, description) };
  return { kind: 'unknown', why: `${description} (${code})` };
}

function full(id: string, description: string): SkepError {
  return new SkepError('disk-full', {
    message: `the NATS servers take no more: ${description}`,
    id,
    remedy: 'Give the servers more storage, or raise the limit of the stream; the work goes on by itself.',
  });
}

function directMessage(message: Msg): StoredMessage {
  const written = message.headers;
  return {
    subject: written?.get('Nats-Subject') ?? '',
    sequence: Number(written?.get('Nats-Sequence')),
    bytes: new Uint8Array(message.data),
    header: (name) => written?.get(name) ?? '',
  };
}

function headerOf(written: string, name: string): string {
  for (const line of written.split('\r\n')) {
    if (line.startsWith(`${name}:`)) return line.slice(name.length + 1).trim();
  }
  return '';
}
