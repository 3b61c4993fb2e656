/**
 * Merging lists of one length that differ in few places, none of which moved: what only source changed is put into target's list, parts that
 * target left alone as they are; places that both changed are merged each for itself.
 */
import { succeed } from '../encoding.js';
import { listGet, listLength, listSet } from '../list.js';
import { differingPlaces, PLACES_MAX } from '../list-diff.js';
import { type Item, type ListItem, ListNode, loaded, Vector, VectorBranch, type VectorChild, type VectorPart } from '../node.js';
import type { Space } from '../space.js';
import type { Place } from './lists.js';
import { haveMoved } from './moved.js';
import { joinMembers, type Three } from './sides.js';

/** Undefined for other lists, and where a place would be left empty. */
export function mergeAligned(lists: Three<ListItem>, { rules, merger }: Place): ListItem | undefined {
  const { base, ours, theirs } = lists;
  const length = listLength(base);
  if (listLength(ours) !== length || listLength(theirs) !== length) return undefined;
  const places = differingPlaces(base, theirs);
  const ownPlaces = differingPlaces(base, ours);
  if (places.length > PLACES_MAX || ownPlaces.length > PLACES_MAX) return undefined;
  if (hasMoved(base, theirs, places, merger.space) || hasMoved(base, ours, ownPlaces, merger.space)) return undefined;
  const joined = joinLists(lists);
  const both = places.filter((at) => ownPlaces.includes(at));
  if (both.length === 0) return joined;
  return merger.attempt(() => {
    let merged = joined;
    for (const at of both) {
      const present = listGet(ours, at);
      const item = merger.member({ base: listGet(base, at), ours: present, theirs: listGet(theirs, at) }, at, rules);
      if (item === undefined) return undefined;
      if (item !== present) merged = listSet(merged, at, item);
    }
    return merged;
  });
}

function hasMoved(base: ListItem, side: ListItem, places: readonly number[], space: Space): boolean {
  return places.length > 1 && haveMoved(itemsAt(base, places), itemsAt(side, places), space);
}

function itemsAt(list: ListItem, places: readonly number[]): readonly Item[] {
  return places.map((at) => listGet(list, at));
}

/** Ours, with what only theirs changed. */
function joinLists({ base, ours, theirs }: Three<ListItem>): ListItem {
  if (base.kind === 'vector' && ours.kind === 'vector' && theirs.kind === 'vector') {
    const children = joinChildren({ base: base.children, ours: ours.children, theirs: theirs.children });
    return succeed(new Vector(ours.length, ours.height, children), ours);
  }
  return joinLeaves({ base, ours, theirs } as Three<ListNode>);
}

function joinChildren(children: Three<readonly VectorChild[]>): readonly VectorChild[] {
  const { base, ours, theirs } = children;
  return joinMembers<VectorChild>(children, (at) => joinParts({ base: loadedAt(base, at), ours: loadedAt(ours, at), theirs: loadedAt(theirs, at) }));
}

function joinParts({ base, ours, theirs }: Three<VectorPart>): VectorPart {
  if (base.kind === 'vector-branch' && ours.kind === 'vector-branch' && theirs.kind === 'vector-branch') {
    return succeed(new VectorBranch(joinChildren({ base: base.children, ours: ours.children, theirs: theirs.children })), ours);
  }
  return joinLeaves({ base, ours, theirs } as Three<ListNode>);
}

function joinLeaves({ base, ours, theirs }: Three<ListNode>): ListNode {
  const items = joinMembers({ base: base.items, ours: ours.items, theirs: theirs.items }, (at) => ours.items[at] as Item);
  return items === ours.items ? ours : succeed(new ListNode(items), ours);
}

function loadedAt(children: readonly VectorChild[], at: number): VectorPart {
  return loaded<VectorPart>(children[at] as VectorChild);
}
