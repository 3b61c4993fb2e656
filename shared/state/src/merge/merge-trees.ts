/**
 * Three-way merge: what source changed since the common ancestor, applied to target. Costs what both changed; parts that only one side
 * changed are taken whole.
 *
 * - J1 What one side changed alone is in the result. What both changed alike is in it once (counters add up).
 * - J2 Without conflicts the result is the same in both directions, unless a rule tells ours from theirs.
 * - J3 Conflicts come in the order of their places: keys ascending, indexes from the front.
 */
import { formatPath, SkepError } from '@skep/kernel';
import { TextNode } from '../node.js';
import { Tree } from '../tree.js';
import { type ClocksOf, NO_CLOCKS } from './clocks.js';
import type { MergeConflict, Resolution, ResolvedConflict } from './conflict.js';
import { Merger, type MergerOptions } from './merger.js';
import { type MergeRule, NO_RULES } from './rule.js';

export interface MergeInput {
  readonly base: Tree;
  /** Whether the base was made by `mergeAncestors` and holds places at which ancestors contradict each other: conflicts tell nothing of it. */
  readonly isBaseUndecided?: boolean;
  /** Theirs. */
  readonly source: Tree;
  /** Ours. */
  readonly target: Tree;
  readonly rules?: readonly MergeRule[] | undefined;
  /** For the rule `last-writer`. Default: nobody knows. */
  readonly clocksOf?: ClocksOf | undefined;
  readonly resolutions?: readonly ResolvedConflict[] | undefined;
}

export interface MergeOutcome {
  /** Has target's values at the conflicts. */
  readonly tree: Tree;
  readonly conflicts: readonly MergeConflict[];
}

const NO_RESOLUTIONS: ReadonlyMap<string, Resolution> = new Map();
/** Stands where ancestors contradict each other. No value is equal to it: a lone surrogate is refused everywhere. */
const UNDECIDED = new TextNode('\ud800');

/** Changes nothing but makes a tree, so it is its own dry run. @throws SkepError `invalid-input`, `invalid-value` from a rule or resolution */
export function mergeTrees(input: MergeInput): MergeOutcome {
  return merged(input, { hidesBase: input.isBaseUndecided ?? false });
}

/** Merges ancestors into a base for their descendants: a tree that is to be merged with and not to be read or sealed while it is undecided. */
export function mergeAncestors(input: MergeInput): { readonly tree: Tree; readonly isUndecided: boolean } {
  const { tree, conflicts } = merged(input, { hidesBase: true, undecided: UNDECIDED });
  return { tree, isUndecided: conflicts.length > 0 };
}

function merged(
  { base, source, target, rules = NO_RULES, clocksOf = NO_CLOCKS, resolutions }: MergeInput,
  { hidesBase, undecided }: Pick<MergerOptions, 'hidesBase' | 'undecided'>,
): MergeOutcome {
  const { space } = base;
  if (space !== source.space || space !== target.space) {
    throw new SkepError('invalid-input', { message: 'trees of different address keys cannot be merged' });
  }
  const merger = new Merger({ space, clocksOf, resolutions: byPath(resolutions), hidesBase, undecided });
  const item = merger.merge({ base: base.item, ours: target.item, theirs: source.item }, rules) ?? target.item;
  const tree = item === target.item ? target : item === source.item ? source : new Tree(item, space);
  return { tree, conflicts: merger.conflicts };
}

function byPath(resolutions: readonly ResolvedConflict[] | undefined): ReadonlyMap<string, Resolution> {
  return resolutions === undefined ? NO_RESOLUTIONS : new Map(resolutions.map(({ path, resolution }) => [formatPath(path), resolution]));
}
