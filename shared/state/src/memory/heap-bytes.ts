/**
 * What trees take in memory: an estimate node by node, with constants measured on Node 20 (64 bits, pointers not compressed). What trees
 * share is counted once.
 *
 * Not counted: the keys of small maps, which nearly all maps of a kind share, what engines keep for themselves, and encodings, which have a
 * limit of their own (`encodingsBytes`).
 */

import type { Branch, Bucket, DateNode, Held, Item, Link, LoadedItem, TriePart, VectorPart } from '../node.js';
import type { Tree } from '../tree.js';

type AnyNode = Exclude<LoadedItem, string | number | boolean | null> | TriePart | VectorPart | Link<Item> | Link<TriePart> | Link<VectorPart>;

/** Texts and fractions have their own place in memory, too; small integers, booleans and null have none. */
export type Member = AnyNode | string | number;

const WORD = 8;
/** Hidden class, properties, elements. */
const OBJECT = 3 * WORD;
const ARRAY = 6 * WORD;
/** Hidden class, hash and length. */
const TEXT = 2 * WORD;
const FRACTION = 2 * WORD;
/** Typed array, buffer and what they refer to. */
const BYTES = 184;
const BYTES_STEP = 16;
/** The function of a link and the values that it holds on to. */
const READER = 15 * WORD;
/** A pack beside its bytes: what finds nodes in it. */
const SOURCE = 80 * WORD;
/** In a trie that is the way to the part, too. */
const TRIE_READER = 14 * WORD;
/** An object literal has room for four members, more are added three at a time. */
const PLAIN_MEMBERS = 4;
const PLAIN_STEP = 3;
/** Objects with more members are hash tables, of a power of two slots, half as many again at least. */
const PLAIN_FAST_MAX = 128;
const PLAIN_SLOT = 3 * WORD;
const PLAIN_SPARE = 1.5;
const INTEGER_MAX = 0x7fffffff;
/** Fields of each class, with those that all nodes have: kind, link and size. */
const FIELDS = { text: 4, bytes: 4, date: 2, map: 7, wide: 7, branch: 9, bucket: 5, list: 6, vector: 8, 'vector-branch': 5, link: 6 } as const;

/** All that a tree takes, and the pack that it was read from as long as parts of it lead there. */
export function heapBytesOf(tree: Tree): number {
  const members = new Set<Member>();
  const sources = new Set<Held>();
  collectMembers(tree.item, members);
  let bytes = 0;
  for (const member of members) {
    bytes += ownBytes(member);
    if (typeof member === 'object' && member.kind === 'link') sources.add(member.source);
  }
  for (const source of sources) bytes += sourceBytes(source);
  return bytes;
}

/** What is in memory as long as one link leads there. */
export function sourceBytes({ heldBytes = 0 }: Held): number {
  return SOURCE + heldBytes;
}

/** Adds an item and all below it. */
export function collectMembers(item: Item | Member, into: Set<Member>): void {
  if (!isMember(item) || into.has(item)) return;
  into.add(item);
  if (typeof item === 'object') forEachMember(item, (member) => collectMembers(member, into));
}

/** Whether it has a place of its own in memory. */
export function isMember(item: Item | Member): item is Member {
  if (typeof item === 'object') return item !== null;
  return typeof item === 'string' || (typeof item === 'number' && !isSmall(item));
}

/** What is right below a node. */
export function forEachMember(node: AnyNode, take: (member: Item | Member) => void): void {
  switch (node.kind) {
    case 'map':
    case 'list':
      for (const item of node.items) take(item);
      return;
    case 'wide':
      take(node.root);
      return;
    case 'branch':
    case 'bucket':
      forEachOfPart(node, take);
      return;
    case 'vector':
    case 'vector-branch':
      for (const child of node.children) take(child);
      return;
    case 'link':
      if (node.known !== undefined) take(node.known);
      return;
    case 'text':
      take(node.text);
      return;
    case 'bytes':
    case 'date':
      return;
  }
}

