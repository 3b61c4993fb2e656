/** Which checkpoint wrote what is at a path. */
import type { HybridClock, Path } from '@skep/kernel';
import type { Checkpoint } from '../checkpoint.js';
import { isEqual } from '../equal.js';
import { listLength } from '../list.js';
import { itemAt, memberOf } from '../lookup.js';
import { type Item, isList, type LoadedItem, loadedItem } from '../node.js';
import type { Tree } from '../tree.js';
import { parentsOf } from './ancestry.js';

/**
 * Goes back along the parents that have the same there, by identity or hash where those are known, to the checkpoint that has it from none
 * of them: it wrote it, took it away, or merged it from two. Undefined for a path that never led anywhere. Steps through lists are indexes:
 * who inserted or removed something before the index counts as who wrote what is there now.
 */
export function blamed(head: Checkpoint, path: Path): Checkpoint | undefined {
  let checkpoint = head;
  let item = at(head.tree, path);
  for (;;) {
    const parents = parentsOf(checkpoint);
    const from = parents.find(({ tree }) => tree.item === checkpoint.tree.item || isSame(at(tree, path), item));
    if (from === undefined) return item === undefined && parents.length === 0 ? undefined : checkpoint;
    checkpoint = from;
    item = at(from.tree, path);
  }
}

/** The clock of the checkpoint that wrote what is at a path; undefined where that carries none. */
export function writtenAt(head: Checkpoint, path: Path): HybridClock | undefined {
  return blamed(head, addressable(head.tree, path))?.provenance.clock;
}

/** As much of a path as leads somewhere by keys and indexes: in lists that are merged by id, ids do not. */
export function addressable(tree: Tree, path: Path): Path {
  let item: Item | undefined = tree.item;
  for (const [depth, step] of path.entries()) {
    const container: LoadedItem | undefined = item === undefined ? undefined : loadedItem(item);
    if (container !== undefined && isList(container) && (typeof step !== 'number' || step >= listLength(container))) return path.slice(0, depth);
    item = item === undefined ? undefined : memberOf(item, step, tree.space);
  }
  return path;
}

function at(tree: Tree, path: Path): Item | undefined {
  return itemAt(tree.item, path, tree.space);
}

function isSame(one: Item | undefined, other: Item | undefined): boolean {
  return one === other || (one !== undefined && other !== undefined && isEqual(one, other));
}
