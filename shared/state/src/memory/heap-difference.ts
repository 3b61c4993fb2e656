/** What of two versions is in one of them only, in bytes of memory. Only what differs is looked at: the versions of an agent share the rest. */
import type { Branch, Held, Item, ListNode, MapNode, TrieChild } from '../node.js';
import { collectMembers, forEachMember, isMember, type Member, ownBytes, sourceBytes } from './heap-bytes.js';

export interface HeapDifference {
  readonly onlyFrom: number;
  readonly onlyTo: number;
}

/** So many differing places are compared one by one; beyond that it is looked up what only moved. */
const CHANGED_PLACES_MAX = 2;

export function heapDifference(from: Item, to: Item): HeapDifference {
  const walk = new Walk();
  walk.pair(from, to);
  return { onlyFrom: bytesOnlyIn(walk.from, walk.to, to), onlyTo: bytesOnlyIn(walk.to, walk.from, from) };
}

/** @param whole of the other version */
function bytesOnlyIn(members: ReadonlySet<Member>, others: ReadonlySet<Member>, whole: Item): number {
  const sources = new Set<Held>();
  let bytes = 0;
  for (const member of members) {
    if (others.has(member)) continue;
    bytes += ownBytes(member);
    if (typeof member === 'object' && member.kind === 'link') sources.add(member.source);
  }
  for (const source of sources) if (!leadsTo(source, whole)) bytes += sourceBytes(source);
  return bytes;
}

/** Whether a link below leads there. Where one does it is found soon. */
function leadsTo(source: Held, item: Item | Member): boolean {
  if (typeof item !== 'object' || item === null) return false;
  if (item.kind === 'link' && item.source === source) return true;
  let isFound = false;
  forEachMember(item, (member) => {
    isFound ||= leadsTo(source, member);
  });
  return isFound;
}

/** Collects both sides of what differs; what is met on both is shared after all. */
class Walk {
  readonly from = new Set<Member>();
  readonly to = new Set<Member>();

  pair(one: Item | Member, other: Item | Member): void {
    if (one === other) return;
    if (!isMember(one) || !isMember(other) || typeof one !== 'object' || typeof other !== 'object' || one.kind !== other.kind) {
      collectMembers(one, this.from);
      collectMembers(other, this.to);
      return;
    }
    this.from.add(one);
    this.to.add(other);
    switch (one.kind) {
      case 'map':
        return this.maps(one, other as MapNode);
      case 'list':
        return this.places(one.items, (other as ListNode).items);
      case 'wide':
        return this.pair(one.root, (other as typeof one).root);
      case 'branch':
        return this.branches(one, other as Branch);
      case 'bucket':
        this.places(one.keys, (other as typeof one).keys);
        return this.places(one.items, (other as typeof one).items);
      case 'vector':
      case 'vector-branch':
        return this.places(one.children, (other as typeof one).children);
      case 'text':
        return this.pair(one.text, (other as typeof one).text);
      case 'link': {
        const { known } = one;
        const { known: otherKnown } = other as typeof one;
        if (known !== undefined && otherKnown !== undefined) return this.pair(known, otherKnown);
        if (known !== undefined) collectMembers(known, this.from);
        if (otherKnown !== undefined) collectMembers(otherKnown, this.to);
        return;
      }
      case 'bytes':
      case 'date':
        return;
    }
  }

  private maps(one: MapNode, other: MapNode): void {
    if (one.keys === other.keys) {
      for (let at = 0; at < one.items.length; at += 1) this.pair(one.items[at] as Item, other.items[at] as Item);
      return;
    }
    const others = new Map(other.keys.map((key, at) => [key, other.items[at] as Item]));
    for (const [at, key] of one.keys.entries()) {
      const match = others.get(key);
      if (match === undefined) collectMembers(one.items[at] as Item, this.from);
      else this.pair(one.items[at] as Item, match);
      others.delete(key);
    }
    for (const item of others.values()) collectMembers(item, this.to);
  }

  private branches(one: Branch, other: Branch): void {
    this.places(one.keys, other.keys);
    this.places(one.items, other.items);
    let from = 0;
    let to = 0;
    for (let bit = 1; bit < 0x10000; bit <<= 1) {
      const child = (one.nodeMap & bit) !== 0 ? (one.children[from++] as TrieChild) : undefined;
      const match = (other.nodeMap & bit) !== 0 ? (other.children[to++] as TrieChild) : undefined;
      if (child !== undefined && match !== undefined) this.pair(child, match);
      else if (child !== undefined) collectMembers(child, this.from);
      else if (match !== undefined) collectMembers(match, this.to);
    }
  }

  private places(ones: readonly (Item | Member)[], others: readonly (Item | Member)[]): void {
    const { length } = ones;
    let changed = length === others.length ? 0 : CHANGED_PLACES_MAX + 1;
    for (let at = 0; at < length && changed <= CHANGED_PLACES_MAX; at += 1) if (ones[at] !== others[at]) changed += 1;
    if (changed <= CHANGED_PLACES_MAX) {
      for (let at = 0; at < length; at += 1) this.pair(ones[at] as Item, others[at] as Item);
      return;
    }
    const inOne = new Set(ones);
    const inOther = new Set(others);
    const gone = ones.filter((item) => !inOther.has(item));
    const come = others.filter((item) => !inOne.has(item));
    for (const [at, item] of gone.entries()) {
      if (at < come.length) this.pair(item, come[at] as Item);
      else collectMembers(item, this.from);
    }
    for (const item of come.slice(gone.length)) collectMembers(item, this.to);
  }
}
