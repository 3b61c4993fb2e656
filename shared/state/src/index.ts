/**
 * The Version State Tree: the state of an agent as an immutable value with a root hash.
 *
 *   const tree = treeOf({ count: 1, memory: [] });
 *   const draft = draftOf(tree);
 *   draft.state.count += 1; // a plain mutable object, as far as the handler can see
 *   const { tree: next, changes } = draft.finish();
 *   next.root(); // the same for the same content, wherever and however it was made
 *   unpackTree(packTree(next)).value();
 */
export { Checkpoint, type CheckpointId, type Provenance } from './checkpoint.js';
export { diff } from './diff.js';
export { type Draft, type DraftResult, draftOf } from './draft.js';
export type { Edit } from './edit.js';
export { type BranchName, type EngineOptions, type Observation, StateEngine } from './engine.js';
export { Forest } from './forest.js';
export type { Clocks, ClocksOf } from './merge/clocks.js';
export type { ConflictKind, MergeConflict, Resolution, ResolvedConflict } from './merge/conflict.js';
export { type MergeInput, type MergeOutcome, mergeAncestors, mergeTrees } from './merge/merge-trees.js';
export type { MergeOptions, MergePlan, MergeResult } from './merge/plan.js';
export type { ListById, MergeRule, MergeStrategy, NamedStrategy } from './merge/rule.js';
export { packTree, unpackTree } from './pack.js';
export type { Shared } from './share.js';
export { Tree, type TreeOptions, treeOf } from './tree.js';
export { addressable } from './versions/blame.js';
export { type KeptCheckpoint, memoryNodeStore, type NodeStore } from './versions/node-store.js';
export type { Schedule } from './versions/sealer.js';
export { type CheckpointRef, type HeadMove, MAIN_BRANCH, type Tag, VersionGraph } from './versions/version-graph.js';
