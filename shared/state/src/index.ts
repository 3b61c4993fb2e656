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
export { type ChainOptions, type ChainPart, ChainWriter, readChain } from './compact/chain.js';
export { CompressorChoice } from './compact/compressor-choice.js';
export { decodeDelta, encodeDelta, type ReadBase } from './compact/delta.js';
export { enveloped, openEnvelope } from './compact/envelope.js';
export { diff } from './diff.js';
export { type Draft, type DraftResult, draftOf } from './draft.js';
export type { Edit } from './edit.js';
export { encodingsBytes } from './encoding.js';
export { type BranchName, type EngineOptions, type Observation, StateEngine } from './engine.js';
export { Forest } from './forest.js';
export type { BesideState } from './memory/agent-versions.js';
export { type ColdOptions, ColdVersions, type EvictedVersion } from './memory/cold-versions.js';
export { heapBytesOf } from './memory/heap-bytes.js';
export { type RetainedAgent, type RetainedOptions, RetainedVersions } from './memory/retained-versions.js';
export { type Evictable, S3Fifo } from './memory/s3-fifo.js';
export type { Clocks, ClocksOf } from './merge/clocks.js';
export type { ConflictKind, MergeConflict, Resolution, ResolvedConflict } from './merge/conflict.js';
export { type MergeInput, type MergeOutcome, mergeAncestors, mergeTrees } from './merge/merge-trees.js';
export type { MergeOptions, MergePlan, MergeResult } from './merge/plan.js';
export type { ListById, MergeRule, MergeStrategy, NamedStrategy } from './merge/rule.js';
export { isKeyedPack, packTree, unpackTree } from './pack.js';
export { isDraftPart } from './part.js';
export { type Sink, sinkTree } from './seal.js';
export type { Shared } from './share.js';
export { budgetOf, evictions, type SuperpositionBudget } from './superposition/budget.js';
export { isExpired, type Merging } from './superposition/collapse.js';
export type { BranchContent, BranchRequest, SuperpositionCommand } from './superposition/command.js';
export type { Likelihoods } from './superposition/evidence.js';
export { engineHeads, type Heads, memoryHeads } from './superposition/heads.js';
export { heldStates } from './superposition/held-states.js';
export { type Choice, type Observer, observe } from './superposition/observe.js';
export { editInPlace } from './superposition/onto-draft.js';
export { ownBytes } from './superposition/own-bytes.js';
export { type PlanningAgent, planSuperposition, type SuperpositionPlan } from './superposition/plan.js';
export {
  applyRecorded,
  applySteps,
  type LiveStep,
  type Moment,
  NO_SUPERPOSITIONS,
  type RecordedStep,
  recordedSteps,
  type SuperpositionStep,
  type Superpositions,
  withoutOld,
} from './superposition/step.js';
export type { Collapse, Evidence, ExperimentalBranch, FailedBranch, Head, Superposition } from './superposition/superposition.js';
export { mustGetBranch, weightOf, weightsOf } from './superposition/superposition.js';
export { DEFAULT_SUPERPOSITION, type ExperimentalState, SuperpositionEngine, type SuperpositionRef } from './superposition/superposition-engine.js';
export { logOf, normalised } from './superposition/weight.js';
export { Tree, type TreeOptions, treeOf } from './tree.js';
export { addressable } from './versions/blame.js';
export { type KeptCheckpoint, memoryNodeStore, type NodeStore } from './versions/node-store.js';
export type { Schedule } from './versions/sealer.js';
export { type CheckpointRef, type HeadMove, MAIN_BRANCH, type Tag, VersionGraph } from './versions/version-graph.js';
