/**
 * Where checkpoints come from. Parents have smaller numbers than their children, so going back from the newest one that is open meets every
 * checkpoint after all of its children.
 */
import type { Checkpoint } from '../checkpoint.js';

const NO_CHECKPOINTS: readonly Checkpoint[] = [];

export function parentsOf({ lineage, first, second }: Checkpoint): readonly Checkpoint[] {
  if (first === 0) return NO_CHECKPOINTS;
  return second === 0 ? [lineage.numbered(first)] : [lineage.numbered(first), lineage.numbered(second)];
}

/** A checkpoint and all that it comes from, the newest first. */
export function* newestFirst(checkpoint: Checkpoint): Generator<Checkpoint> {
  const open = new Frontier();
  const seen = new Set<Checkpoint>([checkpoint]);
  open.add(checkpoint);
  for (let newest = open.takeNewest(); newest !== undefined; newest = open.takeNewest()) {
    yield newest;
    for (const parent of parentsOf(newest)) {
      if (seen.has(parent)) continue;
      seen.add(parent);
      open.add(parent);
    }
  }
}

const OF_SOME = 1;
const OF_OTHER = 2;
/** Older than an ancestor of both that was found. */
const STALE = 4;

/**
 * What `some` (taken together) and `other` both come from and nothing newer below which it lies: one checkpoint in most histories, several
 * where branches were merged crosswise, none for strangers. The oldest first. As `git merge-base --all`.
 */
export function bestCommonAncestors(some: readonly Checkpoint[], other: Checkpoint): readonly Checkpoint[] {
  const open = new Frontier();
  const marks = new Map<Checkpoint, number>();
  const mark = (checkpoint: Checkpoint, marked: number) => {
    const known = marks.get(checkpoint);
    if (known === undefined) open.add(checkpoint);
    marks.set(checkpoint, (known ?? 0) | marked);
  };
  for (const checkpoint of some) mark(checkpoint, OF_SOME);
  mark(other, OF_OTHER);
  const best: Checkpoint[] = [];
  while (open.some((checkpoint) => ((marks.get(checkpoint) ?? 0) & STALE) === 0)) {
    const newest = open.takeNewest() as Checkpoint;
    const marked = marks.get(newest) ?? 0;
    const isCommon = (marked & OF_SOME) !== 0 && (marked & OF_OTHER) !== 0;
    if (isCommon && (marked & STALE) === 0) best.push(newest);
    for (const parent of parentsOf(newest)) mark(parent, isCommon ? marked | STALE : marked);
  }
  return best.reverse();
}

/**
 * The newest checkpoint that both come from, if that can be told by walking back along histories without merges; undefined where there are
 * merges on the way, or nothing in common.
 */
export function simpleAncestor(one: Checkpoint, other: Checkpoint): Checkpoint | undefined {
  let left = one;
  let right = other;
  while (left !== right) {
    const newer = left.number > right.number ? left : right;
    if (newer.first === 0 || newer.second !== 0) return undefined;
    const parent = newer.lineage.numbered(newer.first);
    if (newer === left) left = parent;
    else right = parent;
  }
  return left;
}

/**
 * All that merges of these heads, in whatever order and of whatever comes of them, may compare two sides with; also what such bases are
 * compared with in turn where there are several. Costs the history once.
 *
 * Going back from the newest, each checkpoint knows which heads (and bases) come from it. It is a base if none of its children has them all:
 * then some two come from it by different ways and from nothing newer.
 */
export function basesAmong(heads: readonly Checkpoint[]): ReadonlySet<Checkpoint> {
  const bases = new Set<Checkpoint>();
  const open = new Frontier();
  const below = new Map<Checkpoint, Set<bigint>>();
  let next = 1n;
  const mark = (checkpoint: Checkpoint, mask: bigint) => {
    const masks = below.get(checkpoint);
    if (masks !== undefined) masks.add(mask);
    else {
      below.set(checkpoint, new Set([mask]));
      open.add(checkpoint);
    }
  };
  for (const head of heads) {
    mark(head, next);
    next <<= 1n;
  }
  for (let newest = open.takeNewest(); newest !== undefined; newest = open.takeNewest()) {
    const masks = below.get(newest) as Set<bigint>;
    below.delete(newest);
    let all = 0n;
    for (const mask of masks) all |= mask;
    if (!masks.has(all)) {
      bases.add(newest);
      all |= next;
      next <<= 1n;
    }
    for (const parent of parentsOf(newest)) mark(parent, all);
  }
  return bases;
}

/** Checkpoints that wait for their turn: few, as there are hardly more than branches. */
class Frontier {
  /** Ascending. */
  private readonly open: Checkpoint[] = [];

  add(checkpoint: Checkpoint): void {
    let at = this.open.length;
    while (at > 0 && (this.open[at - 1] as Checkpoint).number > checkpoint.number) at -= 1;
    this.open.splice(at, 0, checkpoint);
  }

  takeNewest(): Checkpoint | undefined {
    return this.open.pop();
  }

  some(holds: (checkpoint: Checkpoint) => boolean): boolean {
    return this.open.some(holds);
  }
}
