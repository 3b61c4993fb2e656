/**
 * Tries: maps of more than 16 entries. A canonical 16-way CHAMP (Steindorfer and Vinju, OOPSLA 2015): an entry stands as high as no other
 * entry shares its path, so the structure follows from the content alone. Pure; nodes are shared.
 */
import { compareKeys } from '@skep/kernel';
import { TRIE_LEVELS } from './format.js';
import { Branch, Bucket, type Item, loaded, type TrieChild, type TriePart } from './node.js';
import { nibbleOf, type Space } from './space.js';

export interface Entry {
  readonly key: string;
  readonly item: Item;
}

const EMPTY = new Branch(0, 0, [], [], []);

export function trieOf(entries: readonly Entry[], space: Space): Branch {
  return entries.length === 0 ? EMPTY : (partOf(entries, 0, space) as Branch);
}

export function trieGet(root: Branch, key: string, space: Space): Item | undefined {
  const address = space.addressOf(key);
  let part: TriePart = root;
  for (let level = 0; part.kind === 'branch'; level += 1) {
    const bit = 1 << nibbleOf(address, level);
    if ((part.dataMap & bit) !== 0) {
      const at = bitsBelow(part.dataMap, bit);
      return part.keys[at] === key ? part.items[at] : undefined;
    }
    if ((part.nodeMap & bit) === 0) return undefined;
    part = loaded(part.children[bitsBelow(part.nodeMap, bit)] as TrieChild);
  }
  const at = part.keys.indexOf(key);
  return at < 0 ? undefined : part.items[at];
}

export function trieSet(root: Branch, entry: Entry, space: Space): Branch {
  return setIn(root, entry, 0, space) as Branch;
}

/** The trie without a key that it has. */
export function trieDelete(root: Branch, key: string, space: Space): Branch {
  return deleteIn(root, key, 0, space) as Branch;
}

/** Calls back for every entry, in the order of the addresses. */
export function forEachEntry(part: TriePart, visit: (key: string, item: Item) => void): void {
  for (let at = 0; at < part.keys.length; at += 1) visit(part.keys[at] as string, part.items[at] as Item);
  if (part.kind === 'branch') for (const child of part.children) forEachEntry(loaded(child), visit);
}

/** How many of the bits of `map` are below `bit`. */
export function bitsBelow(map: number, bit: number): number {
  return bitCount(map & (bit - 1));
}

export function bitCount(bits: number): number {
  let count = bits - ((bits >>> 1) & 0x5555);
  count = (count & 0x3333) + ((count >>> 2) & 0x3333);
  count = (count + (count >>> 4)) & 0x0f0f;
  return (count + (count >>> 8)) & 0x1f;
}

function partOf(entries: readonly Entry[], level: number, space: Space): TriePart {
  if (level === TRIE_LEVELS) return bucketOf(entries);
  const groups: Entry[][] = [];
  for (const entry of entries) {
    const nibble = nibbleOf(space.addressOf(entry.key), level);
    const group = groups[nibble];
    if (group === undefined) groups[nibble] = [entry];
    else group.push(entry);
  }
  let dataMap = 0;
  let nodeMap = 0;
  const keys: string[] = [];
  const items: Item[] = [];
  const children: TrieChild[] = [];
  for (let nibble = 0; nibble < groups.length; nibble += 1) {
    const group = groups[nibble];
    const first = group?.[0];
    if (group === undefined || first === undefined) continue;
    if (group.length === 1) {
      dataMap |= 1 << nibble;
      keys.push(first.key);
      items.push(first.item);
    } else {
      nodeMap |= 1 << nibble;
      children.push(partOf(group, level + 1, space));
    }
  }
  // Copies are as long as what they hold; arrays that grew keep room for more.
  return new Branch(dataMap, nodeMap, keys.slice(), items.slice(), children.slice());
}

function bucketOf(entries: readonly Entry[]): Bucket {
  const sorted = entries.toSorted((one, other) => compareKeys(one.key, other.key));
  return new Bucket(
    sorted.map((entry) => entry.key),
    sorted.map((entry) => entry.item),
  );
}

function setIn(part: TriePart, entry: Entry, level: number, space: Space): TriePart {
  if (part.kind === 'bucket') return setInBucket(part, entry);
  const bit = 1 << nibbleOf(space.addressOf(entry.key), level);
  if ((part.nodeMap & bit) !== 0) {
    const at = bitsBelow(part.nodeMap, bit);
    const children = part.children.slice();
    children[at] = setIn(loaded(part.children[at] as TrieChild), entry, level + 1, space);
    return new Branch(part.dataMap, part.nodeMap, part.keys, part.items, children);
  }
  const at = bitsBelow(part.dataMap, bit);
  if ((part.dataMap & bit) === 0) {
    return new Branch(part.dataMap | bit, part.nodeMap, inserted(part.keys, at, entry.key), inserted(part.items, at, entry.item), part.children);
  }
  const present = { key: part.keys[at] as string, item: part.items[at] as Item };
  if (present.key === entry.key) {
    const items = part.items.slice();
    items[at] = entry.item;
    return new Branch(part.dataMap, part.nodeMap, part.keys, items, part.children);
  }
  const child = partOf([present, entry], level + 1, space);
  const children = inserted(part.children, bitsBelow(part.nodeMap, bit), child);
  return new Branch(part.dataMap & ~bit, part.nodeMap | bit, without(part.keys, at), without(part.items, at), children);
}

function setInBucket(bucket: Bucket, entry: Entry): Bucket {
  const at = bucket.keys.indexOf(entry.key);
  if (at >= 0) return new Bucket(bucket.keys, bucket.items.with(at, entry.item));
  return bucketOf([...bucket.keys.map((key, index) => ({ key, item: bucket.items[index] as Item })), entry]);
}

function deleteIn(part: TriePart, key: string, level: number, space: Space): TriePart {
  if (part.kind === 'bucket') {
    const at = part.keys.indexOf(key);
    return new Bucket(without(part.keys, at), without(part.items, at));
  }
  const bit = 1 << nibbleOf(space.addressOf(key), level);
  if ((part.dataMap & bit) !== 0) {
    const at = bitsBelow(part.dataMap, bit);
    return new Branch(part.dataMap & ~bit, part.nodeMap, without(part.keys, at), without(part.items, at), part.children);
  }
  const at = bitsBelow(part.nodeMap, bit);
  const child = deleteIn(loaded(part.children[at] as TrieChild), key, level + 1, space);
  if (!isSingle(child)) return new Branch(part.dataMap, part.nodeMap, part.keys, part.items, part.children.with(at, child));
  // The only entry left moves up, as if it had never had a neighbour.
  const to = bitsBelow(part.dataMap, bit);
  return new Branch(
    part.dataMap | bit,
    part.nodeMap & ~bit,
    inserted(part.keys, to, child.keys[0] as string),
    inserted(part.items, to, child.items[0] as Item),
    without(part.children, at),
  );
}

function isSingle(part: TriePart): boolean {
  return part.keys.length === 1 && (part.kind === 'bucket' || part.nodeMap === 0);
}

function inserted<Member>(list: readonly Member[], at: number, member: Member): Member[] {
  const copy = list.slice();
  copy.splice(at, 0, member);
  return copy;
}

function without<Member>(list: readonly Member[], at: number): Member[] {
  const copy = list.slice();
  copy.splice(at, 1);
  return copy;
}
