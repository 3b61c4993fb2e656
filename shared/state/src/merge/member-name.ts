/** A name that equal values have in common and different ones have not. */
import { toHex } from '@skep/kernel';
import type { Item } from '../node.js';
import { rootOf } from '../seal.js';
import type { Space } from '../space.js';

/** A scalar is its own name; `#` and the root name anything else, long texts included. Never equal to a text that is a member: those begin with `"`. */
export function memberName(item: Item, space: Space): string | number | boolean | null {
  if (typeof item === 'string') return `"${item}`;
  return typeof item === 'object' && item !== null ? `#${toHex(rootOf(item, space))}` : item;
}
