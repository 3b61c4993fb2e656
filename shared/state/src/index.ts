export { diff } from './diff.js';
export { type Draft, type DraftResult, draftOf } from './draft.js';
export type { Edit } from './edit.js';
export { packTree, unpackTree } from './pack.js';
export { Tree, type TreeOptions, treeOf } from './tree.js';
