/**
 * How one list became another: which items were changed in place, inserted, removed. Indexes are those of the moment: steps apply one after
 * the other, from the front, so everything before a step's index is already as it will be.
 *
 * What both ends have in common is cut off first, then equal items in between are matched (longest common subsequence of the items that
 * occur in both), and what lies between two matches is paired item by item.
 */

import { isEqual, isSamePart } from './equal.js';
import { VECTOR_BITS } from './format.js';
import { capacityOf, listGet, listItemsFrom, listLength } from './list.js';
import { type Item, type ListItem, type ListNode, loaded, type VectorChild, type VectorPart } from './node.js';

/** What was there and what is there now, undefined for nothing. */
export interface ItemPair {
  readonly from: Item | undefined;
  readonly to: Item | undefined;
}

/** An item was changed, inserted or removed. */
export interface ListStep extends ItemPair {
  readonly at: number;
}

/** Lists of one length with so few differing places are compared place by place: whatever moved, there is little to tell. */
export const PLACES_MAX = 16;

export function diffLists(from: ListItem, to: ListItem): readonly ListStep[] {
  if (listLength(from) === listLength(to)) {
    const steps = differingPlaces(from, to).map((at) => ({ at, from: listGet(from, at), to: listGet(to, at) }));
    if (steps.length <= PLACES_MAX || isInPlace(steps)) return steps;
  }
  const shared = sharedStart(from, to);
  const one = listItemsFrom(from, shared);
  const other = listItemsFrom(to, shared);
  const start = commonStart(one, other);
  const tail = commonEnd(one, other, start);
  const steps: ListStep[] = [];
  let at = shared + start;
  let oneAt = start;
  let otherAt = start;
  const matches = matchesBetween(one.slice(start, one.length - tail), other.slice(start, other.length - tail));
  for (const match of [...matches, { one: one.length - tail - start, other: other.length - tail - start }]) {
    const oneEnd = start + match.one;
    const otherEnd = start + match.other;
    for (; oneAt < oneEnd && otherAt < otherEnd; at += 1) {
      steps.push({ at, from: one[oneAt++], to: other[otherAt++] });
    }
    while (oneAt < oneEnd) steps.push({ at, from: one[oneAt++], to: undefined });
    for (; otherAt < otherEnd; at += 1) steps.push({ at, from: undefined, to: other[otherAt++] });
    oneAt += 1;
    otherAt += 1;
    at += 1;
  }
  return steps;
}

export interface Match {
  readonly one: number;
  readonly other: number;
}

/** Equal items of two lists in the same order in both: as many as there are when items occur once. */
export function matchesBetween(one: readonly Item[], other: readonly Item[]): readonly Match[] {
  if (one.length === 0 || other.length === 0) return [];
  const places = new Map<unknown, number[]>();
  for (const [at, item] of other.entries()) {
    const name = nameOf(item);
    const known = places.get(name);
    if (known === undefined) places.set(name, [at]);
    else known.push(at);
  }
  const candidates: Match[] = [];
  for (const [at, item] of one.entries()) {
    const known = places.get(nameOf(item));
    const place = known?.[0];
    if (known === undefined || place === undefined || !isEqual(item, other[place] as Item)) continue;
    known.shift();
    candidates.push({ one: at, other: place });
  }
  return longestAscending(candidates);
}

/** Equal scalars have equal names, so have nodes that are shared or sealed; other nodes go by identity. */
function nameOf(item: Item): unknown {
  if (typeof item !== 'object' || item === null || item.kind === 'date' || item.link === undefined) return item;
  return Buffer.from(item.link).toString('latin1');
}

/** The longest run of matches whose places ascend in both lists (patience sorting). */
function longestAscending(matches: readonly Match[]): readonly Match[] {
  const ends: number[] = [];
  const before: number[] = [];
  for (const [index, match] of matches.entries()) {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((matches[ends[middle] as number] as Match).other < match.other) low = middle + 1;
      else high = middle;
    }
    before.push(low === 0 ? -1 : (ends[low - 1] as number));
    ends[low] = index;
  }
  const run: Match[] = [];
  for (let index = ends.at(-1) ?? -1; index >= 0; index = before[index] as number) run.push(matches[index] as Match);
  return run.reverse();
}

/** The places at which two lists of one length do not have the same node or scalar. */
export function differingPlaces(from: ListItem, to: ListItem): readonly number[] {
  const places: number[] = [];
  if (from.kind === 'list' && to.kind === 'list') compareLeaves(from, to, { start: 0, height: 0, places });
  if (from.kind === 'vector' && to.kind === 'vector') compareChildren(from.children, to.children, { start: 0, height: from.height, places });
  return places;
}

/** Whether nothing moved: what is gone from one place is found at no other. */
function isInPlace(steps: readonly { readonly from: Item; readonly to: Item }[]): boolean {
  const gone = new Set(steps.map(({ from }) => nameOf(from)));
  return !steps.some(({ to }) => gone.has(nameOf(to)));
}

interface Comparison {
  /** Items before the part. */
  readonly start: number;
  readonly height: number;
  readonly places: number[];
}

function compareChildren(from: readonly VectorChild[], to: readonly VectorChild[], { start, height, places }: Comparison): void {
  for (let index = 0; index < from.length; index += 1) {
    const one = from[index] as VectorChild;
    const other = to[index] as VectorChild;
    if (isSamePart(one, other)) continue;
    compareParts(loaded<VectorPart>(one), loaded<VectorPart>(other), {
      start: start + (index << (VECTOR_BITS * height)),
      height: height - 1,
      places,
    });
  }
}

function compareParts(one: VectorPart, other: VectorPart, comparison: Comparison): void {
  if (one.kind === 'vector-branch' && other.kind === 'vector-branch') compareChildren(one.children, other.children, comparison);
  if (one.kind === 'list' && other.kind === 'list') compareLeaves(one, other, comparison);
}

function compareLeaves(one: ListNode, other: ListNode, { start, places }: Comparison): void {
  for (let at = 0; at < one.items.length; at += 1) if (one.items[at] !== other.items[at]) places.push(start + at);
}

/** How many items at the front need no look, as both lists share the leaves that hold them: what was appended to costs what was appended. */
function sharedStart(from: ListItem, to: ListItem): number {
  if (from.kind === 'list' || to.kind === 'list' || from.height !== to.height) return 0;
  let start = 0;
  let { height, children: one } = from;
  let other = to.children;
  for (; ; height -= 1) {
    let at = 0;
    while (at < one.length && at < other.length && isSamePart(one[at] as VectorChild, other[at] as VectorChild)) at += 1;
    start += at * capacityOf(height - 1);
    if (at === one.length || at === other.length) return Math.min(start, from.length, to.length);
    const left = loaded<VectorPart>(one[at] as VectorChild);
    const right = loaded<VectorPart>(other[at] as VectorChild);
    if (left.kind === 'list' || right.kind === 'list') return start;
    one = left.children;
    other = right.children;
  }
}

function commonStart(one: readonly Item[], other: readonly Item[]): number {
  const end = Math.min(one.length, other.length);
  let at = 0;
  while (at < end && isEqual(one[at] as Item, other[at] as Item)) at += 1;
  return at;
}

function commonEnd(one: readonly Item[], other: readonly Item[], start: number): number {
  const end = Math.min(one.length, other.length) - start;
  let count = 0;
  while (count < end && isEqual(one[one.length - 1 - count] as Item, other[other.length - 1 - count] as Item)) count += 1;
  return count;
}
