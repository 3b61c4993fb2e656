/** What the three trees of a merge have at one place. */
import { isEqual, isSamePart, type Linked } from '../equal.js';
import type { Item } from '../node.js';

export interface Three<Side> {
  /** In the common ancestor. */
  readonly base: Side;
  /** In the branch that is merged into. */
  readonly ours: Side;
  /** In the branch that is merged. */
  readonly theirs: Side;
}

/** Undefined where there is nothing. */
export type Sides = Three<Item | undefined>;

/** Whether it takes no work to see that both are the same: one node, one scalar or one hash. False proves nothing. */
export function isKnownSame(one: Item | Linked | undefined, other: Item | Linked | undefined): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  return isSamePart(one, other);
}

/** Whether both hold the same, however far one has to look. */
export function isSame(one: Item | undefined, other: Item | undefined): boolean {
  return one === other || (one !== undefined && other !== undefined && isEqual(one, other));
}

/** Ours, with what only theirs changed; `both` says what becomes of a member that both changed. All three are of one length. */
export function joinMembers<Member extends Item | Linked>(
  { base, ours, theirs }: Three<readonly Member[]>,
  both: (at: number) => Member,
): readonly Member[] {
  let joined = ours as Member[];
  for (let at = 0; at < base.length; at += 1) {
    const from = base[at] as Member;
    const to = theirs[at] as Member;
    if (isKnownSame(from, to)) continue;
    const present = ours[at] as Member;
    const member = isKnownSame(from, present) ? to : both(at);
    if (member === present) continue;
    if (joined === ours) joined = ours.slice();
    joined[at] = member;
  }
  return joined;
}
