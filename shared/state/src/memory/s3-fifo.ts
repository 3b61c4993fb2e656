/**
 * S3-FIFO (Yang et al., SOSP 2023) with weights in bytes: which entry to evict. New entries pass a small queue; those that are used again
 * while they are in it, or soon after they left it, go to the main queue, where use gives another round. A scan of entries that are used
 * once leaves through the small queue and drives nothing useful out, as it does from an LRU list.
 *
 * Owns queues, not entries: whoever removes or resizes one says so.
 */
export interface Evictable<Entry> {
  bytes: number;
  /** Uses since it was last looked at, 3 at most. */
  uses: number;
  queue: 'none' | 'small' | 'main';
  /** Its neighbours in the queue. */
  ahead: Entry | undefined;
  behind: Entry | undefined;
}

const USES_MAX = 3;
/** The share of the small queue. */
const SMALL_SHARE = 0.1;
/** As many entries as there are in both queues are remembered, in each of two generations; of few entries so many. */
const GHOSTS_MIN = 64;

export class S3Fifo<Entry extends Evictable<Entry>> {
  private readonly small = new Queue<Entry>('small');
  private readonly main = new Queue<Entry>('main');
  /** Hashes of those that left the small queue unused; when the recent ones are enough, the older ones are forgotten. */
  private recentGhosts = new Set<number>();
  private olderGhosts = new Set<number>();

  constructor(
    private readonly bytesMax: number,
    /** 32 bits by which an entry is known when it comes again. One that is taken for another goes to the main queue, no more. */
    private readonly hashOf: (entry: Entry) => number,
  ) {}

  /** Of all entries. */
  get bytes(): number {
    return this.small.bytes + this.main.bytes;
  }

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
    this.recentGhosts.add(this.hashOf(entry));
    if (this.recentGhosts.size <= Math.max(GHOSTS_MIN, this.small.size + this.main.size)) return;
    this.olderGhosts = this.recentGhosts;
    this.recentGhosts = new Set();
  }

  private isGhost(entry: Entry): boolean {
    if (this.recentGhosts.size + this.olderGhosts.size === 0) return false;
    const hash = this.hashOf(entry);
    return this.recentGhosts.delete(hash) || this.olderGhosts.delete(hash);
  }
}

/** First in, first out; entries may leave from the middle. */
class Queue<Entry extends Evictable<Entry>> {
  bytes = 0;
  size = 0;
  private first: Entry | undefined;
  private last: Entry | undefined;

  constructor(private readonly name: 'small' | 'main') {}

  push(entry: Entry): void {
    entry.queue = this.name;
    entry.ahead = this.last;
    if (this.last === undefined) this.first = entry;
    else this.last.behind = entry;
    this.last = entry;
    this.size += 1;
    this.bytes += entry.bytes;
  }

  shift(): Entry | undefined {
    const { first } = this;
    if (first !== undefined) this.drop(first);
    return first;
  }

  drop(entry: Entry): void {
    const { ahead, behind } = entry;
    if (ahead === undefined) this.first = behind;
    else ahead.behind = behind;
    if (behind === undefined) this.last = ahead;
    else behind.ahead = ahead;
    entry.ahead = undefined;
    entry.behind = undefined;
    entry.queue = 'none';
    this.size -= 1;
    this.bytes -= entry.bytes;
  }
}
