/** Which branch of a `superpose` is kept, and what its caller hears of all of them. */
import { normalised } from '@skep/state';
import type { BranchOutcome, SuperposeOptions } from './branch-context.js';

export interface Ranked {
  readonly index: number;
  readonly logWeight: number;
  readonly score: number | undefined;
}

/** A total order, so that the choice does not depend on which branch ended when. */
export function isBetter(one: Ranked, other: Ranked, keep: SuperposeOptions['keep'] = 'score'): boolean {
  if (keep === 'first') return false;
  const byScore = keep === 'score' ? compare(one.score ?? Number.NEGATIVE_INFINITY, other.score ?? Number.NEGATIVE_INFINITY) : 0;
  const order = byScore || compare(one.logWeight, other.logWeight) || other.index - one.index;
  return order > 0;
}

export interface Ended extends Ranked {
  readonly outcome: BranchOutcome['outcome'];
  readonly reason: string | null;
}

export function outcomesOf(branches: readonly Ended[]): readonly BranchOutcome[] {
  const succeeded = branches.filter(({ outcome }) => outcome === 'succeeded');
  const weights = normalised(succeeded.map(({ logWeight }) => logWeight));
  return branches.map((branch) => ({
    index: branch.index,
    weight: weights[succeeded.indexOf(branch)] ?? 0,
    score: branch.score ?? null,
    outcome: branch.outcome,
    reason: branch.reason,
  }));
}

function compare(one: number, other: number): number {
  return one === other ? 0 : one > other ? 1 : -1;
}