/** What it takes without what is below it. */
export function ownBytes(member: Member): number {
  if (typeof member === 'string') return textBytes(member);
  if (typeof member === 'number') return FRACTION;
  const { kind } = member;
  let bytes = OBJECT + FIELDS[kind] * WORD;
  // What was read has the very link by which it was read.
  if (kind !== 'date' && member.link !== undefined && !(kind === 'link' && isRead(member))) bytes += binaryBytes(member.link.length);
  switch (kind) {
    case 'map':
    case 'list':
      return (
        bytes + arrayBytes(member.items) + (member.plain === undefined ? 0 : plainBytes(kind, member.items.length) + fractionBytes(member.items))
      );
    case 'wide':
      return bytes + (member.plain === undefined ? 0 : plainBytes('map', member.count));
    case 'vector':
      return bytes + arrayBytes(member.children) + (member.plain === undefined ? 0 : plainBytes('list', member.length));
    case 'branch':
      return bytes + arrayBytes(member.keys) + arrayBytes(member.items) + arrayBytes(member.children);
    case 'bucket':
      return bytes + arrayBytes(member.keys) + arrayBytes(member.items);
    case 'vector-branch':
      return bytes + arrayBytes(member.children);
    case 'bytes':
      return bytes + binaryBytes(member.bytes.length);
    case 'link':
      return bytes + READER + (isTriePart(member.known) ? TRIE_READER : 0);
    case 'date':
      return bytes + dateBytes(member);
    case 'text':
      return bytes;
  }
}

function forEachOfPart(part: Branch | Bucket, take: (member: Item | Member) => void): void {
  for (const key of part.keys) take(key);
  for (const item of part.items) take(item);
  if (part.kind === 'branch') for (const child of part.children) take(child);
}

function isRead({ known, link }: Link<Item> | Link<TriePart> | Link<VectorPart>): boolean {
  return typeof known === 'object' && known !== null && 'link' in known && known.link === link;
}

function isTriePart(item: Item | Member | undefined): boolean {
  return typeof item === 'object' && item !== null && (item.kind === 'branch' || item.kind === 'bucket');
}

function isSmall(number: number): boolean {
  return Number.isInteger(number) && number >= -INTEGER_MAX && number <= INTEGER_MAX;
}

function arrayBytes({ length }: readonly unknown[]): number {
  return ARRAY + length * WORD;
}

/** Texts of Latin letters have a byte a letter, all others two. */
function textBytes(text: string): number {
  const width = Buffer.byteLength(text) === text.length ? 1 : 2;
  return TEXT + Math.ceil((text.length * width) / WORD) * WORD;
}

function binaryBytes(length: number): number {
  return BYTES + Math.ceil(length / BYTES_STEP) * BYTES_STEP;
}

/** A plain value has fractions of its own. */
function fractionBytes(items: readonly Item[]): number {
  let bytes = 0;
  for (const item of items) if (typeof item === 'number' && !isSmall(item)) bytes += FRACTION;
  return bytes;
}

function dateBytes({ ms }: DateNode): number {
  return isSmall(ms) ? 0 : FRACTION;
}

/** The plain value that a node remembers, without what it has in common with those of its members. */
function plainBytes(kind: 'map' | 'list', count: number): number {
  if (kind === 'list') return ARRAY + (count + (count >> 1)) * WORD;
  if (count > PLAIN_FAST_MAX) return OBJECT + PLAIN_MEMBERS * WORD + PLAIN_SLOT * 2 ** Math.ceil(Math.log2(count * PLAIN_SPARE));
  const further = Math.max(0, count - PLAIN_MEMBERS);
  return OBJECT + PLAIN_MEMBERS * WORD + (further === 0 ? 0 : 2 * WORD + Math.ceil(further / PLAIN_STEP) * PLAIN_STEP * WORD);
}
