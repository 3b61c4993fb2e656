/**
 * Lists of any length: one leaf up to 32 items, above that a radix vector whose leaves and branches are full but for the last ones, so that
 * the structure follows from the length alone (guarantee G8). Pure; nodes are shared.
 */
import { succeed } from './encoding.js';
import { VECTOR_BITS, VECTOR_WIDTH } from './format.js';
import { type Item, type ListItem, ListNode, loaded, Vector, VectorBranch, type VectorChild, type VectorPart } from './node.js';

export const EMPTY_LIST = new ListNode([]);

/** @param items owned by the list from now on */
export function listOf(items: readonly Item[]): ListItem {
  return rebuilt(items, undefined);
}

export function listLength(list: ListItem): number {
  return list.kind === 'list' ? list.items.length : list.length;
}

/** @param at within the list */
export function listGet(list: ListItem, at: number): Item {
  if (list.kind === 'list') return list.items[at] as Item;
  let { children } = list;
  for (let height = list.height; ; height -= 1) {
    const part = loaded(children[(at >>> (VECTOR_BITS * height)) & (VECTOR_WIDTH - 1)] as VectorChild);
    if (part.kind === 'list') return part.items[at & (VECTOR_WIDTH - 1)] as Item;
    children = part.children;
  }
}

/** @param at within the list */
export function listSet(list: ListItem, at: number, item: Item): ListItem {
  if (list.kind === 'list') return succeed(new ListNode(list.items.with(at, item)), list);
  return succeed(new Vector(list.length, list.height, setIn(list.children, list.height, at, item)), list);
}

export function listPush(list: ListItem, item: Item): ListItem {
  if (list.kind === 'list') {
    return list.items.length < VECTOR_WIDTH ? new ListNode(list.items.concat([item])) : new Vector(VECTOR_WIDTH + 1, 1, [list, new ListNode([item])]);
  }
  const { length, height, children } = list;
  if (length < capacityOf(height)) return new Vector(length + 1, height, pushIn(children, height, length, item));
  return new Vector(length + 1, height + 1, [new VectorBranch(children), new VectorBranch(pushIn([], height, 0, item))]);
}

/** All items; the caller owns the array. */
export function listItems(list: ListItem): Item[] {
  return listItemsFrom(list, 0);
}

/** The items from an index on; the caller owns the array. */
export function listItemsFrom(list: ListItem, start: number): Item[] {
  if (list.kind === 'list') return list.items.slice(start);
  const items: Item[] = [];
  collect(list.children, { height: list.height, start }, items);
  return items;
}

/** The list of these items, with whatever it has in common with `base` at the same places shared. Owns `items`. */
export function rebuilt(items: readonly Item[], base: ListItem | undefined): ListItem {
  const { length } = items;
  if (length <= VECTOR_WIDTH) {
    if (length === 0) return EMPTY_LIST;
    return leafOf(items, base?.kind === 'list' ? base : undefined);
  }
  const height = heightOf(length);
  const likeBase = base?.kind === 'vector' && base.height === height ? base : undefined;
  const children = childrenOf(items, { start: 0, end: length, height }, likeBase?.children);
  if (likeBase === undefined) return new Vector(length, height, children);
  return likeBase.length === length && isSame(likeBase.children, children) ? likeBase : succeed(new Vector(length, height, children), likeBase);
}

/** Levels of branches above the leaves of a vector, itself included. */
export function heightOf(length: number): number {
  let height = 1;
  while (length > capacityOf(height)) height += 1;
  return height;
}

/** Items that a vector of this height can hold. */
export function capacityOf(height: number): number {
  return VECTOR_WIDTH ** (height + 1);
}

interface Range {
  readonly start: number;
  readonly end: number;
  readonly height: number;
}

function childrenOf(items: readonly Item[], { start, end, height }: Range, base: readonly VectorChild[] | undefined): readonly VectorChild[] {
  const step = capacityOf(height - 1);
  const children: VectorChild[] = [];
  for (let from = start; from < end; from += step) {
    const range = { start: from, end: Math.min(end, from + step), height: height - 1 };
    children.push(partOf(items, range, base?.[children.length]));
  }
  return children.slice();
}

function partOf(items: readonly Item[], range: Range, base: VectorChild | undefined): VectorChild {
  const likeBase = base === undefined ? undefined : loaded<VectorPart>(base);
  if (range.height === 0) {
    return leafOf(items.slice(range.start, range.end), likeBase?.kind === 'list' ? likeBase : undefined);
  }
  if (likeBase?.kind !== 'vector-branch') return new VectorBranch(childrenOf(items, range, undefined));
  const children = childrenOf(items, range, likeBase.children);
  return isSame(likeBase.children, children) ? likeBase : succeed(new VectorBranch(children), likeBase);
}

function leafOf(items: readonly Item[], base: ListNode | undefined): ListNode {
  if (base === undefined) return new ListNode(items);
  return isSame(base.items, items) ? base : succeed(new ListNode(items), base);
}

function setIn(children: readonly VectorChild[], height: number, at: number, item: Item): readonly VectorChild[] {
  const index = (at >>> (VECTOR_BITS * height)) & (VECTOR_WIDTH - 1);
  const part = loaded<VectorPart>(children[index] as VectorChild);
  const changed =
    part.kind === 'list'
      ? succeed(new ListNode(part.items.with(at & (VECTOR_WIDTH - 1), item)), part)
      : succeed(new VectorBranch(setIn(part.children, height - 1, at, item)), part);
  return children.with(index, changed);
}

/** @param length how many items the children hold */
function pushIn(children: readonly VectorChild[], height: number, length: number, item: Item): readonly VectorChild[] {
  const step = capacityOf(height - 1);
  const index = Math.floor(length / step);
  const last = children[index];
  const part = last === undefined ? undefined : loaded<VectorPart>(last);
  const pushed =
    height === 1
      ? new ListNode((part?.kind === 'list' ? part.items : NO_ITEMS).concat([item]))
      : new VectorBranch(pushIn(part?.kind === 'vector-branch' ? part.children : [], height - 1, length - index * step, item));
  return children.slice(0, index).concat([pushed]);
}

const NO_ITEMS: readonly Item[] = [];

/** @param start of the items below these children */
function collect(children: readonly VectorChild[], { height, start }: { readonly height: number; readonly start: number }, items: Item[]): void {
  const step = capacityOf(height - 1);
  for (let at = Math.floor(start / step); at < children.length; at += 1) {
    const part = loaded<VectorPart>(children[at] as VectorChild);
    const from = Math.max(0, start - at * step);
    if (part.kind === 'list') for (let index = from; index < part.items.length; index += 1) items.push(part.items[index] as Item);
    else collect(part.children, { height: height - 1, start: from }, items);
  }
}

function isSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return false;
  return true;
}
