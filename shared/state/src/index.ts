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
export { type Checkpoint, type CheckpointId, type CheckpointStore, memoryCheckpointStore } from './checkpoint.js';
export { type ChainOptions, type ChainPart, ChainWriter, readChain } from './compact/chain.js';
export { CompressorChoice } from './compact/compressor-choice.js';
export { decodeDelta, encodeDelta, type ReadBase } from './compact/delta.js';
export { enveloped, openEnvelope } from './compact/envelope.js';
export { diff } from './diff.js';
export { type Draft, type DraftResult, draftOf } from './draft.js';
export type { Edit } from './edit.js';
export {
  type BranchName,
  MAIN_BRANCH,
  type MergeOptions,
  type MergePlan,
  type MergeResult,
  type Observation,
  StateEngine,
} from './engine.js';
export { Forest } from './forest.js';
export { type ColdOptions, ColdVersions, type EvictedVersion } from './memory/cold-versions.js';
export { heapBytesOf } from './memory/heap-bytes.js';
export { type RetainedAgent, type RetainedOptions, RetainedVersions } from './memory/retained-versions.js';
export { type Evictable, S3Fifo } from './memory/s3-fifo.js';
export { type MergeConflict, type MergeInput, type MergeOutcome, type MergeRule, mergeTrees, type Resolution } from './merge.js';
export { packTree, unpackTree } from './pack.js';
export type { Shared } from './share.js';
export { Tree, type TreeOptions, treeOf } from './tree.js';
