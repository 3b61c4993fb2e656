/** Whether two items hold the same value: by identity or hash where that is known, else by looking as far as needed. */
import { type Item, isList, isMap, type Link, type ListItem, loaded, loadedItem, type MapItem, type TriePart, type VectorPart } from './node.js';

export function isEqual(one: Item, other: Item): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  const known = isEqualByLink(one, other);
  return known ?? isEqualLoaded(one, other);
}

/** Anything that may know its hash; dates never do. */
export interface Linked {
  readonly kind: string;
  readonly link?: Uint8Array | undefined;
}

/** Undefined where the hash of one of them is not known. */
export function isEqualByLink(one: Linked, other: Linked): boolean | undefined {
  const oneLink = one.link;
  const otherLink = other.link;
  if (oneLink === undefined || otherLink === undefined) return undefined;
  return isSameBytes(oneLink, otherLink);
}

/** Whether it takes no work to see that both are the same: one node or one hash. False proves nothing. */
export function isSamePart(one: Linked, other: Linked): boolean {
  return one === other || isEqualByLink(one, other) === true;
}

export function isSameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return false;
  return true;
}

function isEqualLoaded(one: Item, other: Item): boolean {
  const left = loadedItem(one);
  const right = loadedItem(other);
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (isMap(left)) return isMap(right) && isEqualMap(left, right);
  if (isList(left)) return isList(right) && isEqualList(left, right);
  if (left.kind === 'text') return right.kind === 'text' && left.text === right.text;
  if (left.kind === 'date') return right.kind === 'date' && left.ms === right.ms;
  return right.kind === 'bytes' && isSameBytes(left.bytes, right.bytes);
}

/** Same content, same structure (N2): maps and lists are compared part by part, and parts that are shared are not looked into. */
function isEqualMap(one: MapItem, other: MapItem): boolean {
  if (one.kind === 'wide') return other.kind === 'wide' && one.count === other.count && isEqualTrie(one.root, other.root);
  return other.kind === 'map' && (one.keys === other.keys || isSameList(one.keys, other.keys)) && isEqualItems(one.items, other.items);
}

function isEqualTrie(one: TriePart, other: TriePart): boolean {
  if (one === other) return true;
  const known = isEqualByLink(one, other);
  if (known !== undefined) return known;
  if (!isSameList(one.keys, other.keys) || !isEqualItems(one.items, other.items)) return false;
  if (one.kind === 'bucket' || other.kind === 'bucket') return one.kind === other.kind;
  if (one.dataMap !== other.dataMap || one.nodeMap !== other.nodeMap) return false;
  return areEqualParts(one.children, other.children, isEqualTrie);
}

function isEqualList(one: ListItem, other: ListItem): boolean {
  if (one.kind === 'list') return other.kind === 'list' && isEqualItems(one.items, other.items);
  return other.kind === 'vector' && one.length === other.length && areEqualParts(one.children, other.children, isEqualVectorPart);
}

function isEqualVectorPart(one: VectorPart, other: VectorPart): boolean {
  if (one.kind === 'list') return other.kind === 'list' && isEqualItems(one.items, other.items);
  return other.kind === 'vector-branch' && areEqualParts(one.children, other.children, isEqualVectorPart);
}

function areEqualParts<Part extends TriePart | VectorPart>(
  one: readonly (Part | Link<Part>)[],
  other: readonly (Part | Link<Part>)[],
  isEqualPart: (one: Part, other: Part) => boolean,
): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at += 1) {
    const left = one[at] as Part | Link<Part>;
    const right = other[at] as Part | Link<Part>;
    if (left === right) continue;
    if (!(isEqualByLink(left, right) ?? isEqualPart(loaded<Part>(left), loaded<Part>(right)))) return false;
  }
  return true;
}

function isEqualItems(one: readonly Item[], other: readonly Item[]): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at += 1) if (!isEqual(one[at] as Item, other[at] as Item)) return false;
  return true;
}

function isSameList(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return false;
  return true;
}
