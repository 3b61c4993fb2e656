/**
 * What changed from one tree to another, field by field, in the order in which the changes apply: keys ascending, indexes from the front.
 * Only what differs is looked at: parts that are the same node or have the same hash are passed over.
 *
 * D1 `from.apply(diff(from, to))` has the root of `to`.
 */
import { type Change, compareKeys, type Path, SkepError } from '@skep/kernel';
import { isEqual, isEqualByLink } from './equal.js';
import { diffLists, type ListStep } from './list-diff.js';
import { sortedEntries } from './map.js';
import { type Item, isList, isMap, type ListItem, loaded, loadedItem, type MapItem, type MapNode, type TriePart } from './node.js';
import { plainOf } from './plain.js';
import type { Tree } from './tree.js';
import { forEachEntry } from './trie.js';

/** @throws SkepError `invalid-input` for trees of different address keys */
export function diff(from: Tree, to: Tree): readonly Change[] {
  if (from.space !== to.space) throw new SkepError('invalid-input', { message: 'trees of different address keys cannot be compared' });
  return diffItems(from.item, to.item);
}

export function diffItems(from: Item, to: Item): readonly Change[] {
  const changes: Change[] = [];
  diffAt(from, to, [], changes);
  return changes;
}

function diffAt(from: Item, to: Item, path: Path, changes: Change[]): void {
  if (from === to) return;
  if (typeof from === 'object' && typeof to === 'object' && from !== null && to !== null && isEqualByLink(from, to) === true) return;
  const one = loadedItem(from);
  const other = loadedItem(to);
  if (isMap(one) && isMap(other)) diffMaps(one, other, path, changes);
  else if (isList(one) && isList(other)) diffListsAt(one, other, path, changes);
  else if (!isEqual(one, other)) changes.push({ kind: 'update', path, old: plainOf(one, path.length), new: plainOf(other, path.length) });
}

function diffMaps(from: MapItem, to: MapItem, path: Path, changes: Change[]): void {
  if (from.kind === 'map' && to.kind === 'map' && from.keys === to.keys) {
    // Nearly always: the same shape, few items changed.
    for (let at = 0; at < from.keys.length; at += 1) {
      const one = from.items[at] as Item;
      const other = to.items[at] as Item;
      if (one !== other) diffAt(one, other, [...path, from.keys[at] as string], changes);
    }
    return;
  }
  for (const { key, from: one, to: other } of differingEntries(from, to)) {
    const here = [...path, key];
    if (one === undefined) changes.push({ kind: 'create', path: here, new: plainOf(other as Item, here.length) });
    else if (other === undefined) changes.push({ kind: 'delete', path: here, old: plainOf(one, here.length) });
    else diffAt(one, other, here, changes);
  }
}

export interface EntryPair {
  readonly key: string;
  readonly from: Item | undefined;
  readonly to: Item | undefined;
}

/** Entries that are not the same node or scalar in both maps, in the order of their keys. */
export function differingEntries(from: MapItem, to: MapItem): readonly EntryPair[] {
  if (from.kind === 'wide' && to.kind === 'wide') return differingInTries(from.root, to.root);
  return paired(flatEntries(from), flatEntries(to));
}

interface Entries {
  readonly keys: readonly string[];
  readonly items: readonly Item[];
}

function flatEntries(map: MapItem): MapNode | Entries {
  if (map.kind === 'map') return map;
  const entries = sortedEntries(map);
  return { keys: entries.map((entry) => entry.key), items: entries.map((entry) => entry.item) };
}

/** Walks two lists of entries in order side by side. */
function paired(from: Entries, to: Entries): readonly EntryPair[] {
  const pairs: EntryPair[] = [];
  let one = 0;
  let other = 0;
  while (one < from.keys.length || other < to.keys.length) {
    const oneKey = from.keys[one];
    const otherKey = to.keys[other];
    const order = oneKey === undefined ? 1 : otherKey === undefined ? -1 : oneKey === otherKey ? 0 : compareKeys(oneKey, otherKey);
    const fromItem = order <= 0 ? from.items[one] : undefined;
    const toItem = order >= 0 ? to.items[other] : undefined;
    if (fromItem !== toItem) pairs.push({ key: (order <= 0 ? oneKey : otherKey) as string, from: fromItem, to: toItem });
    if (order <= 0) one += 1;
    if (order >= 0) other += 1;
  }
  return pairs;
}

/** Tries have the same structure wherever they have the same content, so equal subtrees are met at the same place. */
function differingInTries(from: TriePart, to: TriePart): readonly EntryPair[] {
  const fromEntries = new Map<string, Item>();
  const toEntries = new Map<string, Item>();
  collectDiffering(from, to, fromEntries, toEntries);
  const keys = new Set([...fromEntries.keys(), ...toEntries.keys()]);
  const pairs: EntryPair[] = [];
  for (const key of keys) {
    const pair = { key, from: fromEntries.get(key), to: toEntries.get(key) };
    if (pair.from !== pair.to) pairs.push(pair);
  }
  return pairs.sort((one, other) => compareKeys(one.key, other.key));
}

function collectDiffering(from: TriePart, to: TriePart, fromEntries: Map<string, Item>, toEntries: Map<string, Item>): void {
  for (let at = 0; at < from.keys.length; at += 1) fromEntries.set(from.keys[at] as string, from.items[at] as Item);
  for (let at = 0; at < to.keys.length; at += 1) toEntries.set(to.keys[at] as string, to.items[at] as Item);
  if (from.kind === 'bucket' || to.kind === 'bucket') return;
  let fromChild = 0;
  let toChild = 0;
  for (let bit = 1; bit < 0x10000; bit <<= 1) {
    const one = (from.nodeMap & bit) !== 0 ? from.children[fromChild++] : undefined;
    const other = (to.nodeMap & bit) !== 0 ? to.children[toChild++] : undefined;
    if (one === other) continue;
    if (one !== undefined && other !== undefined) {
      if (isEqualByLink(one, other) !== true) collectDiffering(loaded<TriePart>(one), loaded<TriePart>(other), fromEntries, toEntries);
    } else if (one !== undefined) forEachEntry(loaded<TriePart>(one), (key, item) => fromEntries.set(key, item));
    else if (other !== undefined) forEachEntry(loaded<TriePart>(other), (key, item) => toEntries.set(key, item));
  }
}

function diffListsAt(from: ListItem, to: ListItem, path: Path, changes: Change[]): void {
  for (const step of diffLists(from, to)) pushListStep(step, path, changes);
}

function pushListStep(step: ListStep, path: Path, changes: Change[]): void {
  const here = [...path, step.at];
  if (step.kind === 'update') diffAt(step.from, step.to, here, changes);
  else if (step.kind === 'create') changes.push({ kind: 'create', path: here, new: plainOf(step.to, here.length) });
  else changes.push({ kind: 'delete', path: here, old: plainOf(step.from, here.length) });
}
