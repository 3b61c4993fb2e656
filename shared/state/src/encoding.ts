/**
 * What a node was sealed as: nodes that came from one another share one encoding, the bytes of whichever of them was sealed last. One that has few
 * other members than that is sealed by writing these over what is there.
 *
 * - E1 A cache: with or without it a node has the same bytes. An encoding says itself of which members it is.
 * - E2 Only what changes has one: the first successor of a sealed node is written whole and remembered, the next ones are patched.
 * - E3 The bytes of the whole process take `LIMITS.encodingsBytes` at most; beyond that those go first that were not used for long.
 */
import { LIMITS } from '@skep/kernel';
import { afterHeader, afterValue } from './after-value.js';
import { NODE_HEADER_BYTES } from './format.js';
import type { Branch, Item, ListNode, MapNode, Member, TrieChild, Vector, VectorBranch, VectorChild, WideMap } from './node.js';

export type Patchable = MapNode | WideMap | Branch | ListNode | Vector | VectorBranch;

/** Shorter nodes are written as fast as they are patched. */
const ENCODED_BYTES_MIN = 512;
/** Places are numbers of 16 bits; what stands in a node can grow by some 2,000 bytes without being written whole. */
const ENCODED_BYTES_MAX = 0x8000;
/** What bytes take beside themselves. */
const OWN_BYTES = 600;
const NO_BYTES = new Uint8Array(0);
const NO_PLACES = new Uint16Array(0);
const NONE: readonly never[] = [];

/** Of bytes. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** The bytes, which may go at any time. Who keeps those of many nodes holds none of the nodes in memory. */
class Kept {
  bytes: Uint8Array = NO_BYTES;
  /** Found when they are needed first. */
  places: Uint16Array = NO_PLACES;
  wasUsed = false;
}

/** A clock (second chance) over all bytes of the process. */
class Encodings {
  private queue: Kept[] = [];
  private start = 0;
  used = 0;

  /** @param bytes copied */
  replace(kept: Kept, bytes: Uint8Array): void {
    const { length } = kept.bytes;
    kept.places = NO_PLACES;
    if (length === bytes.length) kept.bytes.set(bytes);
    else {
      if (length === 0) this.queue.push(kept);
      kept.bytes = bytes.slice();
      this.used += bytes.length - length + (length === 0 ? OWN_BYTES : 0);
    }
  }

  /** Makes what stands before `end` longer or shorter. */
  resize(kept: Kept, end: number, more: number): void {
    const { bytes } = kept;
    kept.bytes = new Uint8Array(bytes.length + more);
    kept.bytes.set(bytes.subarray(0, more < 0 ? end + more : end));
    kept.bytes.set(bytes.subarray(end), end + more);
    this.used += more;
  }

  /** What is remembered may go. */
  trim(): void {
    while (this.used > LIMITS.encodingsBytes) this.pass();
  }

  /** Looks at the one that was looked at longest ago. */
  private pass(): void {
    const kept = this.queue[this.start] as Kept;
    this.start += 1;
    if (kept.wasUsed) {
      kept.wasUsed = false;
      this.queue.push(kept);
    } else {
      this.used -= kept.bytes.length + OWN_BYTES;
      kept.bytes = NO_BYTES;
      kept.places = NO_PLACES;
    }
    if (this.start * 2 > this.queue.length) {
      this.queue = this.queue.slice(this.start);
      this.start = 0;
    }
  }
}

const ENCODINGS = new Encodings();

/** Whoever sealed a tree gives back what is more than the limit; before, encodings may be in use. */
export function trimEncodings(): void {
  ENCODINGS.trim();
}

/** Bytes of memory that encodings take, of all trees of the process together. */
export function encodingsBytes(): number {
  return ENCODINGS.used;
}

export class Encoding {
  items: readonly Item[] = NONE;
  children: readonly (TrieChild | VectorChild)[] = NONE;
  /** Of the node, as `Cached.size`. */
  size = 0;
  private keys: readonly string[] = NONE;
  private counts = 0;
  private readonly kept = new Kept();
  /** Set while members are put: what is remembered is of no node then, and stays so if that fails. */
  isBusy = false;

  get bytes(): Uint8Array {
    return this.kept.bytes;
  }

