/**
 * Merging maps: what only source changed is put into target's map, parts that target left alone as they are. Entries that both changed are
 * left to be merged one by one, and so are all of parts that do not have the same keys on all three sides.
 */
import { compareKeys } from '@skep/kernel';
import { differingEntries, differingInTries, type EntryPair } from '../diff.js';
import { succeed } from '../encoding.js';
import { mapOfTrie } from '../map.js';
import { Branch, type Item, loaded, type MapItem, MapNode, type TrieChild, type TriePart, type WideMap } from '../node.js';
import type { Space } from '../space.js';
import { joinMembers, type Three } from './sides.js';

export interface JoinedMaps {
  /** Ours, with what only theirs changed. */
  readonly map: MapItem;
  /** Entries that theirs changed and `map` has as ours has them, in the order of their keys. */
  readonly left: readonly EntryPair[];
}

export function joinMaps({ base, ours, theirs }: Three<MapItem>, space: Space): JoinedMaps {
  if (base.kind === 'wide' && ours.kind === 'wide' && theirs.kind === 'wide') return joinWide({ base, ours, theirs }, space);
  if (base.kind === 'map' && ours.kind === 'map' && theirs.kind === 'map' && base.keys === ours.keys && base.keys === theirs.keys) {
    const left: EntryPair[] = [];
    const items = joinItems({ base, ours, theirs }, left);
    return { map: items === ours.items ? ours : succeed(new MapNode(ours.keys, items), ours), left };
  }
  return { map: ours, left: differingEntries(base, theirs) };
}

function joinWide({ base, ours, theirs }: Three<WideMap>, space: Space): JoinedMaps {
  const left: EntryPair[] = [];
  const root = joinParts({ base: base.root, ours: ours.root, theirs: theirs.root }, left) as Branch;
  left.sort((one, other) => compareKeys(one.key, other.key));
  if (root === ours.root) return { map: ours, left };
  // Of the entries that theirs has more than the base, those that are left are not in the map.
  let count = ours.count + theirs.count - base.count;
  for (const { from, to } of left) {
    if (from === undefined) count -= 1;
    if (to === undefined) count += 1;
  }
  return { map: mapOfTrie(root, count, space), left };
}

/** Parts of one place hold the same keys, as equal tries have equal structures. What is left is pushed to `left`. */
function joinParts(parts: Three<TriePart>, left: EntryPair[]): TriePart {
  if (!areAlike(parts)) {
    for (const entry of differingInTries(parts.base, parts.theirs)) left.push(entry);
    return parts.ours;
  }
  const { base, ours, theirs } = parts;
  const items = joinItems(parts, left);
  const children = joinMembers({ base: base.children, ours: ours.children, theirs: theirs.children }, (at) =>
    joinParts({ base: loadedAt(base.children, at), ours: loadedAt(ours.children, at), theirs: loadedAt(theirs.children, at) }, left),
  );
  if (items === ours.items && children === ours.children) return ours;
  return succeed(new Branch(ours.dataMap, ours.nodeMap, ours.keys, items, children), ours);
}

function loadedAt(children: readonly TrieChild[], at: number): TriePart {
  return loaded<TriePart>(children[at] as TrieChild);
}

/** Branches with the same keys at the same places; those nearly always share the array. */
function areAlike(parts: Three<TriePart>): parts is Three<Branch> {
  const { base, ours, theirs } = parts;
  if (base.kind !== 'branch' || ours.kind !== 'branch' || theirs.kind !== 'branch') return false;
  return base.keys === ours.keys && base.keys === theirs.keys && base.nodeMap === ours.nodeMap && base.nodeMap === theirs.nodeMap;
}

interface Entries {
  readonly keys: readonly string[];
  readonly items: readonly Item[];
}

function joinItems({ base, ours, theirs }: Three<Entries>, left: EntryPair[]): readonly Item[] {
  return joinMembers({ base: base.items, ours: ours.items, theirs: theirs.items }, (at) => {
    left.push({ key: base.keys[at] as string, from: base.items[at], to: theirs.items[at] });
    return ours.items[at] as Item;
  });
}
