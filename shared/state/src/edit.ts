/**
 * Edits: changes as data. They apply one after the other, each to what the one before it left.
 *
 * - In maps `create` and `update` set a key, `delete` removes one that is there.
 * - In lists `create` inserts before an index (the length: at the end), `update` replaces, `delete` removes; what follows moves.
 * - The empty path stands for the whole value, which can be set but not removed.
 */
import { formatPath, type Path, SkepError, type Value } from '@skep/kernel';
import { itemOf } from './build.js';
import { listItems, listLength, listPush, listSet, rebuilt } from './list.js';
import { memberOf } from './lookup.js';
import { mapDelete, mapGet, mapSet } from './map.js';
import { type Item, isList, isMap, type ListItem, loadedItem, type MapItem } from './node.js';
import type { Space } from './space.js';

export type Edit =
  | { readonly kind: 'create' | 'update'; readonly path: Path; readonly new: Value }
  | { readonly kind: 'delete'; readonly path: Path };

/** @throws SkepError `invalid-path`, `invalid-value` */
export function applyEdits(root: Item, edits: readonly Edit[], space: Space): Item {
  let item = root;
  for (const edit of edits) item = applyAt(item, edit, 0, space);
  return item;
}

function applyAt(item: Item, edit: Edit, depth: number, space: Space): Item {
  const { path } = edit;
  if (depth === path.length) {
    if (edit.kind === 'delete') throw invalidPath(path, 'the whole value cannot be deleted');
    return itemOf(edit.new, path, space);
  }
  const container = loadedItem(item);
  const step = path[depth] as string | number;
  if (depth + 1 === path.length) return applyHere(container, step, edit, space);
  const member = memberOf(container, step, space);
  if (member === undefined) throw invalidPath(path, `there is nothing at ${formatPath(path.slice(0, depth + 1))}`);
  const changed = applyAt(member, edit, depth + 1, space);
  if (changed === member) return item;
  return typeof step === 'string' ? mapSet(container as MapItem, step, changed, space) : listSet(container as ListItem, step, changed);
}

function applyHere(container: Item, step: string | number, edit: Edit, space: Space): Item {
  const found = loadedItem(container);
  if (isMap(found)) {
    if (typeof step !== 'string') throw invalidPath(edit.path, 'an object has keys and no indexes');
    return applyToMap(found, step, edit, space);
  }
  if (!isList(found)) throw invalidPath(edit.path, 'there is no object or list around it');
  if (typeof step !== 'number' || !Number.isInteger(step)) throw invalidPath(edit.path, 'a list has indexes and no keys');
  return applyToList(found, step, edit, space);
}

function applyToMap(map: MapItem, key: string, edit: Edit, space: Space): Item {
  const present = mapGet(map, key, space);
  if (edit.kind === 'delete') {
    if (present === undefined) throw invalidPath(edit.path, 'there is nothing to delete');
    return mapDelete(map, key, space);
  }
  if (!key.isWellFormed()) throw invalidPath(edit.path, 'a key has a lone surrogate');
  const item = itemOf(edit.new, edit.path, space);
  return item === present ? map : mapSet(map, key, item, space);
}

function applyToList(list: ListItem, at: number, edit: Edit, space: Space): Item {
  const length = listLength(list);
  const last = edit.kind === 'create' ? length : length - 1;
  if (at < 0 || at > last) throw invalidPath(edit.path, `the list has ${length} items`);
  if (edit.kind === 'delete') {
    const items = listItems(list);
    items.splice(at, 1);
    return rebuilt(items, list);
  }
  const item = itemOf(edit.new, edit.path, space);
  if (edit.kind === 'update') return listSet(list, at, item);
  if (at === length) return listPush(list, item);
  const items = listItems(list);
  items.splice(at, 0, item);
  return rebuilt(items, list);
}

function invalidPath(path: Path, why: string): SkepError {
  return new SkepError('invalid-path', { message: `${why}; nothing was changed, at ${formatPath(path)}` });
}
