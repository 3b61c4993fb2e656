/** Whether two items hold the same value: by identity or hash where that is known, else by looking as far as needed. */
import { listItems, listLength } from './list.js';
import { mapCount, sortedEntries } from './map.js';
import { type Item, isList, isMap, type ListItem, loadedItem, type MapItem, type Node } from './node.js';

export function isEqual(one: Item, other: Item): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  const known = isEqualByLink(one, other);
  return known ?? isEqualLoaded(one, other);
}

/** Undefined where the hash of one of them is not known. */
export function isEqualByLink(
  one: Node | { readonly link: Uint8Array | undefined },
  other: Node | { readonly link: Uint8Array | undefined },
): boolean | undefined {
  const oneLink = 'link' in one ? one.link : undefined;
  const otherLink = 'link' in other ? other.link : undefined;
  if (oneLink === undefined || otherLink === undefined) return undefined;
  return isSameBytes(oneLink, otherLink);
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

function isEqualMap(one: MapItem, other: MapItem): boolean {
  if (mapCount(one) !== mapCount(other)) return false;
  if (one.kind === 'map' && other.kind === 'map') {
    for (let at = 0; at < one.keys.length; at += 1) {
      if (one.keys[at] !== other.keys[at] || !isEqual(one.items[at] as Item, other.items[at] as Item)) return false;
    }
    return true;
  }
  const others = sortedEntries(other);
  return sortedEntries(one).every(({ key, item }, at) => others[at]?.key === key && isEqual(item, others[at].item));
}

function isEqualList(one: ListItem, other: ListItem): boolean {
  if (listLength(one) !== listLength(other)) return false;
  const others = listItems(other);
  return listItems(one).every((item, at) => isEqual(item, others[at] as Item));
}
