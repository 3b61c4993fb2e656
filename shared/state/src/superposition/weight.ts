/**
 * Weights of branches: how likely each is the right one. Kept as logarithms, so that no amount of evidence runs into zero.
 *
 * Bayes: the weight of a branch after a piece of evidence is proportional to its weight before times the likelihood of that evidence under
 * the branch. In logarithms that is a sum, and only differences between branches count.
 */
import { SkepError } from '@skep/kernel';

/** The logarithm of a likelihood or prior; undefined for 0, which rules a branch out. @throws SkepError `invalid-input` */
export function logOf(what: string, given: number): number | undefined {
  if (typeof given === 'number' && given >= 0 && Number.isFinite(given)) return given === 0 ? undefined : Math.log(given);
  throw new SkepError('invalid-input', { message: `${what} is a finite number from 0, not ${String(given)}`, remedy: 'Correct the number.' });
}

/** The weights that logarithms stand for; they add up to 1. Empty for none. */
export function normalised(logWeights: readonly number[]): readonly number[] {
  const most = largest(logWeights);
  let total = 0;
  const weights: number[] = [];
  for (const log of logWeights) {
    const weight = Math.exp(log - most);
    weights.push(weight);
    total += weight;
  }
  return weights.map((weight) => weight / total);
}

/** The logarithm under which a newcomer has this share of the whole. @throws SkepError `invalid-input` unless 0 < share < 1 */
export function logOfShare(share: number, others: readonly number[]): number {
  if (!(typeof share === 'number' && share > 0 && share < 1)) {
    throw new SkepError('invalid-input', { message: `the weight of a new branch is its share, between 0 and 1, not ${String(share)}` });
  }
  if (others.length === 0) return 0;
  const most = largest(others);
  let total = 0;
  for (const log of others) total += Math.exp(log - most);
  return most + Math.log(total) + Math.log(share / (1 - share));
}

/** The largest of them; 0 for none. */
export function largest(logWeights: readonly number[]): number {
  let most = Number.NEGATIVE_INFINITY;
  for (const log of logWeights) if (log > most) most = log;
  return most === Number.NEGATIVE_INFINITY ? 0 : most;
}
