/**
 * The length of the canonical encoding of values, without encoding them: each node remembers its own, so after a change only the changed
 * path is counted again.
 */

import { VECTOR_WIDTH } from './format.js';
import { mapCount } from './map.js';
import type { DateNode, Item, ListItem, MapItem, Node, TrieChild, TriePart, VectorChild } from './node.js';

const DATE_BYTES = 10;

export function sizeOf(item: Item): number {
  switch (typeof item) {
    case 'string':
      return textSize(utf8Length(item));
    case 'number':
      return numberSize(item);
    case 'boolean':
      return 1;
    default:
      return item === null ? 1 : sizeOfNode(item);
  }
}

/** Length of a text of so many bytes with its header. */
export function textSize(length: number): number {
  return length + (length < 32 ? 1 : length < 0x100 ? 2 : length < 0x10000 ? 3 : 5);
}

export function bytesSize(length: number): number {
  return length + (length < 0x100 ? 2 : length < 0x10000 ? 3 : 5);
}

/** Length of the header of a list or map. */
export function headerSize(count: number): number {
  return count < 16 ? 1 : count < 0x10000 ? 3 : 5;
}

/** The entries at and below a part of a trie. */
export function sizeOfTrie(part: TriePart): number {
  if (part.size >= 0) return part.size;
  let size = entriesSize(part.keys, part.items);
  if (part.kind === 'branch') for (const child of part.children) size += child.kind === 'link' ? child.size : sizeOfTrie(child);
  part.size = size;
  return size;
}

/** The items below a branch of a vector; a leaf counts as the list that it is. */
export function sizeOfVectorChild(child: VectorChild): number {
  if (child.kind === 'link') return child.size;
  if (child.kind === 'list') return sizeOf(child);
  if (child.size < 0) child.size = childrenSize(child.children);
  return child.size;
}

/** What stands in a node as a link: nearly always known, as a node is sealed with its size. */
export function sizeOfChild(child: Exclude<Node, DateNode> | TrieChild | VectorChild): number {
  if (child.size >= 0) return child.size;
  switch (child.kind) {
    case 'branch':
    case 'bucket':
      return sizeOfTrie(child);
    case 'vector-branch':
      return sizeOfVectorChild(child);
    case 'link':
      return child.size;
    default:
      return sizeOf(child);
  }
}

function sizeOfNode(node: Exclude<Item, string | number | boolean | null>): number {
  switch (node.kind) {
    case 'date':
      return DATE_BYTES;
    case 'link':
      return node.size;
    default:
      if (node.size < 0) {
        if (node.kind === 'text') node.size = textSize(utf8Length(node.text));
        else if (node.kind === 'bytes') node.size = bytesSize(node.bytes.length);
        else node.size = node.kind === 'map' || node.kind === 'wide' ? mapSize(node) : listSize(node);
      }
      return node.size;
  }
}

function mapSize(map: MapItem): number {
  return headerSize(mapCount(map)) + (map.kind === 'map' ? entriesSize(map.keys, map.items) : sizeOfTrie(map.root));
}

function listSize(list: ListItem): number {
  if (list.kind === 'list') return headerSize(list.items.length) + itemsSize(list.items);
  return vectorSize(list.length, childrenSize(list.children));
}

/** @param children the sum of the sizes of all leaves and branches below */
export function vectorSize(length: number, children: number): number {
  return headerSize(length) + children - leafHeadersSize(length);
}

/** Leaves count as the lists that they are, so their headers are in the sums of a vector but not in its encoding. */
function leafHeadersSize(length: number): number {
  const rest = length % VECTOR_WIDTH;
  return Math.floor(length / VECTOR_WIDTH) * headerSize(VECTOR_WIDTH) + (rest === 0 ? 0 : headerSize(rest));
}

function entriesSize(keys: readonly string[], items: readonly Item[]): number {
  let size = itemsSize(items);
  for (let at = 0; at < keys.length; at += 1) size += textSize(utf8Length(keys[at] as string));
  return size;
}

function itemsSize(items: readonly Item[]): number {
  let size = 0;
  for (let at = 0; at < items.length; at += 1) size += sizeOf(items[at] as Item);
  return size;
}

function childrenSize(children: readonly VectorChild[]): number {
  let size = 0;
  for (const child of children) size += sizeOfVectorChild(child);
  return size;
}

/** Native code is the faster one only for longer texts. */
const SHORT_UNITS_MAX = 12;

function utf8Length(text: string): number {
  const { length } = text;
  if (length > SHORT_UNITS_MAX) return Buffer.byteLength(text);
  for (let at = 0; at < length; at += 1) if (text.charCodeAt(at) > 0x7f) return Buffer.byteLength(text);
  return length;
}

function numberSize(value: number): number {
  if (!Number.isInteger(value)) return 9;
  if (value >= 0) return value < 0x80 ? 1 : value < 0x100 ? 2 : value < 0x10000 ? 3 : value < 0x1_0000_0000 ? 5 : 9;
  return value >= -32 ? 1 : value >= -0x80 ? 2 : value >= -0x8000 ? 3 : value >= -0x8000_0000 ? 5 : 9;
}
