/**
 * Blobs over JetStream: `<root>.BLOB.<hash>.whole` holds a small blob, or says of how many chunks a large one is made, that lie in
 * `<root>.BLOB.<hash>.<bytes a chunk>.<number>`.
 *
 * - O1 A blob is there once its `whole` is; that is written last. Everything is written with "expected 0", so a message that is there already is
 *   taken for granted, and a repeated put is cheap.
 * - O2 A delete is one purge of everything below the hash. A put of the same blob at the same time finds out that chunks went missing, and writes
 *   them again.
 * - O3 Who finds no blob on one copy asks for a confirmed read: a copy may be behind, a put that resolved may not be denied.
 */
import { type HashHex, hashHexOf, LIMITS, SkepError } from '@skep/kernel';
import type { Blob, Clock } from '@skep/ports';
import { ConfirmedReads } from './confirmed-reads.js';
import { apiError, EXPECTED, type JetStream, type StoredMessage } from './jetstream.js';
import { names } from './streams.js';

/** Largest blob: a snapshot of the largest state, with room for what surrounds it. */
export const BLOB_BYTES_MAX = 2 * LIMITS.stateBytes;
/** What one message holds. Larger messages hold up the copying of everything behind them. */
export const CHUNK_BYTES = 256 * 1024;

const CHUNKS = 'Skep-Chunks';
const CHUNK_SIZE = 'Skep-Chunk-Bytes';
const LENGTH = 'Skep-Length';
const CHUNKS_AT_ONCE = 8;
const PAUSE_MS = 5;
const PAUSE_MS_MAX = 200;
const REPAIRS_MAX = 5;
const EMPTY = new Uint8Array(0);

export interface NatsBlobOptions {
  readonly jetstream: JetStream;
  readonly clock: Clock;
  readonly root: string;
  readonly replicas: number;
  readonly settleMs: number;
}

export class NatsBlob implements Blob {
  readonly #stream: string;
  readonly #reads: ConfirmedReads;

  constructor(private readonly options: NatsBlobOptions) {
    const { jetstream, clock, root, replicas } = options;
    this.#stream = names.blobStream(root);
    this.#reads = new ConfirmedReads({ jetstream, clock, stream: this.#stream, barrier: names.blobBarrier(root), replicas });
  }

