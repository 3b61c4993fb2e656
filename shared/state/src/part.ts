/** What a draft's proxies have in common: how to tell them from plain objects and to reach what is behind them. */
import type { Item } from './node.js';
import type { Space } from './space.js';

/** A key that a proxy of a draft answers with its part, and that nothing else has. */
export const PART = Symbol('part of a draft');

export interface Part {
  readonly isDraftPart: true;
  readonly space: Space;
  /** What the part holds now. @throws SkepError `closed` after the draft has ended */
  current(): Item;
}

export function partOf(value: object): Part | undefined {
  const part = (value as { readonly [PART]?: unknown })[PART];
  return typeof part === 'object' && part !== null && (part as Partial<Part>).isDraftPart === true ? (part as Part) : undefined;
}

/** Whether it is an object or list of a draft, which can be used for as long as the draft goes on. */
export function isDraftPart(value: unknown): boolean {
  return typeof value === 'object' && value !== null && partOf(value) !== undefined;
}
