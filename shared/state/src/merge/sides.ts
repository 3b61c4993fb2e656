/** What the three trees of a merge have at one place. */
import { isEqual, isEqualByLink } from '../equal.js';
import type { Item } from '../node.js';

/** Undefined where there is nothing. */
export interface Sides {
  /** In the common ancestor. */
  readonly base: Item | undefined;
  /** In the branch that is merged into. */
  readonly ours: Item | undefined;
  /** In the branch that is merged. */
  readonly theirs: Item | undefined;
}

/** Whether it takes no work to see that both are the same: one node, one scalar or one hash. False proves nothing. */
export function isKnownSame(one: Item | undefined, other: Item | undefined): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  return isEqualByLink(one, other) === true;
}

/** Whether both hold the same, however far one has to look. */
export function isSame(one: Item | undefined, other: Item | undefined): boolean {
  return one === other || (one !== undefined && other !== undefined && isEqual(one, other));
}
