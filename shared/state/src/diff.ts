/**
 * What changed from one tree to another, field by field, in the order in which the changes apply: keys ascending, indexes from the front.
 * Only what differs is looked at: parts that are the same node or have the same hash are passed over.
 *
 * D1 `from.apply(diff(from, to))` has the root of `to`.
 */
import { type Change, compareKeys, SkepError } from '@skep/kernel';
import { isEqual, isEqualByLink, isSamePart } from './equal.js';
import { diffLists, type ItemPair } from './list-diff.js';
import { sortedEntries } from './map.js';
import { type Branch, type Item, isList, isMap, loaded, loadedItem, type MapItem, type MapNode, type TrieChild, type TriePart } from './node.js';
import { plainOf } from './plain.js';
import type { Tree } from './tree.js';
import { forEachEntry } from './trie.js';

/** @throws SkepError `invalid-input` for trees of different address keys */
export function diff(from: Tree, to: Tree): readonly Change[] {
  if (from.space !== to.space) throw new SkepError('invalid-input', { message: 'trees of different address keys cannot be compared' });
  return diffItems(from.item, to.item);
}

export function diffItems(from: Item, to: Item): readonly Change[] {
  const walk: Walk = { path: [], changes: [] };
  diffAt(from, to, walk);
  return walk.changes;
}

interface Walk {
  /** Where it is now; changes get a copy. */
  readonly path: (string | number)[];
  readonly changes: Change[];
}

function diffAt(from: Item, to: Item, walk: Walk): void {
  if (from === to) return;
  if (typeof from === 'object' && typeof to === 'object' && from !== null && to !== null && isEqualByLink(from, to) === true) return;
  const one = loadedItem(from);
  const other = loadedItem(to);
  if (isMap(one) && isMap(other)) diffMaps(one, other, walk);
  else if (isList(one) && isList(other)) for (const step of diffLists(one, other)) diffMember(step.at, step, walk);
  else if (!isEqual(one, other)) {
    const { path, changes } = walk;
    changes.push({ kind: 'update', path: path.slice(), old: plainOf(one, path.length), new: plainOf(other, path.length) });
  }
}

function diffMaps(from: MapItem, to: MapItem, walk: Walk): void {
  if (from.kind === 'map' && to.kind === 'map' && from.keys === to.keys) {
    // Nearly always: the same shape, few items changed.
    for (let at = 0; at < from.keys.length; at += 1) {
      if (from.items[at] !== to.items[at]) diffMember(from.keys[at] as string, { from: from.items[at], to: to.items[at] }, walk);
    }
    return;
  }
  for (const entry of differingEntries(from, to)) diffMember(entry.key, entry, walk);
}

function diffMember(step: string | number, { from, to }: ItemPair, walk: Walk): void {
  const { path, changes } = walk;
  path.push(step);
  if (from === undefined) changes.push({ kind: 'create', path: path.slice(), new: plainOf(to as Item, path.length) });
  else if (to === undefined) changes.push({ kind: 'delete', path: path.slice(), old: plainOf(from, path.length) });
  else diffAt(from, to, walk);
  path.pop();
}

export interface EntryPair extends ItemPair {
  readonly key: string;
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
export function differingInTries(from: TriePart, to: TriePart): readonly EntryPair[] {
  const found = new Differing();
  found.compare(from, to);
  return found.pairs();
}

class Differing {
  private readonly found: EntryPair[] = [];
  /** Entries that stand where the other trie has none or several: their keys may be elsewhere in it. */
  private readonly moved = { from: new Map<string, Item>(), to: new Map<string, Item>() };

  compare(from: TriePart, to: TriePart): void {
    if (from.kind === 'bucket' || to.kind === 'bucket') {
      this.move(this.moved.from, from);
      this.move(this.moved.to, to);
    } else if (from.keys === to.keys && from.nodeMap === to.nodeMap) {
      // Nearly always: the same keys at the same places.
      for (let at = 0; at < from.keys.length; at += 1) {
        if (from.items[at] !== to.items[at]) this.found.push({ key: from.keys[at] as string, from: from.items[at], to: to.items[at] });
      }
      for (let at = 0; at < from.children.length; at += 1) this.compareChildren(from.children[at] as TrieChild, to.children[at] as TrieChild);
    } else this.compareByPlace(from, to);
  }

  pairs(): readonly EntryPair[] {
    const { from, to } = this.moved;
    for (const [key, item] of from) if (item !== to.get(key)) this.found.push({ key, from: item, to: to.get(key) });
    for (const [key, item] of to) if (!from.has(key)) this.found.push({ key, from: undefined, to: item });
    return this.found.sort((one, other) => compareKeys(one.key, other.key));
  }

  private compareChildren(one: TrieChild, other: TrieChild): void {
    if (!isSamePart(one, other)) this.compare(loaded<TriePart>(one), loaded<TriePart>(other));
  }

  private compareByPlace(from: Branch, to: Branch): void {
    for (let at = 0; at < from.keys.length; at += 1) this.moved.from.set(from.keys[at] as string, from.items[at] as Item);
    for (let at = 0; at < to.keys.length; at += 1) this.moved.to.set(to.keys[at] as string, to.items[at] as Item);
    let fromChild = 0;
    let toChild = 0;
    for (let bit = 1; bit < 0x10000; bit <<= 1) {
      const one = (from.nodeMap & bit) !== 0 ? from.children[fromChild++] : undefined;
      const other = (to.nodeMap & bit) !== 0 ? to.children[toChild++] : undefined;
      if (one !== undefined && other !== undefined) this.compareChildren(one, other);
      else if (one !== undefined) this.move(this.moved.from, loaded<TriePart>(one));
      else if (other !== undefined) this.move(this.moved.to, loaded<TriePart>(other));
    }
  }

  private move(into: Map<string, Item>, part: TriePart): void {
    forEachEntry(part, (key, item) => into.set(key, item));
  }
}
