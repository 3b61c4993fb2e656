/**
 * The versions of one agent that are in memory: the newest, which lives, and those before it; and the states that its superpositions hold.
 *
 * Every agent of a node has such an object, so what it takes matters. All fields are set by the constructor and all numbers are whole, as V8
 * keeps others outside the object, and agents without a past share one array.
 */
import type { Tree } from '../tree.js';
import { heapBytesOf } from './heap-bytes.js';
import { heapDifference } from './heap-difference.js';
import type { Evictable } from './s3-fifo.js';

/** A version that is kept beside the newest one. It takes what the one after it does not share with it. */
export interface PastVersion extends Evictable<PastVersion> {
  readonly owner: AgentVersions;
  readonly version: number;
  readonly tree: Tree;
  /** Whether `bytes` was counted, or is what a version of the agent takes on the average. */
  isCounted: boolean;
}

/** A state that is kept whatever else is, such as a branch of a superposition. It takes what it does not share with the one it came from. */
export interface BesideState {
  readonly tree: Tree;
  /** Undefined: the newest version. */
  readonly from: Tree | undefined;
}

/** Guessed for the first version of an agent, before any was counted. */
const BYTES_FIRST = 2_048;
/** What an entry takes beside its nodes: its own object and the tree's. */
export const ENTRY_BYTES = 160;
/** A root, as text, where it is known. */
const ROOT_BYTES = 80;
/** What an agent takes beside its nodes: its own object, its name, the tree's object. */
export const AGENT_BYTES = 232;
/** What a state takes in memory against its encoding, before it is counted. */
const HEAP_SHARE = 2;
/** A new version's share in the average. */
const AVERAGED = 1 / 8;
const NEVER = -1;
/** Never changed. */
const NO_PAST: PastVersion[] = [];
const NONE_BESIDE: readonly Beside[] = [];

interface Beside extends BesideState {
  /** As they were counted last. */
  bytes: number;
}

export class AgentVersions {
  /** The oldest first. */
  past: PastVersion[];
  /** Of the newest version: all it takes, as far as it is known. */
  liveBytes: number;
  /** States that are kept beside the versions. What they share with past versions is counted with both. */
  private beside: readonly Beside[];
  private averageBytes: number;
  /** The version that was the newest when all was counted last. */
  private countedAt: number;
  /** `guessed`: some of its bytes. */
  state: 'guessed' | 'counted' | 'closed';

  constructor(
    readonly name: string,
    public version: number,
    public tree: Tree,
  ) {
    this.past = NO_PAST;
    this.liveBytes = tree.byteLength * HEAP_SHARE;
    this.beside = NONE_BESIDE;
    this.averageBytes = BYTES_FIRST;
    this.countedAt = NEVER;
    this.state = 'guessed';
  }

  /** The newest version becomes the last one of the past, until another is the newest. */
  keep(): PastVersion {
    const { version, tree, averageBytes: bytes } = this;
    const past: PastVersion = {
      owner: this,
      version,
      tree,
      bytes,
      uses: 0,
      queue: 'none',
      ahead: undefined,
      behind: undefined,
      isCounted: false,
    };
    if (this.past === NO_PAST) this.past = [past];
    else this.past.push(past);
    return past;
  }

  /** Another version is the newest. @returns how many bytes more it is taken for */
  move(version: number, tree: Tree): number {
    // The last one of the past follows another one now.
    const last = this.past.at(-1);
    if (last !== undefined) last.isCounted = false;
    const more = guessedBytes(tree) - guessedBytes(this.tree);
    this.version = version;
    this.tree = tree;
    this.liveBytes += more;
    return more;
  }

  /** Bytes of all states that are kept beside the versions. */
  get besideBytes(): number {
    let sum = 0;
    for (const { bytes } of this.beside) sum += bytes;
    return sum;
  }

  /** These states, and no others, are kept beside the versions. @returns how many bytes more they are taken for */
  putBeside(states: readonly BesideState[]): number {
    const before = this.besideBytes;
    const known = new Map(this.beside.map(({ tree, bytes }) => [tree, bytes]));
    const beside = states.map(({ tree, from }) => ({ tree, from, bytes: known.get(tree) ?? this.besideBytesOf({ tree, from }) }));
    this.beside = beside.length === 0 ? NONE_BESIDE : beside;
    return this.besideBytes - before;
  }

  /** The last version of the past up to this one. */
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
    const at = this.past.findIndex(({ isCounted }) => !isCounted);
    const first = this.past[at];
    // What the newest takes follows from what one before it took, if all steps in between are still there.
    const isConnected = first !== undefined && first.version === this.countedAt;
    if (first !== undefined) this.liveBytes -= guessedBytes(this.tree) - guessedBytes(first.tree);
    for (let next = at; next >= 0 && next < this.past.length; next += 1) {
      const past = this.past[next] as PastVersion;
      const { onlyFrom, onlyTo } = heapDifference(past.tree.item, (this.past[next + 1] ?? this).tree.item);
      this.liveBytes += onlyTo - onlyFrom;
      past.isCounted = true;
      resize(past, onlyFrom + ENTRY_BYTES + rootBytes(past.tree));
      this.averageBytes += Math.round((past.bytes - this.averageBytes) * AVERAGED);
    }
    if (!isConnected) this.liveBytes = heapBytesOf(this.tree) + AGENT_BYTES + rootBytes(this.tree);
    for (const state of this.beside) state.bytes = this.besideBytesOf(state);
    this.countedAt = this.version;
    this.state = 'counted';
  }

  private besideBytesOf({ tree, from }: BesideState): number {
    return heapDifference((from ?? this.tree).item, tree.item).onlyTo + ENTRY_BYTES + rootBytes(tree);
  }

  /** Takes a version out; the one before it then takes what only the two of them shared. */
  remove(gone: PastVersion, resize: (past: PastVersion, bytes: number) => void): void {
    const at = this.past.indexOf(gone);
    if (at < 0) return;
    const before = this.past[at - 1];
    if (before === undefined) this.past.shift();
    else this.past.splice(at, 1);
    if (this.past.length === 0) this.past = NO_PAST;
    if (before === undefined) return;
    before.isCounted &&= gone.isCounted;
    if (before.isCounted)
      resize(before, heapDifference(before.tree.item, (this.past[at] ?? this).tree.item).onlyFrom + ENTRY_BYTES + rootBytes(before.tree));
  }
}

function guessedBytes({ byteLength }: Tree): number {
  return byteLength * HEAP_SHARE;
}

function rootBytes({ item }: Tree): number {
  return typeof item === 'object' && item !== null && item.kind !== 'date' && item.link !== undefined ? ROOT_BYTES : 0;
}
