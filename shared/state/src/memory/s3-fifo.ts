/**
 * S3-FIFO (Yang et al., SOSP 2023) with weights in bytes: which entry to evict. New entries pass a small queue; those that are used again
 * while they are in it, or soon after they left it, go to the main queue, where use gives another round. A scan of entries that are used
 * once leaves through the small queue and drives nothing useful out, as it does from an LRU list.
 *
 * Owns queues, not entries: whoever removes or resizes one says so.
 */
export interface Evictable {
  bytes: number;
  /** Uses since it was last looked at, 3 at most. */
  uses: number;
  queue: 'none' | 'small' | 'main';
}

const USES_MAX = 3;
/** The share of the small queue. */
const SMALL_SHARE = 0.1;
/** Names are remembered for as many entries as there are in both queues, in each of two generations; of few entries for so many. */
const GHOSTS_MIN = 64;
/** Places that were taken out of a queue's middle stay until they are most of it. */
const GAPS_MIN = 64;

export class S3Fifo<Entry extends Evictable> {
  private readonly small = new Queue<Entry>('small');
  private readonly main = new Queue<Entry>('main');
  /** Names of those that left the small queue unused; when the recent ones are enough, the older ones are forgotten. */
  private recentGhosts = new Set<string>();
  private olderGhosts = new Set<string>();

  constructor(
    private readonly bytesMax: number,
    /** Names an entry, so that it is known when it comes again. */
    private readonly nameOf: (entry: Entry) => string,
  ) {}

  add(entry: Entry): void {
    (this.isGhost(entry) ? this.main : this.small).push(entry);
  }

  use(entry: Entry): void {
    if (entry.uses < USES_MAX) entry.uses += 1;
  }

  resize(entry: Entry, bytes: number): void {
    if (entry.queue !== 'none') (entry.queue === 'small' ? this.small : this.main).bytes += bytes - entry.bytes;
    entry.bytes = bytes;
  }

  remove(entry: Entry): void {
    if (entry.queue !== 'none') (entry.queue === 'small' ? this.small : this.main).drop(entry);
  }

  /** Takes out the entry that is worth least; undefined when there is none. */
  evict(): Entry | undefined {
    for (;;) {
      const fromSmall = this.main.size === 0 || (this.small.size > 0 && this.small.bytes >= this.bytesMax * SMALL_SHARE);
      const entry = (fromSmall ? this.small : this.main).shift();
      if (entry === undefined) return undefined;
      if (entry.uses === 0) {
        if (fromSmall) this.remember(entry);
        return entry;
      }
      // In the small queue any use is enough; in the main one each gives another round.
      entry.uses = fromSmall ? 0 : entry.uses - 1;
      this.main.push(entry);
    }
  }

  private remember(entry: Entry): void {
    this.recentGhosts.add(this.nameOf(entry));
    if (this.recentGhosts.size <= Math.max(GHOSTS_MIN, this.small.size + this.main.size)) return;
    this.olderGhosts = this.recentGhosts;
    this.recentGhosts = new Set();
  }

  private isGhost(entry: Entry): boolean {
    if (this.recentGhosts.size + this.olderGhosts.size === 0) return false;
    const name = this.nameOf(entry);
    return this.recentGhosts.delete(name) || this.olderGhosts.delete(name);
  }
}

/** First in, first out; entries may leave from the middle. */
class Queue<Entry extends Evictable> {
  bytes = 0;
  size = 0;
  private entries: (Entry | undefined)[] = [];
  private start = 0;

  constructor(private readonly name: 'small' | 'main') {}

  push(entry: Entry): void {
    entry.queue = this.name;
    this.entries.push(entry);
    this.size += 1;
    this.bytes += entry.bytes;
  }

  shift(): Entry | undefined {
    while (this.start < this.entries.length) {
      const entry = this.entries[this.start];
      this.entries[this.start] = undefined;
      this.start += 1;
      if (entry?.queue !== this.name) continue;
      this.left(entry);
      return entry;
    }
    return undefined;
  }

  drop(entry: Entry): void {
    this.left(entry);
  }

  /** Its place stays; a place whose entry is in no queue, or in another one, counts for nothing. */
  private left(entry: Entry): void {
    entry.queue = 'none';
    this.size -= 1;
    this.bytes -= entry.bytes;
    if (this.entries.length - this.size <= Math.max(GAPS_MIN, this.size)) return;
    this.entries = this.entries.filter((each) => each?.queue === this.name);
    this.start = 0;
  }
}
