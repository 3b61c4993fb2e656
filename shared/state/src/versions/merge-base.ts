/**
 * The state that a merge compares both sides with. Where branches were merged crosswise there are several best common ancestors; then it is
 * their own merge, made the same way (as git's recursive strategy does), with a mark where they contradict each other.
 *
 *        o --- a --- m --- x        merged into both: a and b are best common ancestors of x and y
 *         \      \ /
 *          \     / \
 *            --- b --- n --- y
 */
import { compareClocks, type HybridClock, type Path } from '@skep/kernel';
import type { Checkpoint } from '../checkpoint.js';
import type { ClocksOf } from '../merge/clocks.js';
import { mergeAncestors } from '../merge/merge-trees.js';
import type { MergeRule } from '../merge/rule.js';
import type { Tree } from '../tree.js';
import { bestCommonAncestors, simpleAncestor } from './ancestry.js';
import { writtenAt } from './blame.js';

export interface MergeBase {
  /** The best common ancestors, the oldest first. */
  readonly ancestors: readonly Checkpoint[];
  /** The merge of their states. Not to be sealed or read when it is undecided. */
  readonly tree: Tree;
  /** Whether they contradict each other somewhere. */
  readonly isUndecided: boolean;
}

/** Of two checkpoints of one agent; `ancestors` is empty where they have none in common. */
export function mergeBaseOf(one: Checkpoint, other: Checkpoint, rules: readonly MergeRule[]): MergeBase {
  const simple = simpleAncestor(one, other);
  if (simple !== undefined) return { ancestors: [simple], tree: simple.tree, isUndecided: false };
  const ancestors = bestCommonAncestors([one], other);
  return ancestors.length === 0 ? { ancestors, tree: one.tree, isUndecided: false } : new Ancestors(rules).merged(ancestors);
}

/** Merges of ancestors stand on merges of older ancestors, and so on: as many as there are crossings, so they are not called recursively. */
class Ancestors {
  private readonly known = new Map<string, MergeBase>();

  constructor(private readonly rules: readonly MergeRule[]) {}

  merged(ancestors: readonly Checkpoint[]): MergeBase {
    const open = [ancestors];
    for (;;) {
      const next = open.at(-1) as readonly Checkpoint[];
      const made = this.merge(next);
      if (made.kind === 'missing') open.push(made.ancestors);
      else {
        this.known.set(nameOf(next), made.base);
        open.pop();
        if (open.length === 0) return made.base;
      }
    }
  }

  private merge(ancestors: readonly Checkpoint[]): Merged {
    const [oldest, ...others] = ancestors as [Checkpoint, ...Checkpoint[]];
    const merged = [oldest];
    let { tree } = oldest;
    let isUndecided = false;
    for (const next of others) {
      // Checkpoints that were merged have at least their agent's first one in common.
      const older = bestCommonAncestors(merged, next);
      const base = this.known.get(nameOf(older));
      if (base === undefined) return { kind: 'missing', ancestors: older };
      const before = merged.slice();
      const clocksOf: ClocksOf = (path) => ({ source: writtenAt(next, path), target: latestOf(before, path) });
      const made = mergeAncestors({ base: base.tree, source: next.tree, target: tree, rules: this.rules, clocksOf });
      tree = made.tree;
      isUndecided ||= base.isUndecided || made.isUndecided;
      merged.push(next);
    }
    return { kind: 'merged', base: { ancestors, tree, isUndecided } };
  }
}

type Merged = { readonly kind: 'merged'; readonly base: MergeBase } | { readonly kind: 'missing'; readonly ancestors: readonly Checkpoint[] };

function nameOf(ancestors: readonly Checkpoint[]): string {
  return ancestors.map(({ number }) => number).join();
}

function latestOf(checkpoints: readonly Checkpoint[], path: Path): HybridClock | undefined {
  const clocks = checkpoints.flatMap((each) => writtenAt(each, path) ?? []);
  return clocks.sort(compareClocks).at(-1);
}
