/**
 * Applying the edits of deltas. An edit in the middle of a list costs the length of the list, a splice that of the text; what all edits
 * together may cost is limited, so that a few hostile bytes cannot keep a reader busy.
 */
import type { Path } from '@skep/kernel';
import { SkepError } from '@skep/kernel';
import { listLength } from '../list.js';
import { itemAt } from '../lookup.js';
import { isList, loadedItem } from '../node.js';
import type { Tree } from '../tree.js';
import type { DeltaEdit } from './delta-edit.js';
import { spliced } from './splice.js';

/** Items moved by all edits of a delta: less than half a second. */
export const DELTA_WORK_MAX = 4 * 1024 * 1024;
/** Bytes of a text that take as long to copy as an item of a list. */
const BYTES_AN_ITEM = 64;

/** @throws SkepError `payload-too-large` for too much work, `corrupt` for edits that do not fit the tree */
export function applyDeltaEdits(base: Tree, edits: readonly DeltaEdit[]): Tree {
  let tree = base;
  let work = 0;
  for (const edit of edits) {
    work += workOf(tree, edit);
    if (work > DELTA_WORK_MAX) throw new SkepError('payload-too-large', { message: `applying a delta costs more than ${DELTA_WORK_MAX} steps` });
    tree = applyOne(tree, edit);
  }
  return tree;
}

/** What the work of an edit can be at most, whatever the tree is at that time; `length` bounds every list and text in it. */
export function workMax({ kind, path }: { readonly kind: DeltaEdit['kind']; readonly path: Path }, length: number): number {
  return 1 + (isInList(kind, path) ? length : kind === 'splice' ? length / BYTES_AN_ITEM : 0);
}

function applyOne(tree: Tree, edit: DeltaEdit): Tree {
  try {
    if (edit.kind !== 'splice') return tree.apply([edit]);
    const value = spliced(tree.get(edit.path), edit.splice);
    if (value !== undefined) return tree.apply([{ kind: 'update', path: edit.path, new: value }]);
  } catch (error) {
    // What the base itself says of its own damage stays.
    if (!(error instanceof SkepError) || (error.code !== 'invalid-path' && error.code !== 'invalid-value')) throw error;
    throw new SkepError('corrupt', { message: 'a delta does not fit its base', cause: error });
  }
  throw new SkepError('corrupt', { message: 'a delta does not fit its base: it replaces what is not there' });
}

function workOf(tree: Tree, edit: DeltaEdit): number {
  const { path, kind } = edit;
  if (kind === 'splice') {
    const value = tree.get(path);
    return 1 + (typeof value === 'string' || value instanceof Uint8Array ? (value.length + edit.splice.inserted.length) / BYTES_AN_ITEM : 0);
  }
  if (!isInList(kind, path)) return 1;
  const around = itemAt(tree.item, path.slice(0, -1), tree.space);
  const list = around === undefined ? undefined : loadedItem(around);
  if (list === undefined || !isList(list)) return 1;
  const length = listLength(list);
  return kind === 'create' && path.at(-1) === length ? 1 : 1 + length;
}

/** Whether it moves items of a list. */
function isInList(kind: DeltaEdit['kind'], path: Path): boolean {
  return (kind === 'create' || kind === 'delete') && typeof path.at(-1) === 'number';
}
