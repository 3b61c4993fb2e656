/** What a merge of two checkpoints does. */
import { SkepError } from '@skep/kernel';
import type { Checkpoint, CheckpointId, Provenance } from '../checkpoint.js';
import type { Tree } from '../tree.js';
import { writtenAt } from '../versions/blame.js';
import { type MergeBase, mergeBaseOf } from '../versions/merge-base.js';
import type { ClocksOf } from './clocks.js';
import type { MergeConflict, ResolvedConflict } from './conflict.js';
import { mergeTrees } from './merge-trees.js';
import { type MergeRule, NO_RULES } from './rule.js';

export interface MergeOptions {
  readonly rules?: readonly MergeRule[];
  /** Answers to conflicts that a dry run told. */
  readonly resolutions?: readonly ResolvedConflict[];
  /** For the rule `last-writer`. Default: the clocks of the checkpoints that wrote the place. */
  readonly clocksOf?: ClocksOf;
  /** What the checkpoint of the merge says of its making. */
  readonly provenance?: Provenance;
}

interface WithConflicts {
  /** Nothing was changed. `tree` is the merge with target's values at the conflicts. */
  readonly kind: 'conflicts';
  readonly conflicts: readonly MergeConflict[];
  readonly tree: Tree;
  /** What both sides were compared with; several where branches were merged crosswise. */
  readonly bases: readonly CheckpointId[];
}

interface WithoutMerge {
  /**
   * - `unchanged`: target had all of it already.
   * - `fast-forward`: target had changed nothing since the ancestor; its head is source's.
   */
  readonly kind: 'unchanged' | 'fast-forward';
  readonly checkpoint: Checkpoint;
}

export type MergeResult = WithoutMerge | { readonly kind: 'merged'; readonly checkpoint: Checkpoint } | WithConflicts;

export type MergePlan =
  | WithoutMerge
  | { readonly kind: 'merged'; readonly tree: Tree; readonly parents: readonly CheckpointId[]; readonly bases: readonly CheckpointId[] }
  | WithConflicts;

/** A plan that names nothing: ids are made for those who ask. */
export type Outcome = WithoutMerge | { readonly kind: 'merged'; readonly tree: Tree; readonly base: MergeBase } | WithConflicts;

/** @throws SkepError `invalid-input` for checkpoints of different agents */
export function planned(source: Checkpoint, target: Checkpoint, options: MergeOptions): MergePlan {
  const outcome = merged(source, target, options);
  if (outcome.kind !== 'merged') return outcome;
  return { kind: 'merged', tree: outcome.tree, parents: [target.id, source.id], bases: idsOf(outcome.base) };
}

/** @throws SkepError `invalid-input` for checkpoints of different agents */
export function merged(source: Checkpoint, target: Checkpoint, { rules = NO_RULES, resolutions, clocksOf }: MergeOptions): Outcome {
  if (source.lineage !== target.lineage) throw strangers(target);
  const base = mergeBaseOf(source, target, rules);
  const ancestor = base.ancestors[0];
  if (ancestor === undefined) throw strangers(target);
  if (ancestor === source) return { kind: 'unchanged', checkpoint: target };
  if (ancestor === target) return { kind: 'fast-forward', checkpoint: source };
  const { tree, conflicts } = mergeTrees({
    base: base.tree,
    isBaseUndecided: base.isUndecided,
    source: source.tree,
    target: target.tree,
    rules,
    resolutions,
    clocksOf: clocksOf ?? clocksOfWriters(source, target),
  });
  return conflicts.length > 0 ? { kind: 'conflicts', conflicts, tree, bases: idsOf(base) } : { kind: 'merged', tree, base };
}

function clocksOfWriters(source: Checkpoint, target: Checkpoint): ClocksOf {
  return (path) => ({ source: writtenAt(source, path), target: writtenAt(target, path) });
}

function idsOf({ ancestors }: MergeBase): readonly CheckpointId[] {
  return ancestors.map(({ id }) => id);
}

function strangers({ id }: Checkpoint): SkepError {
  return new SkepError('invalid-input', {
    message: 'these states have no ancestor in common',
    id,
    remedy: 'Merge branches of one agent only.',
  });
}
