/** What a merge of two checkpoints does. */
import { SkepError } from '@skep/kernel';
import type { Checkpoint, CheckpointId, Provenance } from '../checkpoint.js';
import type { Tree } from '../tree.js';
import { writtenAt } from '../versions/blame.js';
import { mergeBaseOf } from '../versions/merge-base.js';
import type { ClocksOf } from './clocks.js';
import type { MergeConflict, ResolvedConflict } from './conflict.js';
import { mergeTrees } from './merge-trees.js';
import type { MergeRule } from './rule.js';

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

/** @throws SkepError `invalid-input` for checkpoints of different agents */
export function planned(source: Checkpoint, target: Checkpoint, { rules = [], resolutions = [], clocksOf }: MergeOptions): MergePlan {
  if (source.lineage !== target.lineage) throw strangers(target);
  const base = mergeBaseOf(source, target, rules);
  const [ancestor] = base.ancestors;
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
    clocksOf: clocksOf ?? ((path) => ({ source: writtenAt(source, path), target: writtenAt(target, path) })),
  });
  const bases = base.ancestors.map(({ id }) => id);
  return conflicts.length > 0 ? { kind: 'conflicts', conflicts, tree, bases } : { kind: 'merged', tree, parents: [target.id, source.id], bases };
}

function strangers({ id }: Checkpoint): SkepError {
  return new SkepError('invalid-input', {
    message: 'these states have no ancestor in common',
    id,
    remedy: 'Merge branches of one agent only.',
  });
}
