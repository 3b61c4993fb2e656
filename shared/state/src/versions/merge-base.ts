/**
 * The state that a merge compares both sides with. Where branches were merged crosswise there are several best common ancestors; then it is
 * their own merge, made the same way (as git's recursive strategy does), with a mark where they contradict each other.
 *
 *        o --- a --- m --- x        merged into both: a and b are best common ancestors of x and y
 *         \      \ /
 *          \     / \
 *            --- b --- n --- y
 */
import { compareClocks, type HybridClock } from '@skep/kernel';
import type { Checkpoint } from '../checkpoint.js';
import { mergeAncestors } from '../merge/merge-trees.js';
import type { MergeRule } from '../merge/rule.js';
import type { Tree } from '../tree.js';
import { bestCommonAncestors, simpleAncestor } from './ancestry.js';

export interface MergeBase {
  /** The best common ancestors, the oldest first. */
  readonly ancestors: readonly Checkpoint[];
  /** The merge of their states. Not to be sealed or read when it is undecided. */
  readonly tree: Tree;
  /** Whether they contradict each other somewhere. */
  readonly isUndecided: boolean;
}

/** Merges within merges within ... of ancestors; below that the newest of several stands for all. */
const NESTING_MAX = 32;

/** Of two checkpoints of one agent; `ancestors` is empty where they have none in common. */
export function mergeBaseOf(one: Checkpoint, other: Checkpoint, rules: readonly MergeRule[]): MergeBase {
  const simple = simpleAncestor(one, other);
  if (simple !== undefined) return { ancestors: [simple], tree: simple.tree, isUndecided: false };
  const ancestors = bestCommonAncestors([one], other);
  return ancestors.length === 0 ? { ancestors, tree: one.tree, isUndecided: false } : new Ancestors(rules).merged(ancestors, 0);
}

class Ancestors {
  /** Criss-cross histories ask for the same merges again and again. */
  private readonly known = new Map<string, MergeBase>();

  constructor(private readonly rules: readonly MergeRule[]) {}

  merged(ancestors: readonly Checkpoint[], nesting: number): MergeBase {
    const name = ancestors.map(({ number }) => number).join();
    const base = this.known.get(name) ?? this.merge(ancestors, nesting);
    this.known.set(name, base);
    return base;
  }

  private merge(ancestors: readonly Checkpoint[], nesting: number): MergeBase {
    const [oldest, ...others] = (nesting < NESTING_MAX ? ancestors : ancestors.slice(-1)) as [Checkpoint, ...Checkpoint[]];
    const merged = [oldest];
    let { tree } = oldest;
    let clock = oldest.provenance.clock;
    let isUndecided = false;
    for (const next of others) {
      // Ancestors of one agent have its first checkpoint in common at least.
      const base = this.merged(bestCommonAncestors(merged, next), nesting + 1);
      const clocks = { source: next.provenance.clock, target: clock };
      const made = mergeAncestors({ base: base.tree, source: next.tree, target: tree, rules: this.rules, clocks });
      tree = made.tree;
      isUndecided ||= base.isUndecided || made.isUndecided;
      clock = laterOf(clock, next.provenance.clock);
      merged.push(next);
    }
    return { ancestors, tree, isUndecided };
  }
}

function laterOf(one: HybridClock | undefined, other: HybridClock | undefined): HybridClock | undefined {
  return one === undefined || other === undefined ? undefined : compareClocks(one, other) > 0 ? one : other;
}
