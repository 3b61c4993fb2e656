/**
 * Merging lists of objects that a field tells apart: members are merged with each other wherever they stand.
 *
 * The order is that of the side that moved members, if only one did; what a side added stands behind the member that it was added behind, and
 * what both added at one place is ordered by id, so that the result does not depend on the direction.
 */
import { compareKeys } from '@skep/kernel';
import { listItems, rebuilt } from '../list.js';
import { mapGet } from '../map.js';
import { type Item, isList, isMap, type ListItem, loadedItem } from '../node.js';
import type { Space } from '../space.js';
import type { Place } from './lists.js';
import type { Sides, Three } from './sides.js';
import { textOf } from './strategy.js';

type Id = string | number;
/** In the order of the list. */
type Members = ReadonlyMap<Id, Item>;

/** Undefined if one of them is no such list, or both sides moved members differently. */
export function mergeKeyedLists(key: string, { base, ours, theirs }: Sides, { rules, merger }: Place): ListItem | undefined {
  const list = ours === undefined ? undefined : loadedItem(ours);
  const before = base === undefined ? new Map<Id, Item>() : membersOf(base, key, merger.space);
  const one = membersOf(ours, key, merger.space);
  const other = membersOf(theirs, key, merger.space);
  if (list === undefined || !isList(list) || before === undefined || one === undefined || other === undefined) return undefined;
  const merged = new Map<Id, Item>();
  for (const id of new Set([...one.keys(), ...other.keys()])) {
    const item = merger.member({ base: before.get(id), ours: one.get(id), theirs: other.get(id) }, id, rules);
    if (item !== undefined) merged.set(id, item);
  }
  const order = orderOf({ base: before, ours: one, theirs: other }, merged);
  return order === undefined
    ? undefined
    : rebuilt(
        order.map((id) => merged.get(id) as Item),
        list,
      );
}

/** Undefined for what is no list of objects with different ids. */
function membersOf(item: Item | undefined, key: string, space: Space): Members | undefined {
  const list = item === undefined ? undefined : loadedItem(item);
  if (list === undefined || !isList(list)) return undefined;
  const members = new Map<Id, Item>();
  for (const member of listItems(list)) {
    const found = loadedItem(member);
    const named = isMap(found) ? mapGet(found, key, space) : undefined;
    const id = typeof named === 'number' ? named : textOf(named);
    if (id === undefined || members.has(id)) return undefined;
    members.set(id, member);
  }
  return members;
}

function orderOf({ base, ours, theirs }: Three<Members>, merged: Members): readonly Id[] | undefined {
  // A member that one side removed and that stays, as the other changed it, has no place there: the other's counts.
  const stayed = [...base.keys()].filter((id) => merged.has(id));
  const lasting = stayed.filter((id) => ours.has(id) && theirs.has(id));
  const [inBase, inOurs, inTheirs] = [lasting, inOrderOf(ours, lasting), inOrderOf(theirs, lasting)];
  const backbone = isSame(inTheirs, inBase) ? inOurs : isSame(inOurs, inBase) || isSame(inOurs, inTheirs) ? inTheirs : undefined;
  if (backbone === undefined) return undefined;
  const known = new Set(backbone);
  const [added, alsoAdded] = [additionsOf(ours, merged, known), additionsOf(theirs, merged, known)];
  const behind = (anchor: Id | undefined) => [added.get(anchor) ?? [], alsoAdded.get(anchor) ?? []].sort(compareGroups).flat();
  // A set has what both added only once, where it comes first.
  return [...new Set([...behind(undefined), ...backbone.flatMap((id) => [id, ...behind(id)])])];
}

/** What stands in a side and not in the backbone, by what it stands behind; undefined: at the start. */
function additionsOf(side: Members, merged: Members, backbone: ReadonlySet<Id>): ReadonlyMap<Id | undefined, readonly Id[]> {
  const additions = new Map<Id | undefined, Id[]>();
  let group: Id[] = [];
  additions.set(undefined, group);
  for (const id of side.keys()) {
    if (backbone.has(id)) {
      group = [];
      additions.set(id, group);
    } else if (merged.has(id)) group.push(id);
  }
  return additions;
}

function compareGroups(one: readonly Id[], other: readonly Id[]): number {
  const at = one.findIndex((id, index) => id !== other[index]);
  const [left, right] = [one[at], other[at]];
  return left === undefined || right === undefined ? 0 : compareIds(left, right);
}

function inOrderOf(side: Members, ids: readonly Id[]): readonly Id[] {
  const wanted = new Set(ids);
  return [...side.keys()].filter((id) => wanted.has(id));
}

/** Numbers before texts. */
function compareIds(one: Id, other: Id): number {
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  if (typeof one !== typeof other) return typeof one === 'number' ? -1 : 1;
  return compareKeys(String(one), String(other));
}

function isSame(one: readonly Id[], other: readonly Id[]): boolean {
  return one.length === other.length && one.every((id, at) => id === other[at]);
}
