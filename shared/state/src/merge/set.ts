/** Merging lists that are sets: no order, no repetition. */
import { compareKeys } from '@skep/kernel';
import { listItems, rebuilt } from '../list.js';
import { type Item, isList, type ListItem, loadedItem } from '../node.js';
import type { Space } from '../space.js';
import { memberName } from './member-name.js';
import type { Sides } from './sides.js';

type Members = ReadonlyMap<ReturnType<typeof memberName>, Item>;

/**
 * What was there and nobody removed, in the order of the base, then what either side added, in the order of its names, so that the result
 * does not depend on the direction. Undefined if one of them is no list; one that was not there had no members.
 */
export function mergeSets({ base, ours, theirs }: Sides, space: Space): ListItem | undefined {
  const list = listOf(ours);
  const [before, one, other] = [base === undefined ? new Map() : membersOf(base, space), membersOf(ours, space), membersOf(theirs, space)];
  if (list === undefined || before === undefined || one === undefined || other === undefined) return undefined;
  const kept = [...before].filter(([name]) => one.has(name) && other.has(name));
  const added = [...one, ...[...other].filter(([name]) => !one.has(name))].filter(([name]) => !before.has(name));
  added.sort(([left], [right]) => (typeof left === 'number' && typeof right === 'number' ? left - right : compareKeys(String(left), String(right))));
  return rebuilt(
    [...kept, ...added].map(([, item]) => item),
    list,
  );
}

function membersOf(item: Item | undefined, space: Space): Members | undefined {
  const list = listOf(item);
  return list === undefined ? undefined : new Map(listItems(list).map((member) => [memberName(member, space), member]));
}

function listOf(item: Item | undefined): ListItem | undefined {
  const found = item === undefined ? undefined : loadedItem(item);
  return found !== undefined && isList(found) ? found : undefined;
}
