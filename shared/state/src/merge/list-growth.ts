/** Lists that grew at their end, as most lists of agents do: told from their structure, without looking at every item. */
import { isSamePart } from '../equal.js';
import { listGet, listLength, listPush } from '../list.js';
import { type ListItem, loaded, type Vector, type VectorChild, type VectorPart } from '../node.js';
import { isSame, type Three } from './sides.js';

/**
 * One side only added at the end, and the other still ends as the base does: its list, with what was added. Undefined for everything else.
 * What is in common before the added items keeps them apart from whatever the other side did.
 */
export function mergeGrowth({ base, ours, theirs }: Three<ListItem>): ListItem | undefined {
  const length = listLength(base);
  if (length === 0) return undefined;
  const [oursGrew, theirsGrew] = [startsWith(ours, base), startsWith(theirs, base)];
  if (theirsGrew && !oursGrew && endsAlike(base, ours)) return grown(ours, theirs, length);
  if (oursGrew && !theirsGrew && endsAlike(base, theirs)) return grown(theirs, ours, length);
  return undefined;
}

function endsAlike(base: ListItem, side: ListItem): boolean {
  const length = listLength(side);
  return length > 0 && isSame(listGet(side, length - 1), listGet(base, listLength(base) - 1));
}

function grown(list: ListItem, longer: ListItem, from: number): ListItem {
  let merged = list;
  for (let at = from; at < listLength(longer); at += 1) merged = listPush(merged, listGet(longer, at));
  return merged;
}

/** Whether a side has all items of the base, then more. */
function startsWith(side: ListItem, base: ListItem): boolean {
  if (listLength(side) <= listLength(base)) return false;
  let part: Vector | VectorPart = side;
  for (let height = heightOf(side); height > heightOf(base) && part.kind !== 'list'; height -= 1) {
    part = loaded<VectorPart>(part.children[0] as VectorChild);
  }
  return isStart(base, part);
}

/** Both parts are of one height. Whatever stands left of something in a vector is full. */
function isStart(base: Vector | VectorPart, part: Vector | VectorPart): boolean {
  if (base.kind === 'list') return part.kind === 'list' && base.items.every((item, at) => isSame(item, part.items[at]));
  return part.kind !== 'list' && base.children.every((child, at) => isStartChild(child, part.children[at]));
}

function isStartChild(base: VectorChild, part: VectorChild | undefined): boolean {
  if (part === undefined) return false;
  return isSamePart(base, part) || isStart(loaded<VectorPart>(base), loaded<VectorPart>(part));
}

function heightOf(list: ListItem): number {
  return list.kind === 'list' ? 0 : list.height;
}
