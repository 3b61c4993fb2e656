/** The versions of one agent that are in memory: the newest, which lives, and those before it, the oldest first. */
import type { Tree } from '../tree.js';
import { heapBytesOf } from './heap-bytes.js';
import { heapDifference } from './heap-difference.js';
import type { Evictable } from './s3-fifo.js';

/** A version that is kept beside the newest one. */
export interface PastVersion extends Evictable {
  readonly owner: AgentVersions;
  readonly version: number;
  readonly tree: Tree;
  /** Whether `bytes` was counted, or is what a version of the agent takes on the average. */
  isCounted: boolean;
}

/** Guessed for the first version of an agent, before any was counted. */
const BYTES_FIRST = 2_048;
/** What an entry takes beside its nodes: its own object, the tree's, its places in the lists. */
const ENTRY_BYTES = 176;
/** A root, as text, where it is known. */
const ROOT_BYTES = 80;
/** The same for an agent and its newest version. */
const AGENT_BYTES = 480;
/** What a state takes in memory against its encoding, before it is counted. */
const HEAP_SHARE = 2;

export class AgentVersions {
  /** The oldest first; each takes what the one after it does not share with it. */
  past: PastVersion[] = [];
  /** Of the newest version: its encoding. */
  private byteLength: number;
  /** Of the newest version: all it takes, as far as it is known. */
  liveBytes: number;
  /** The version whose bytes were counted; undefined before the first time. */
  private countedAt: number | undefined;
  private countedBytes = 0;
  averageBytes = BYTES_FIRST;
  /** Whether something of it is only guessed. */
  isGuessed = true;
  isOpen = true;

  constructor(
    readonly name: string,
    public version: number,
    public tree: Tree,
  ) {
    this.byteLength = tree.byteLength;
    this.liveBytes = this.byteLength * HEAP_SHARE;
  }

  /** Another version is the newest. @returns how many bytes more it is taken for */
  move(version: number, tree: Tree): number {
    const { byteLength } = tree;
    const more = (byteLength - this.byteLength) * HEAP_SHARE;
    this.version = version;
    this.tree = tree;
    this.byteLength = byteLength;
    this.liveBytes += more;
    return more;
  }

  /** The last version that is kept up to this one. */
  find(version: number): PastVersion | undefined {
    let low = 0;
    let high = this.past.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.past[middle] as PastVersion).version <= version) low = middle + 1;
      else high = middle;
    }
    return this.past[low - 1];
  }

  /** Counts what was only guessed. @param resize told of every past version that takes another number of bytes than it was taken for */
  count(resize: (past: PastVersion, bytes: number) => void): void {
    const first = this.past.findIndex(({ isCounted }) => !isCounted);
    if (first < 0 && this.countedAt === this.version) return;
    // What the newest takes follows from what one before it took, if all steps in between are still there.
    const isConnected = first >= 0 && this.past[first]?.version === this.countedAt;
    let live = this.countedBytes;
    for (let at = Math.max(0, first); first >= 0 && at < this.past.length; at += 1) {
      const past = this.past[at] as PastVersion;
      const { onlyFrom, onlyTo } = heapDifference(past.tree.item, (this.past[at + 1]?.tree ?? this.tree).item);
      live += onlyTo - onlyFrom;
      past.isCounted = true;
      resize(past, onlyFrom + ENTRY_BYTES + rootBytes(past.tree));
      this.averageBytes += (past.bytes - this.averageBytes) / 8;
    }
    this.liveBytes = isConnected ? live : heapBytesOf(this.tree) + AGENT_BYTES + rootBytes(this.tree);
    this.countedBytes = this.liveBytes;
    this.countedAt = this.version;
  }

  /** Takes a version out; the one before it then takes what only the two of them shared. */
  remove(gone: PastVersion, resize: (past: PastVersion, bytes: number) => void): void {
    const at = this.past.indexOf(gone);
    if (at < 0) return;
    this.past.splice(at, 1);
    const before = this.past[at - 1];
    if (before === undefined) return;
    if (!before.isCounted || !gone.isCounted) {
      before.isCounted = false;
      return;
    }
    resize(before, heapDifference(before.tree.item, (this.past[at]?.tree ?? this.tree).item).onlyFrom + ENTRY_BYTES + rootBytes(before.tree));
  }
}

function rootBytes({ item }: Tree): number {
  return typeof item === 'object' && item !== null && item.kind !== 'date' && item.link !== undefined ? ROOT_BYTES : 0;
}
