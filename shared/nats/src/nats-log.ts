/**
 * Lanes over JetStream. A lane is a subject of a sharded stream; its sequences are those of the stream.
 *
 * - N1 An append is a guarded write (guarded-write.ts): compare-and-set on the subject, and whatever the answer, the stream decides.
 * - N2 `last` is confirmed by a majority (confirmed-reads.ts).
 * - N3 `read` asks any copy, and the leader whether it is the end. A copy that is behind shows a prefix.
 * - N4 `trim` purges below an entry that is known to be there, so the last one stays (rule L10): a purged subject would accept "expected 0" again.
 */
import { isSkepError, type LaneId, LIMITS, SkepError } from '@skep/kernel';
import type { AppendResult, Clock, Level, Log, LogEntry, ReadOptions, Sequence } from '@skep/ports';
import { ConfirmedReads } from './confirmed-reads.js';
import { GuardedWriter, type Looks } from './guarded-write.js';
import type { JetStream, StoredMessage } from './jetstream.js';
import { MemoryOfLast } from './memory-of-last.js';
import { names, shardOf } from './streams.js';
import { tokensOf } from './subject.js';

/** Largest entry, where the servers take it: a batch takes records until it is full, so its last record may lie beyond the soft size. */
export const ENTRY_BYTES_MAX = 2 * LIMITS.recordBytes;
/** What an append's headers take at most. */
export const APPEND_HEADERS_BYTES_MAX = 256;

const READ_BYTES_DEFAULT = 4 * 1024 * 1024;
/** What a server counts besides the entries themselves. */
const READ_BYTES_EXTRA = 64 * 1024;
const READ_ENTRIES_MAX = 1_000;
const LANES_KNOWN_MAX = 16_384;

export interface NatsLogOptions {
  readonly jetstream: JetStream;
  readonly clock: Clock;
  readonly root: string;
  readonly shards: number;
  readonly replicas: number;
  readonly level: Level;
  /** An id for each append, never used before by anybody. */
  readonly writeId: () => string;
  readonly settleMs: number;
}

interface Shard {
  readonly stream: string;
  readonly prefix: string;
  readonly reads: ConfirmedReads;
  readonly writer: GuardedWriter;
}

export class NatsLog implements Log {
  readonly level: Level;
  readonly exclusive = false;
  readonly #shards: readonly Shard[];
  /** Sequences that are certainly in their lanes or behind their ends: of own appends, conflicts and reads. */
  readonly #known = new MemoryOfLast(LANES_KNOWN_MAX);

  constructor(private readonly options: NatsLogOptions) {
    this.level = options.level;
    this.#shards = Array.from({ length: options.shards }, (_, shard) => this.#shard(shard));
  }

  /** Largest entry that the servers take. */
  get entryBytesMax(): number {
    return Math.min(ENTRY_BYTES_MAX, this.options.jetstream.link.payloadBytesMax - APPEND_HEADERS_BYTES_MAX);
  }

  async append(lane: LaneId, bytes: Uint8Array, expected: Sequence): Promise<AppendResult> {
    if (bytes.length > this.entryBytesMax) throw entryTooLarge(lane, bytes.length, this.entryBytesMax);
    const { writer, subject } = this.#place(lane);
    const result = await writer.write({ subject, bytes, expected, id: this.options.writeId() });
    if (result.kind === 'conflict') {
      this.#known.note(lane, result.last);
      return result;
    }
    this.#known.note(lane, result.sequence);
    return { kind: 'appended', sequence: result.sequence };
  }