  /** Whether the node differs from what is remembered in its members alone, and in half of them at most. */
  fits(node: Patchable): boolean {
    const items = itemsOf(node);
    const children = childrenOf(node);
    if (this.bytes.length === 0 || items.length !== this.items.length || children.length !== this.children.length) return false;
    if (keysOf(node) !== this.keys || countsOf(node) !== this.counts) return false;
    let more = (items.length + children.length) >> 1;
    for (let at = 0; at < items.length; at += 1) if (items[at] !== this.items[at]) more -= 1;
    for (let at = 0; at < children.length; at += 1) if (children[at] !== this.children[at]) more -= 1;
    return more >= 0;
  }

  /**
   * Puts the bytes from `start` to `end` in the place of a member of a node that fits; `at` counts items before children.
   * @returns how many bytes stood there
   */
  put(node: Patchable, at: number, bytes: Uint8Array, { start, end }: Range): number {
    const { kept } = this;
    if (kept.places.length === 0) kept.places = placesIn(node, kept.bytes);
    const { places } = kept;
    const from = places[at * 2] as number;
    const before = (places[at * 2 + 1] as number) - from;
    const more = end - start - before;
    if (more !== 0) {
      ENCODINGS.resize(kept, from + before, more);
      for (let place = at * 2 + 1; place < places.length; place += 1) places[place] = (places[place] as number) + more;
    }
    const to = kept.bytes;
    for (let byte = start; byte < end; byte += 1) to[from + byte - start] = bytes[byte] as number;
    return before;
  }

  /** Remembers a node that was written whole, from `start` to `end`, if it is neither short nor very long. */
  whole(node: Patchable, bytes: Uint8Array, { start, end }: Range): void {
    if (end - start < ENCODED_BYTES_MIN || end - start > ENCODED_BYTES_MAX) return;
    this.keys = keysOf(node);
    this.counts = countsOf(node);
    ENCODINGS.replace(this.kept, bytes.subarray(start, end));
    this.patched(node);
  }

  /** All members that are others were put. */
  patched(node: Patchable): void {
    this.items = itemsOf(node);
    this.children = childrenOf(node);
    this.size = node.size;
    this.kept.wasUsed = true;
    this.isBusy = false;
  }
}

/** A node that came from another one shares its encoding. @returns the new one */
export function succeed<Made extends Patchable>(made: Made, from: Patchable): Made {
  // What is encoded as so many bytes is no shorter as a value.
  const isWorth = from.link !== undefined && from.size >= ENCODED_BYTES_MIN;
  made.encoding = from.encoding ?? (isWorth ? new Encoding() : undefined);
  return made;
}

/** A member by how many are before it, items before children. */
export function memberOf({ items, children }: Pick<Encoding, 'items' | 'children'>, at: number): Member {
  return (at < items.length ? items[at] : children[at - items.length]) as Member;
}

export function itemsOf(node: Patchable): readonly Item[] {
  switch (node.kind) {
    case 'wide':
      return node.root.items;
    case 'vector':
    case 'vector-branch':
      return NONE;
    default:
      return node.items;
  }
}

export function childrenOf(node: Patchable): readonly (TrieChild | VectorChild)[] {
  switch (node.kind) {
    case 'wide':
      return node.root.children;
    case 'map':
    case 'list':
      return NONE;
    default:
      return node.children;
  }
}

function keysOf(node: Patchable): readonly string[] {
  switch (node.kind) {
    case 'wide':
      return node.root.keys;
    case 'map':
    case 'branch':
      return node.keys;
    default:
      return NONE;
  }
}

/** What stands before the members, as one number. */
function countsOf(node: Patchable): number {
  switch (node.kind) {
    case 'wide':
      return node.count * 2 ** 32 + node.root.dataMap * 2 ** 16 + node.root.nodeMap;
    case 'branch':
      return node.dataMap * 2 ** 16 + node.nodeMap;
    case 'vector':
      return node.length;
    default:
      return 0;
  }
}

/** So many values of the list that a node is written as stand before its members. */
const COUNTS = { wide: 3, branch: 2, vector: 1, 'vector-branch': 0, map: 0, list: 0 } as const;

function placesIn(node: Patchable, bytes: Uint8Array): Uint16Array {
  const items = itemsOf(node).length;
  const hasKeys = keysOf(node).length > 0;
  const places = new Uint16Array((items + childrenOf(node).length) * 2);
  let at = afterHeader(bytes, NODE_HEADER_BYTES);
  for (let count = COUNTS[node.kind]; count > 0; count -= 1) at = afterValue(bytes, at);
  for (let place = 0; place < places.length; place += 2) {
    if (hasKeys && place < items * 2) at = afterValue(bytes, at);
    places[place] = at;
    at = afterValue(bytes, at);
    places[place + 1] = at;
  }
  return places;
}
