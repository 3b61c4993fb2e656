/** Reading tries: each entry must stand where its key's address says, and no part may be smaller than a trie keeps one. */
import { compareKeys, type Reader } from '@skep/kernel';
import { INLINE_BYTES_MAX, LINK_EXTENSION, NODE_HEADER_BYTES, TAG, TRIE_LEVELS } from './format.js';
import { Branch, Bucket, type Item, type TrieChild, type TriePart } from './node.js';
import { linkHash } from './seal.js';
import { sizeOfTrie } from './size.js';
import { nibbleOf } from './space.js';
import { bitCount } from './trie.js';
import type { Unsealer } from './unseal.js';

interface TriePlace {
  /** The nibbles that lead here; as many as levels above. */
  readonly path: readonly number[];
  /** Depth of the map in the value. */
  readonly depth: number;
}

/** @param members what is left of the list that the branch is written as */
export function readBranch(reader: Reader, unsealer: Unsealer, { members, path, depth }: TriePlace & { readonly members: number }): Branch {
  const dataMap = readBits(reader);
  const nodeMap = readBits(reader);
  const entryCount = bitCount(dataMap);
  const childCount = bitCount(nodeMap);
  if ((dataMap & nodeMap) !== 0 || members !== 2 + entryCount * 2 + childCount) reader.refuse('has a part of a map that contradicts itself');
  if (childCount === 0 && entryCount < 2) reader.refuse('has a part of a map that is too small');
  const keys: string[] = [];
  const items: Item[] = [];
  for (let nibble = 0; nibble < 16; nibble += 1) {
    if ((dataMap & (1 << nibble)) === 0) continue;
    const { key, item } = unsealer.entry(reader, depth);
    if (!belongs(unsealer, key, [...path, nibble])) reader.refuse('has a key where it does not belong');
    keys.push(key);
    items.push(item);
  }
  const children: TrieChild[] = [];
  for (let nibble = 0; nibble < 16; nibble += 1) {
    if ((nodeMap & (1 << nibble)) !== 0) children.push(readChild(reader, unsealer, { path: [...path, nibble], depth }));
  }
  // Copies are as long as what they hold; arrays that grew keep room for more.
  return new Branch(dataMap, nodeMap, keys.slice(), items.slice(), children.slice());
}

function readChild(reader: Reader, unsealer: Unsealer, place: TriePlace): TrieChild {
  if (reader.extensionType() === LINK_EXTENSION)
    return unsealer.link<TriePart>(reader, (link, size) => readLinkedPart(unsealer, { link, size }, place));
  const start = reader.at;
  const part = readTriePart(reader, unsealer, place);
  if (reader.at - start > INLINE_BYTES_MAX) reader.refuse('has a long part in place of a link');
  return part;
}

function readLinkedPart(unsealer: Unsealer, { link, size }: { readonly link: Uint8Array; readonly size: number }, place: TriePlace): TriePart {
  const reader = unsealer.open(linkHash(link));
  if (reader.value(0) !== (place.path.length === TRIE_LEVELS ? TAG.bucket : TAG.branch)) reader.refuse('is no part of a map');
  const part = readTriePart(reader, unsealer, place);
  if (reader.left > 0 || reader.at - NODE_HEADER_BYTES <= INLINE_BYTES_MAX || sizeOfTrie(part) !== size)
    reader.refuse('is not the part that its link tells of');
  part.link = link;
  return part;
}

function readTriePart(reader: Reader, unsealer: Unsealer, place: TriePlace): TriePart {
  const members = reader.listHeader();
  return place.path.length === TRIE_LEVELS
    ? readBucket(reader, unsealer, { ...place, members })
    : readBranch(reader, unsealer, { ...place, members });
}

function readBucket(reader: Reader, unsealer: Unsealer, { members, path, depth }: TriePlace & { readonly members: number }): Bucket {
  if (members < 4 || members % 2 !== 0) reader.refuse('has a part of a map that is too small');
  const keys: string[] = [];
  const items: Item[] = [];
  for (let at = 0; at < members / 2; at += 1) {
    const { key, item } = unsealer.entry(reader, depth);
    if (!belongs(unsealer, key, path)) reader.refuse('has a key where it does not belong');
    if (at > 0 && compareKeys(keys[at - 1] as string, key) >= 0) reader.refuse('has keys out of order or twice');
    keys.push(key);
    items.push(item);
  }
  return new Bucket(keys, items);
}

function belongs(unsealer: Unsealer, key: string, path: readonly number[]): boolean {
  const address = unsealer.space.addressOf(key);
  return path.every((nibble, level) => nibbleOf(address, level) === nibble);
}

function readBits(reader: Reader): number {
  const bits = reader.value(0);
  return typeof bits === 'number' && Number.isInteger(bits) && bits >= 0 && bits <= 0xffff ? bits : reader.refuse('has a map of bits that is none');
}
