/**
 * Watches of the registry, without consumers: nothing on the servers can leak, stall or be lost with a leader.
 *
 *   news   the leader publishes every update that was committed (`republish`); fast, and may be lost
 *   round  from time to time, and after every reconnect, entries above the cursor are read; late, and never lost
 *
 * - V1 A round moves the cursor only over what it read itself, in the order of the stream: what a copy does not have yet comes with a later one.
 * - V2 Per key, revisions are told in growing order, once each; what was told above the cursor is remembered until the cursor has passed it.
 * - V3 A watch begins at the newest revision that this process knew of when it was asked for; so it may be told of updates shortly before.
 * - V4 Nothing is told inside `add` or `update`.
 */
import type { Msg } from '@nats-io/transport-node';
import type { Clock, RegistryEntry, Revision } from '@skep/ports';
import type { JetStream } from './jetstream.js';
import { keyOf, tokensOf } from './subject.js';

const ROUND_MS = 2_000;
const ROUND_MESSAGES = 250;

export interface RegistryWatchesOptions {
  readonly jetstream: JetStream;
  readonly clock: Clock;
  readonly stream: string;
  readonly prefix: string;
  /** Where committed updates are published again. */
  readonly news: string;
  readonly openedAt: Revision;
}

interface Watch {
  readonly prefix: string;
  readonly listener: (entry: RegistryEntry) => void;
  /** Subject filter that covers the prefix, below the stream's. */
  readonly filter: string;
  cursor: Revision;
  readonly told: Map<string, Revision>;
  live: boolean;
  cancel: () => void;
  inRound: boolean;
}

export class RegistryWatches {
  readonly #watches = new Set<Watch>();
  #known: Revision;
  readonly #endStates: () => void;

  constructor(private readonly options: RegistryWatchesOptions) {
    this.#known = options.openedAt;
    this.#endStates = options.jetstream.link.onState((state) => {
      if (state.kind === 'connected') for (const watch of this.#watches) void this.#round(watch);
    });
  }

  add(prefix: string, listener: (entry: RegistryEntry) => void): () => void {
    const { jetstream, news } = this.options;
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    const filter = `${folder === '' ? '' : `${tokensOf(folder.slice(0, -1))}.`}>`;
    const watch: Watch = { prefix, listener, filter, cursor: this.#known, told: new Map(), live: true, cancel: () => {}, inRound: false };
    const endNews = jetstream.link.subscribe(news + filter, (message) => this.#heard(watch, message));
    this.#watches.add(watch);
    this.#later(watch);
    return () => {
      watch.live = false;
      watch.cancel();
      if (this.#watches.delete(watch)) endNews();
    };
  }

  /** This process wrote or read an entry of this revision. */
  noteSeen(revision: Revision): void {
    if (revision > this.#known) this.#known = revision;
  }

  close(): void {
    this.#endStates();
    for (const watch of this.#watches) {
      watch.live = false;
      watch.cancel();
    }
    this.#watches.clear();
  }

  #heard(watch: Watch, message: Msg): void {
    const sequence = Number(message.headers?.get('Nats-Sequence') || 0);
    if (sequence <= watch.cursor) return;
    this.#tell(watch, { key: keyOf(message.subject.slice(this.options.news.length)), value: new Uint8Array(message.data), revision: sequence });
  }

  #tell(watch: Watch, entry: RegistryEntry): void {
    if (!watch.live || !entry.key.startsWith(watch.prefix) || (watch.told.get(entry.key) ?? 0) >= entry.revision) return;
    watch.told.set(entry.key, entry.revision);
    watch.listener(entry);
  }

  #later(watch: Watch): void {
    if (!watch.live) return;
    watch.cancel();
    watch.cancel = this.options.clock.setTimer(ROUND_MS, () => void this.#round(watch));
  }

  async #round(watch: Watch): Promise<void> {
    if (watch.inRound || !watch.live) return;
    watch.inRound = true;
    const { jetstream, stream, prefix } = this.options;
    try {
      for (let more = true; more && watch.live; ) {
        const { messages, pending } = await jetstream.batchFromAny(stream, {
          seq: watch.cursor + 1,
          next_by_subj: prefix + watch.filter,
          batch: ROUND_MESSAGES,
        });
        for (const { subject, bytes, sequence } of messages) {
          this.#tell(watch, { key: keyOf(subject.slice(prefix.length)), value: bytes, revision: sequence });
          watch.cursor = sequence;
        }
        this.noteSeen(watch.cursor);
        more = messages.length > 0 && pending > 0;
      }
      for (const [key, revision] of watch.told) if (revision <= watch.cursor) watch.told.delete(key);
    } catch {
      // The servers are away, or behind. The next round reads the same again.
    } finally {
      watch.inRound = false;
      this.#later(watch);
    }
  }
}
