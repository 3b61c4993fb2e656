/**
 * Merging lists as texts are merged: items that all three have in common divide the lists into stretches; a stretch that only one side
 * changed is taken from that side, one that both changed item by item is merged item by item, anything else cannot be joined.
 */
import type { Path } from '@skep/kernel';
import { isEqual } from '../equal.js';
import { listGet, listItems, listLength, listSet, rebuilt } from '../list.js';
import { differingPlaces, matchesBetween, PLACES_MAX } from '../list-diff.js';
import { type Item, isList, isMap, type ListItem, loadedItem } from '../node.js';
import type { Space } from '../space.js';
import { type Range, type Stretch, stretchesOf } from './diff3.js';
import { mergeGrowth } from './list-growth.js';
import { memberName } from './member-name.js';
import type { Merger } from './merger.js';
import { type MergeRule, mayCount } from './rule.js';

interface Lists {
  readonly base: ListItem;
  readonly ours: ListItem;
  readonly theirs: ListItem;
}

interface Items {
  readonly base: readonly Item[];
  readonly ours: readonly Item[];
  readonly theirs: readonly Item[];
}

export interface Place {
  readonly path: Path;
  readonly rules: readonly MergeRule[];
  readonly merger: Merger;
}

/** Up to so many items are compared each with each; of more it is cheaper to hash them. */
const PAIRS_MAX = 16;

/** Undefined where both sides changed the same stretch and it cannot be told how to join them. */
export function mergeLists(lists: Lists, place: Place): ListItem | undefined {
  return byPlaces(lists, place) ?? mergeGrowth(lists) ?? byStretches(lists, place);
}

/** Lists of one length that differ in few places, none of which moved: each place is merged for itself. */
function byPlaces({ base, ours, theirs }: Lists, { path, rules, merger }: Place): ListItem | undefined {
  const length = listLength(base);
  if (listLength(ours) !== length || listLength(theirs) !== length) return undefined;
  const places = differingPlaces(base, theirs);
  const ownPlaces = differingPlaces(base, ours);
  if (places.length > PLACES_MAX || ownPlaces.length > PLACES_MAX) return undefined;
  if (haveMoved(itemsAt(base, places), itemsAt(theirs, places), merger.space)) return undefined;
  if (haveMoved(itemsAt(base, ownPlaces), itemsAt(ours, ownPlaces), merger.space)) return undefined;
  return merger.attempt(() => {
    let merged = ours;
    for (const at of places) {
      const present = listGet(ours, at);
      const item = merger.member({ base: listGet(base, at), ours: present, theirs: listGet(theirs, at) }, path, at, rules);
      if (item === undefined) return undefined;
      if (item !== present) merged = listSet(merged, at, item);
    }
    return merged;
  });
}

function itemsAt(list: ListItem, places: readonly number[]): readonly Item[] {
  return places.map((at) => listGet(list, at));
}

/**
 * Whether a list or object stands where another one stood. Merging such neighbours field by field would mix two things into one. Scalars are
 * taken for changed, not for moved.
 */
function haveMoved(base: readonly Item[], side: readonly Item[], space: Space): boolean {
  if (base.length < 2) return false;
  const isElsewhere = base.length <= PAIRS_MAX ? equalTo(base) : namedAs(base, space);
  return side.some((item, at) => isContainer(item) && !isEqual(item, base[at] as Item) && isElsewhere(item));
}

function equalTo(items: readonly Item[]): (item: Item) => boolean {
  return (item) => items.some((each) => isEqual(each, item));
}

function namedAs(items: readonly Item[], space: Space): (item: Item) => boolean {
  const names = new Set(items.filter(isContainer).map((item) => memberName(item, space)));
  return (item) => names.has(memberName(item, space));
}

function isContainer(item: Item): boolean {
  const found = loadedItem(item);
  return isMap(found) || isList(found);
}

function byStretches(lists: Lists, place: Place): ListItem | undefined {
  const items = { base: listItems(lists.base), ours: listItems(lists.ours), theirs: listItems(lists.theirs) };
  const lengths = { base: items.base.length, ours: items.ours.length, theirs: items.theirs.length };
  const sequences = { lengths, inOurs: placesIn(items.base, items.ours), inTheirs: placesIn(items.base, items.theirs) };
  const merged: Item[] = [];
  for (const stretch of stretchesOf(sequences)) {
    const joined = stretch.kind === 'same' ? within(items.ours, stretch.ours) : mergeStretch(items, stretch, place);
    if (joined === undefined) return undefined;
    for (const item of joined) merged.push(item);
  }
  return rebuilt(merged, lists.ours);
}

function mergeStretch(items: Items, stretch: Stretch, { path, rules, merger }: Place): readonly Item[] | undefined {
  const base = within(items.base, stretch.base);
  const ours = within(items.ours, stretch.ours);
  const theirs = within(items.theirs, stretch.theirs);
  if (isSame(theirs, base)) return ours;
  if (isSame(ours, base)) return theirs;
  const isAligned = base.length === ours.length && base.length === theirs.length;
  if (isSame(ours, theirs) && !(isAligned && mayCount(rules))) return ours;
  if (!isAligned || haveMoved(base, ours, merger.space) || haveMoved(base, theirs, merger.space)) return undefined;
  const merged: Item[] = [];
  for (const [index, item] of base.entries()) {
    const joined = merger.member({ base: item, ours: ours[index], theirs: theirs[index] }, path, stretch.ours.from + index, rules);
    if (joined !== undefined) merged.push(joined);
  }
  return merged;
}

/** For each item of the base its place in a side, -1 for none; ascending. What both ends have in common is cut off first. */
function placesIn(base: readonly Item[], side: readonly Item[]): Int32Array {
  const places = new Int32Array(base.length).fill(-1);
  const most = Math.min(base.length, side.length);
  let start = 0;
  while (start < most && isEqual(base[start] as Item, side[start] as Item)) {
    places[start] = start;
    start += 1;
  }
  let tail = 0;
  while (tail < most - start && isEqual(base[base.length - 1 - tail] as Item, side[side.length - 1 - tail] as Item)) {
    tail += 1;
    places[base.length - tail] = side.length - tail;
  }
  for (const { one, other } of matchesBetween(base.slice(start, base.length - tail), side.slice(start, side.length - tail))) {
    places[start + one] = start + other;
  }
  return places;
}

function within(items: readonly Item[], { from, to }: Range): readonly Item[] {
  return items.slice(from, to);
}

function isSame(one: readonly Item[], other: readonly Item[]): boolean {
  return one.length === other.length && one.every((item, at) => isEqual(item, other[at] as Item));
}
