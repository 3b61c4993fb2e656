/**
 * The registry over JetStream: one stream, a subject for each key, one message for each subject; an entry's revision is its sequence.
 *
 * - R1 An update is a guarded write (guarded-write.ts). The stream keeps only the newest message of a key, so what came directly behind the expected
 *   revision may have been replaced already; something newer than expected counts as that.
 * - R2 Reads come from any copy. Of keys where this process knows of a newer revision (its own write, or a conflict) the leader is asked, so
 *   that whoever lost a race sees what he lost to.
 * - R3 An update that no entry can accept is answered with the newest revision, confirmed by a majority.
 */
import { LIMITS, SkepError } from '@skep/kernel';
import type { Clock, Registry, RegistryEntry, Revision, UpdateResult } from '@skep/ports';
import { ConfirmedReads } from './confirmed-reads.js';
import { GuardedWriter } from './guarded-write.js';
import type { JetStream, StoredMessage } from './jetstream.js';
import { MemoryOfLast } from './memory-of-last.js';
import { RegistryIndex } from './registry-index.js';
import { RegistryWatches } from './registry-watches.js';
import { names } from './streams.js';
import { keyOf, tokensOf } from './subject.js';

const KEYS_KNOWN_MAX = 16_384;
/** Entries that one `list` returns when the caller names no limit. */
const LIST_ENTRIES_DEFAULT = 1_000;
/** Entries asked for in one request; a server takes no more than 1,024. */
const LIST_BATCH = 250;

export interface NatsRegistryOptions {
  readonly jetstream: JetStream;
  readonly clock: Clock;
  readonly root: string;
  readonly replicas: number;
  readonly writeId: () => string;
  readonly settleMs: number;
  /** The stream's last sequence when the registry was opened. */
  readonly openedAt: Revision;
}

export class NatsRegistry implements Registry {
  readonly #stream: string;
  readonly #prefix: string;
  readonly #writer: GuardedWriter;
  readonly #known = new MemoryOfLast(KEYS_KNOWN_MAX);
  readonly #index: RegistryIndex;
  readonly #watches: RegistryWatches;

  constructor(private readonly options: NatsRegistryOptions) {
    const { jetstream, clock, root, replicas, settleMs, openedAt } = options;
    this.#stream = names.registryStream(root);
    this.#prefix = names.registryPrefix(root);
    const stream = this.#stream;
    const reads = new ConfirmedReads({ jetstream, clock, stream, barrier: names.registryBarrier(root), replicas });
    const behind = async ({ subject, expected }: { subject: string; expected: number }) => {
      const first = await jetstream.lastFromLeader(stream, subject);
      return first === undefined || first.sequence <= expected ? undefined : { first, last: first.sequence };
    };
    this.#writer = new GuardedWriter(jetstream, clock, { behind, last: (subject) => reads.last(subject) }, settleMs);
    this.#index = new RegistryIndex({ jetstream, clock, stream, prefix: this.#prefix });
    this.#watches = new RegistryWatches({ jetstream, clock, stream, prefix: this.#prefix, news: names.registryNews(root), openedAt });
  }

  async get(key: string): Promise<RegistryEntry | undefined> {
    const { jetstream } = this.options;
    const subject = this.#prefix + tokensOf(key);
    const known = this.#known.get(key);
    let found = await jetstream.lastFromAny(this.#stream, subject);
    if ((found?.sequence ?? 0) < known) found = await jetstream.lastFromLeader(this.#stream, subject);
    return found === undefined ? undefined : this.#entry(found);
  }

  async update(key: string, value: Uint8Array, expected: Revision): Promise<UpdateResult> {
    if (value.length > LIMITS.registryValueBytes) throw valueTooLarge(key, value.length);
    const result = await this.#writer.write({ subject: this.#prefix + tokensOf(key), bytes: value, expected, id: this.options.writeId() });
    if (result.kind === 'conflict') {
      this.#known.note(key, result.last);
      return { kind: 'conflict', revision: result.last };
    }
    this.#known.note(key, result.sequence);
    this.#watches.noteSeen(result.sequence);
    if (expected === 0) this.#index.add(key);
    return { kind: 'updated', revision: result.sequence };
  }

  async list(prefix: string, options?: { readonly after?: string; readonly limit?: number }): Promise<readonly RegistryEntry[]> {
    const keys = await this.#index.page(prefix, { after: options?.after ?? '', limit: options?.limit ?? LIST_ENTRIES_DEFAULT });
    const batches: Promise<readonly RegistryEntry[]>[] = [];
    for (let at = 0; at < keys.length; at += LIST_BATCH) batches.push(this.#newest(keys.slice(at, at + LIST_BATCH)));
    const entries = (await Promise.all(batches)).flat();
    return entries.sort((one, two) => (one.key < two.key ? -1 : 1));
  }

  watch(prefix: string, listener: (entry: RegistryEntry) => void): () => void {
    return this.#watches.add(prefix, listener);
  }

  close(): void {
    this.#watches.close();
  }

  /** The entries of keys that exist; a copy that is behind may not know all of them, then they are read one by one from the leader. */
  async #newest(keys: readonly string[]): Promise<readonly RegistryEntry[]> {
    const { jetstream } = this.options;
    const wanted = new Set(keys);
    const entries: RegistryEntry[] = [];
    while (wanted.size > 0) {
      const { messages } = await jetstream.batchFromAny(this.#stream, { multi_last: [...wanted].map((key) => this.#prefix + tokensOf(key)) });
      for (const message of messages) {
        const entry = this.#entry(message);
        if (wanted.delete(entry.key)) entries.push(entry);
      }
      if (messages.length === 0) break;
    }
    for (const key of wanted) {
      const found = await jetstream.lastFromLeader(this.#stream, this.#prefix + tokensOf(key));
      if (found !== undefined) entries.push(this.#entry(found));
    }
    return entries;
  }

  #entry({ subject, bytes, sequence }: StoredMessage): RegistryEntry {
    this.#watches.noteSeen(sequence);
    return { key: keyOf(subject.slice(this.#prefix.length)), value: bytes, revision: sequence };
  }
}

function valueTooLarge(key: string, bytes: number): SkepError {
  return new SkepError('payload-too-large', {
    message: `a registry value of ${bytes} bytes is over the limit of ${LIMITS.registryValueBytes}`,
    id: key,
    remedy: 'Store the large part as a blob and its hash in the entry.',
  });
}
