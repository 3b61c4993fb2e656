/** Which branch a superposition comes down to (V5). Only committed branches are looked at (P3); of equals the first counts. */
import { SkepError } from '@skep/kernel';
import { checkOpen, type ExperimentalBranch, mustGetBranch, notCommitted, type Superposition } from './superposition.js';

/** `weight`: the most likely. `score`: the highest recorded score. `first`: the first to commit. */
export type Choice = 'weight' | 'score' | 'first' | { readonly branch: string };

/** Also by a function that scores each branch. */
export type Observer = Choice | { readonly score: (branch: ExperimentalBranch) => number };

/** @throws SkepError `superposition-over`, `unknown-superposition`, `branch-failed` when nothing can be chosen, `invalid-input` */
export function observe(superposition: Superposition, by: Observer): ExperimentalBranch {
  checkOpen(superposition);
  if (typeof by === 'object' && 'branch' in by) {
    const named = mustGetBranch(superposition, by.branch);
    if (named.work !== 'committed') throw notCommitted(superposition, named.name);
    return named;
  }
  const ranked = rankOf(by);
  let best: { readonly branch: ExperimentalBranch; readonly rank: number } | undefined;
  for (const branch of superposition.branches) {
    const rank = branch.work === 'committed' ? ranked(branch) : undefined;
    if (rank !== undefined && !Number.isNaN(rank) && (best === undefined || rank > best.rank)) best = { branch, rank };
  }
  if (best !== undefined) return best.branch;
  throw new SkepError('branch-failed', {
    message: by === 'score' ? 'no committed branch has a score' : 'no branch has committed',
    id: `${superposition.agent} ${superposition.name}`,
    remedy: 'Commit or score a branch first, or name one.',
  });
}

/** Higher is better; undefined for a branch that cannot be chosen this way. */
function rankOf(by: Exclude<Observer, { readonly branch: string }>): (branch: ExperimentalBranch) => number | undefined {
  switch (by) {
    case 'weight':
      return ({ logWeight }) => logWeight;
    case 'score':
      return ({ score }) => score;
    case 'first':
      return ({ commit }) => (commit === undefined ? undefined : -commit);
    default:
      return by.score;
  }
}
