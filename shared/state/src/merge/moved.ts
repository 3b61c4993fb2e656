/**
 * Whether a list or object stands where another one stood. Merging such neighbours field by field would mix two things into one. Scalars are
 * taken for changed, not for moved.
 */
import { isEqual } from '../equal.js';
import { type Item, isList, isMap, loadedItem } from '../node.js';
import type { Space } from '../space.js';
import { memberName } from './member-name.js';

/** Up to so many items are compared each with each; of more it is cheaper to hash them. */
const PAIRS_MAX = 16;

/** @param side what a side has at the places of these items of the base */
export function haveMoved(base: readonly Item[], side: readonly Item[], space: Space): boolean {
  const isElsewhere = base.length <= PAIRS_MAX ? equalTo(base) : namedAs(base, space);
  return side.some((item, at) => isContainer(item) && isElsewhere(item) && !isEqual(item, base[at] as Item));
}

function equalTo(items: readonly Item[]): (item: Item) => boolean {
  const marks = items.map(markOf);
  return (item) => {
    const mark = markOf(item);
    for (let at = marks.indexOf(mark); at >= 0; at = marks.indexOf(mark, at + 1)) if (isEqual(item, items[at] as Item)) return true;
    return false;
  };
}

function namedAs(items: readonly Item[], space: Space): (item: Item) => boolean {
  const names = new Set(items.filter(isContainer).map((item) => memberName(item, space)));
  return (item) => names.has(memberName(item, space));
}

function isContainer(item: Item): boolean {
  const found = loadedItem(item);
  return isMap(found) || isList(found);
}

/** A number that equal containers have in common and few others have, by their length and the scalars in them. */
function markOf(item: Item): number {
  const found = loadedItem(item);
  if (typeof found !== 'object' || found === null) return 0;
  if (found.kind === 'wide') return found.count;
  if (found.kind === 'vector') return found.length;
  if (found.kind !== 'map' && found.kind !== 'list') return 0;
  let mark = found.items.length;
  for (const member of found.items) mark = (Math.imul(mark, 31) + scalarMark(member)) | 0;
  return mark;
}

/** Fractions count, too. */
function scalarMark(item: Item): number {
  if (typeof item === 'number') return (item * 65_599) | 0;
  return typeof item === 'string' ? item.length : 0;
}
