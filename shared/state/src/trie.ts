/**
 * Tries: maps of more than 16 entries. A canonical 16-way CHAMP (Steindorfer and Vinju, OOPSLA 2015): an entry stands as high as no other
 * entry shares its path, so the structure follows from the content alone. Pure; nodes are shared.
 */
import { compareKeys } from '@skep/kernel';
import { succeed } from './encoding.js';
import { TRIE_LEVELS } from './format.js';
import { Branch, Bucket, type Item, loaded, type TrieChild, type TriePart } from './node.js';
import { type Address, nibbleOf, type Space } from './space.js';

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

/** The trie with an entry, the very trie if it has it, and whether its key was not there before. */
export function trieSet(root: Branch, { key, item }: Entry, space: Space): { readonly root: Branch; readonly isNew: boolean } {
  const setting: Setting = { key, item, address: space.addressOf(key), isNew: true };
  return { root: setIn(root, setting, 0, space) as Branch, isNew: setting.isNew };
}

interface Setting extends Entry {
  readonly address: Address;
  /** Until the key is met. */
  isNew: boolean;
}

/** The trie without a key that it has. */
export function trieDelete(root: Branch, key: string, space: Space): Branch {
  return deleteIn(root, key, space.addressOf(key), 0) as Branch;
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

function setIn(part: TriePart, setting: Setting, level: number, space: Space): TriePart {
  if (part.kind === 'bucket') return setInBucket(part, setting);
  const bit = 1 << nibbleOf(setting.address, level);
  if ((part.nodeMap & bit) !== 0) {
    const at = bitsBelow(part.nodeMap, bit);
    const before = loaded(part.children[at] as TrieChild);
    const child = setIn(before, setting, level + 1, space);
    if (child === before) return part;
    const children = part.children.slice();
    children[at] = child;
    return succeed(new Branch(part.dataMap, part.nodeMap, part.keys, part.items, children), part);
  }
  const at = bitsBelow(part.dataMap, bit);
  if ((part.dataMap & bit) === 0) {
    const keys = inserted(part.keys, at, setting.key);
    return new Branch(part.dataMap | bit, part.nodeMap, keys, inserted(part.items, at, setting.item), part.children);
  }
  const present = { key: part.keys[at] as string, item: part.items[at] as Item };
  if (present.key === setting.key) {
    setting.isNew = false;
    if (present.item === setting.item) return part;
    const items = part.items.slice();
    items[at] = setting.item;
    return succeed(new Branch(part.dataMap, part.nodeMap, part.keys, items, part.children), part);
  }
  const child = partOf([present, setting], level + 1, space);
  const children = inserted(part.children, bitsBelow(part.nodeMap, bit), child);
  return new Branch(part.dataMap & ~bit, part.nodeMap | bit, without(part.keys, at), without(part.items, at), children);
}

function setInBucket(bucket: Bucket, setting: Setting): Bucket {
  const at = bucket.keys.indexOf(setting.key);
  if (at < 0) return bucketOf([...bucket.keys.map((key, index) => ({ key, item: bucket.items[index] as Item })), setting]);
  setting.isNew = false;
  return bucket.items[at] === setting.item ? bucket : new Bucket(bucket.keys, bucket.items.with(at, setting.item));
}

function deleteIn(part: TriePart, key: string, address: Address, level: number): TriePart {
  if (part.kind === 'bucket') {
    const at = part.keys.indexOf(key);
    return new Bucket(without(part.keys, at), without(part.items, at));
  }
  const bit = 1 << nibbleOf(address, level);
  if ((part.dataMap & bit) !== 0) {
    const at = bitsBelow(part.dataMap, bit);
    return new Branch(part.dataMap & ~bit, part.nodeMap, without(part.keys, at), without(part.items, at), part.children);
  }
  const at = bitsBelow(part.nodeMap, bit);
  const child = deleteIn(loaded(part.children[at] as TrieChild), key, address, level + 1);
  if (!isSingle(child)) return succeed(new Branch(part.dataMap, part.nodeMap, part.keys, part.items, part.children.with(at, child)), part);
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