  async read(lane: LaneId, from: Sequence, options?: ReadOptions): Promise<readonly LogEntry[]> {
    const bytesMax = options?.maxBytes ?? READ_BYTES_DEFAULT;
    const found: LogEntry[] = [];
    let bytesFound = 0;
    for (let next = Math.max(1, from); ; ) {
      const page = await this.#page(lane, next, bytesMax - bytesFound);
      for (const { sequence, bytes } of page) {
        bytesFound += bytes.length;
        if (found.length > 0 && bytesFound > bytesMax) return found;
        found.push({ sequence, bytes });
        next = sequence + 1;
      }
      if (page.length === 0 || bytesFound >= bytesMax) break;
    }
    const last = found[found.length - 1];
    if (last !== undefined) this.#known.note(lane, last.sequence);
    return found;
  }

  async last(lane: LaneId): Promise<LogEntry | undefined> {
    const { reads, subject } = this.#place(lane);
    const found = await reads.last(subject);
    if (found === undefined) return undefined;
    this.#known.note(lane, found.sequence);
    return { sequence: found.sequence, bytes: found.bytes };
  }

  async trim(lane: LaneId, below: Sequence): Promise<void> {
    const { stream, subject } = this.#place(lane);
    const { jetstream } = this.options;
    let end = this.#known.get(lane);
    if (end < below) end = Math.max(end, (await jetstream.lastFromAny(stream, subject))?.sequence ?? 0);
    // N4: `end` is an entry of the lane, and stays. What lies between it and a newer end may be trimmed the next time.
    const keepFrom = Math.min(below, end);
    if (keepFrom > 1) await this.#purge(stream, subject, keepFrom);
  }

  /** Asked again while nobody answers: a purge done twice is done once. */
  async #purge(stream: string, subject: string, below: Sequence): Promise<void> {
    const { jetstream, clock, settleMs } = this.options;
    for (const endMs = clock.monotonicMs() + settleMs; ; ) {
      try {
        return await jetstream.purge(stream, subject, below);
      } catch (error) {
        if (!isSkepError(error, 'outcome-unknown') || clock.monotonicMs() >= endMs) throw error;
      }
    }
  }

  /** Entries from a sequence on; none only if the leader says so, too (N3). */
  async #page(lane: LaneId, from: Sequence, bytes: number): Promise<readonly StoredMessage[]> {
    const { stream, subject } = this.#place(lane);
    const { jetstream } = this.options;
    const { messages } = await jetstream.batchFromAny(stream, {
      seq: from,
      next_by_subj: subject,
      batch: READ_ENTRIES_MAX,
      max_bytes: Math.max(1, bytes) + READ_BYTES_EXTRA,
    });
    if (messages.length > 0) return messages;
    const missed = await jetstream.nextFromLeader(stream, subject, from);
    return missed === undefined ? [] : [missed];
  }

  #place(lane: LaneId): Shard & { readonly subject: string } {
    const shard = this.#shards[shardOf(lane, this.#shards.length)] as Shard;
    return { ...shard, subject: shard.prefix + tokensOf(lane) };
  }

  #shard(shard: number): Shard {
    const { jetstream, clock, root, replicas, settleMs } = this.options;
    const stream = names.logStream(root, shard);
    const reads = new ConfirmedReads({ jetstream, clock, stream, barrier: names.logBarrier(root, shard), replicas });
    const looks: Looks = {
      behind: async ({ subject, expected }) => {
        const first = await jetstream.nextFromLeader(stream, subject, expected + 1);
        if (first === undefined) return undefined;
        const last = await jetstream.lastFromLeader(stream, subject);
        return { first, last: Math.max(first.sequence, last?.sequence ?? 0) };
      },
      last: (subject) => reads.last(subject),
    };
    return { stream, prefix: names.logPrefix(root, shard), reads, writer: new GuardedWriter(jetstream, clock, looks, settleMs) };
  }
}

function entryTooLarge(lane: LaneId, bytes: number, bytesMax: number): SkepError {
  return new SkepError('payload-too-large', {
    message: `an entry of ${bytes} bytes is over the log's limit of ${bytesMax}`,
    id: lane,
    remedy: 'Split the batch, store the large value as a blob, or raise max_payload of the NATS servers.',
  });
}
