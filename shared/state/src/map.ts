/** Maps of any size: flat up to 16 entries, tries above, each crossing made in both directions (guarantee G8). Pure. */
import { compareKeys } from '@skep/kernel';
import { succeed } from './encoding.js';
import { FLAT_ENTRIES_MAX } from './format.js';
import { type Branch, type Item, type MapItem, MapNode, WideMap } from './node.js';
import type { Space } from './space.js';
import { type Entry, forEachEntry, trieDelete, trieGet, trieOf, trieSet } from './trie.js';

export const EMPTY_MAP = new MapNode([], []);

/** @param keys in order, each once */
export function mapOf(keys: readonly string[], items: readonly Item[], space: Space): MapItem {
  if (keys.length <= FLAT_ENTRIES_MAX) return keys.length === 0 ? EMPTY_MAP : new MapNode(keys, items);
  return new WideMap(keys.length, trieOf(entriesOf(keys, items), space));
}

export function mapCount(map: MapItem): number {
  return map.kind === 'map' ? map.keys.length : map.count;
}

export function mapGet(map: MapItem, key: string, space: Space): Item | undefined {
  if (map.kind === 'wide') return trieGet(map.root, key, space);
  const at = map.keys.indexOf(key);
  return at < 0 ? undefined : map.items[at];
}

/** The map with an entry; the very map if it has it. */
export function mapSet(map: MapItem, key: string, item: Item, space: Space): MapItem {
  if (map.kind === 'wide') {
    const { root, isNew } = trieSet(map.root, { key, item }, space);
    return root === map.root ? map : succeed(new WideMap(map.count + (isNew ? 1 : 0), root), map);
  }
  const at = map.keys.indexOf(key);
  if (at >= 0) {
    if (map.items[at] === item) return map;
    const items = map.items.slice();
    items[at] = item;
    return succeed(new MapNode(map.keys, items), map);
  }
  const to = placeFor(map.keys, key);
  const keys = map.keys.slice();
  const items = map.items.slice();
  keys.splice(to, 0, key);
  items.splice(to, 0, item);
  return mapOf(keys, items, space);
}

/** The map without a key that it has. */
export function mapDelete(map: MapItem, key: string, space: Space): MapItem {
  if (map.kind === 'wide') return mapOfTrie(trieDelete(map.root, key, space), map.count - 1, space);
  const at = map.keys.indexOf(key);
  const keys = map.keys.slice();
  const items = map.items.slice();
  keys.splice(at, 1);
  items.splice(at, 1);
  return mapOf(keys, items, space);
}

/** The map of the entries of a trie. */
export function mapOfTrie(root: Branch, count: number, space: Space): MapItem {
  const wide = new WideMap(count, root);
  return count > FLAT_ENTRIES_MAX ? wide : flatOf(sortedEntries(wide), space);
}

/** All entries in the order of their keys. */
export function sortedEntries(map: MapItem): readonly Entry[] {
  if (map.kind === 'map') return entriesOf(map.keys, map.items);
  const entries: Entry[] = [];
  forEachEntry(map.root, (key, item) => entries.push({ key, item }));
  return entries.sort((one, other) => compareKeys(one.key, other.key));
}

/** Where a key that is not there belongs. */
export function placeFor(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareKeys(keys[middle] as string, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function flatOf(entries: readonly Entry[], space: Space): MapItem {
  return mapOf(
    entries.map((entry) => entry.key),
    entries.map((entry) => entry.item),
    space,
  );
}

function entriesOf(keys: readonly string[], items: readonly Item[]): readonly Entry[] {
  return keys.map((key, at) => ({ key, item: items[at] as Item }));
}
