/**
 * Merging lists as texts are merged: items that all three have in common divide the lists into stretches; a stretch that only one side
 * changed is taken from that side, one that both changed item by item is merged item by item, anything else cannot be joined.
 */
import { isEqual } from '../equal.js';
import { listItems, rebuilt } from '../list.js';
import { matchesBetween } from '../list-diff.js';
import type { Item, ListItem } from '../node.js';
import { mergeAligned } from './aligned-lists.js';
import { type Range, type Stretch, stretchesOf } from './diff3.js';
import { mergeGrowth } from './list-growth.js';
import type { Merger } from './merger.js';
import { haveMoved } from './moved.js';
import { type MergeRule, mayCount } from './rule.js';
import type { Three } from './sides.js';

type Items = Three<readonly Item[]>;

export interface Place {
  readonly rules: readonly MergeRule[];
  readonly merger: Merger;
}

/** Undefined where both sides changed the same stretch and it cannot be told how to join them. */
export function mergeLists(lists: Three<ListItem>, place: Place): ListItem | undefined {
  return mergeAligned(lists, place) ?? mergeGrowth(lists) ?? byStretches(lists, place);
}

function byStretches(lists: Three<ListItem>, place: Place): ListItem | undefined {
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

function mergeStretch(items: Items, stretch: Stretch, { rules, merger }: Place): readonly Item[] | undefined {
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
    const joined = merger.member({ base: item, ours: ours[index], theirs: theirs[index] }, stretch.ours.from + index, rules);
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