  /** @throws SkepError `payload-too-large`, `disk-full`, `unavailable`: part of it may be stored, and serves the next attempt */
  async put(bytes: Uint8Array): Promise<HashHex> {
    if (bytes.length > BLOB_BYTES_MAX) throw blobTooLarge(bytes.length);
    // The bytes are the caller's again as soon as this returns.
    const owned = bytes.slice();
    const hash = hashHexOf(owned);
    if (owned.length <= this.#chunkBytes) await this.#store(this.#subject(hash, 'whole'), owned, {});
    else await this.#putChunks(hash, owned);
    return hash;
  }

  async get(hash: HashHex): Promise<Uint8Array | undefined> {
    const whole = await this.#whole(hash);
    if (whole === undefined) return undefined;
    const chunks = Number(whole.header(CHUNKS));
    const place = { chunks, size: Number(whole.header(CHUNK_SIZE)), length: Number(whole.header(LENGTH)) };
    const bytes = chunks === 0 ? whole.bytes : await this.#joined(hash, place);
    if (hashHexOf(bytes) !== hash) throw corrupt(hash, 'its bytes do not have its hash');
    return bytes;
  }

  async has(hash: HashHex): Promise<boolean> {
    const subject = this.#subject(hash, 'whole');
    return (await this.#count(subject)) > 0 || (this.options.replicas > 1 && (await this.#reads.last(subject)) !== undefined);
  }

  async delete(hash: HashHex): Promise<void> {
    await this.options.jetstream.purge(this.#stream, this.#subject(hash, '>'));
  }

  get #chunkBytes(): number {
    return Math.min(CHUNK_BYTES, this.options.jetstream.link.payloadBytesMax - 1024);
  }

  async #putChunks(hash: HashHex, bytes: Uint8Array): Promise<void> {
    const whole = this.#subject(hash, 'whole');
    // A question costs less than sending all of it again.
    if ((await this.#reads.last(whole)) !== undefined) return;
    const size = this.#chunkBytes;
    const chunks = Math.ceil(bytes.length / size);
    const shape = { [CHUNKS]: `${chunks}`, [CHUNK_SIZE]: `${size}`, [LENGTH]: `${bytes.length}` };
    for (let repair = 0; ; repair += 1) {
      await inParallel(chunks, (at) => this.#store(this.#subject(hash, `${size}.${at}`), bytes.subarray(at * size, (at + 1) * size), {}));
      await this.#store(whole, EMPTY, shape);
      // O2
      if ((await this.#count(this.#subject(hash, `${size}.*`))) === chunks) return;
      if (repair === REPAIRS_MAX) throw new SkepError('unavailable', { message: 'the blob was deleted again and again while it was put', id: hash });
    }
  }

  /** Until it is there: writing the same twice does no harm. */
  async #store(subject: string, bytes: Uint8Array, headers: Readonly<Record<string, string>>): Promise<void> {
    const { jetstream, clock, settleMs } = this.options;
    const untilMs = clock.monotonicMs() + settleMs;
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await jetstream.store({ subject, bytes, headers: { ...headers, [EXPECTED]: '0' }, timeoutMs: 2 * jetstream.answerMs });
      if (outcome.kind === 'stored') return;
      // Somebody stored it before; or a server says so that is behind, but then it is there all the more.
      if (outcome.kind === 'wrong-last' && outcome.last > 0) return;
      if (outcome.kind === 'refused') throw outcome.error;
      if ((outcome.kind === 'not-taken' && !outcome.soon) || clock.monotonicMs() >= untilMs) {
        throw new SkepError('unavailable', { message: `a blob could not be stored: ${'why' in outcome ? outcome.why : outcome.kind}`, id: subject });
      }
      await new Promise<void>((resolve) => clock.setTimer(Math.min(PAUSE_MS * 2 ** attempt, PAUSE_MS_MAX), resolve));
    }
  }

  async #whole(hash: HashHex): Promise<StoredMessage | undefined> {
    const subject = this.#subject(hash, 'whole');
    const found = await this.options.jetstream.lastFromAny(this.#stream, subject);
    return found !== undefined || this.options.replicas === 1 ? found : this.#reads.last(subject);
  }

  async #joined(
    hash: HashHex,
    { chunks, size, length }: { readonly chunks: number; readonly size: number; readonly length: number },
  ): Promise<Uint8Array> {
    if (!(length <= BLOB_BYTES_MAX && chunks === Math.ceil(length / size))) throw corrupt(hash, 'its chunks do not make up its length');
    const parts = new Array<Uint8Array>(chunks);
    await inParallel(chunks, async (at) => {
      const subject = this.#subject(hash, `${size}.${at}`);
      const { jetstream } = this.options;
      const found = (await jetstream.lastFromAny(this.#stream, subject)) ?? (await jetstream.lastFromLeader(this.#stream, subject));
      if (found === undefined) throw corrupt(hash, `its chunk ${at} is missing`);
      parts[at] = found.bytes;
    });
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      if (at + part.length > length) throw corrupt(hash, 'its chunks are longer than it is');
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  /** Messages that a subject filter matches, as the leader has it. */
  async #count(filter: string): Promise<number> {
    const answer = await this.options.jetstream.info(this.#stream, { subjects_filter: filter });
    if (answer.kind !== 'ok') throw apiError(this.#stream, answer);
    const { subjects } = answer.body.state as { subjects?: Record<string, number> };
    return Object.keys(subjects ?? {}).length;
  }

  #subject(hash: HashHex, part: string): string {
    return `${names.blobPrefix(this.options.root)}${hash}.${part}`;
  }
}

/** A few at once, all of them in the end. */
async function inParallel(count: number, run: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const at = next;
      next += 1;
      await run(at);
    }
  };
  await Promise.all(Array.from({ length: Math.min(CHUNKS_AT_ONCE, count) }, worker));
}

function blobTooLarge(bytes: number): SkepError {
  return new SkepError('payload-too-large', {
    message: `a blob of ${bytes} bytes is over the limit of ${BLOB_BYTES_MAX}`,
    remedy: 'Split the value into several blobs.',
  });
}

function corrupt(hash: HashHex, why: string): SkepError {
  return new SkepError('corrupt', { message: `a blob is damaged: ${why}`, id: hash });
}
