/** What a tree holds beyond what it shares with the one that it came from. */
import { differingEntries } from '../diff.js';
import { isEqualByLink } from '../equal.js';
import { type Item, isList, isMap, type ListItem, loaded, loadedItem, type VectorChild } from '../node.js';
import { sizeOf, sizeOfVectorChild } from '../size.js';
import type { Tree } from '../tree.js';

/** Bytes, encoded. Costs what differs; lists are compared place by place, as their nodes are shared. */
export function ownBytes(base: Tree, tree: Tree): number {
  return ownOf(base.item, tree.item);
}

function ownOf(from: Item | undefined, to: Item): number {
  if (from === to) return 0;
  if (from === undefined || typeof from !== 'object' || typeof to !== 'object' || from === null || to === null) return sizeOf(to);
  if (isEqualByLink(from, to) === true) return 0;
  const one = loadedItem(from);
  const other = loadedItem(to);
  if (isList(one) && isList(other)) return ownOfList(one, other);
  if (!isMap(one) || !isMap(other)) return sizeOf(other);
  let bytes = 0;
  for (const entry of differingEntries(one, other)) if (entry.to !== undefined) bytes += sizeOf(entry.key) + ownOf(entry.from, entry.to);
  return bytes;
}

function ownOfList(from: ListItem, to: ListItem): number {
  if (from.kind === 'list' && to.kind === 'list') return ownOfItems(from.items, to.items);
  if (from.kind !== 'vector' || to.kind !== 'vector' || from.height !== to.height) return sizeOf(to);
  return ownOfChildren(from.children, to.children);
}

function ownOfItems(from: readonly Item[], to: readonly Item[]): number {
  let bytes = 0;
  for (const [at, item] of to.entries()) bytes += ownOf(from[at], item);
  return bytes;
}

function ownOfChildren(from: readonly VectorChild[], to: readonly VectorChild[]): number {
  let bytes = 0;
  for (const [at, child] of to.entries()) bytes += ownOfChild(from[at], child);
  return bytes;
}

function ownOfChild(from: VectorChild | undefined, to: VectorChild): number {
  if (from === to) return 0;
  if (from === undefined) return sizeOfVectorChild(to);
  if (isEqualByLink(from, to) === true) return 0;
  const one = loaded(from);
  const other = loaded(to);
  if (one.kind === 'list' && other.kind === 'list') return ownOfItems(one.items, other.items);
  if (one.kind === 'vector-branch' && other.kind === 'vector-branch') return ownOfChildren(one.children, other.children);
  return sizeOfVectorChild(to);
}
