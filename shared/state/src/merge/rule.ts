/** Rules: how a place is merged that both sides changed. */
import type { Path } from '@skep/kernel';
import type { MergeConflict, Resolution } from './conflict.js';

/**
 * - `ours`, `theirs`: that side's, whole.
 * - `last-writer`: that of the side that wrote the place later; undecided if a clock is missing or both are equal.
 * - `counter`: a number; both sides' differences are added up, also where both added the same.
 * - `set`: a list without order or repetition; what one side added is in it, what one side removed is not. Additions come last, in a fixed order.
 * - `text`: merged line by line, and word by word within lines that both changed.
 */
export type NamedStrategy = 'ours' | 'theirs' | 'last-writer' | 'counter' | 'set' | 'text';

/** A list of objects that the value of a field tells apart: members are merged with each other wherever they stand. */
export interface ListById {
  readonly kind: 'list-by-id';
  /** The field, a text or number that no two members share. */
  readonly key: string;
}

export type MergeStrategy = NamedStrategy | ListById | ((conflict: MergeConflict) => Resolution | undefined);

/** Decides a place and all below it. Of several rules for one place the first that can decide it does. */
export interface MergeRule {
  /** Where it holds; `*` stands for any one step. In lists that are merged by id the id is the step. */
  readonly path: Path;
  readonly resolve: MergeStrategy;
}

export const NO_RULES: readonly MergeRule[] = [];

/** The rules that may hold at a member, out of those that may hold at what it is in or below. @param depth of what it is in */
export function rulesBelow(rules: readonly MergeRule[], depth: number, step: string | number): readonly MergeRule[] {
  if (rules.length === 0) return rules;
  return rules.filter(({ path }) => path.length > depth && fits(path[depth], step));
}

/** Where both sides made the same change there still may be something to add up. */
export function mayCount(rules: readonly MergeRule[]): boolean {
  return rules.length > 0 && rules.some(({ resolve }) => resolve === 'counter');
}

function fits(pattern: string | number | undefined, step: string | number): boolean {
  return pattern === '*' || pattern === step;
}
