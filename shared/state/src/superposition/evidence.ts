/** Evidence as it is given: how likely what was seen is under each branch. */
import { type FailedBranch, type LogLikelihoods, mustGetBranch, refused, type Superposition } from './superposition.js';
import { logOf } from './weight.js';

/** By the name of the branch; under a branch that is not named it is certain. */
export type Likelihoods = Readonly<Record<string, number>>;

export interface ReadEvidence {
  readonly logLikelihoods: LogLikelihoods;
  /** Likelihood 0: what was seen cannot be if this branch is the right one. */
  readonly ruledOut: readonly FailedBranch[];
}

/** @throws SkepError `invalid-input` for what is no likelihood, and for evidence that rules out every branch; as `mustGetBranch` */
export function readEvidence(superposition: Superposition, label: string, likelihoods: Likelihoods): ReadEvidence {
  const logLikelihoods: (readonly [string, number])[] = [];
  const ruledOut: FailedBranch[] = [];
  for (const [name, likelihood] of Object.entries(likelihoods)) {
    mustGetBranch(superposition, name);
    const log = logOf(`the likelihood of branch ${name}`, likelihood);
    if (log === undefined) ruledOut.push({ name, reason: `ruled out by evidence: ${label}` });
    else logLikelihoods.push([name, log]);
  }
  if (logLikelihoods.length + ruledOut.length === 0) throw refused(superposition, 'evidence names no branch', 'Give a likelihood for one or more.');
  if (ruledOut.length < superposition.branches.length) return { logLikelihoods, ruledOut };
  throw refused(superposition, 'this evidence rules out every branch', 'Correct the likelihoods, or fail the branches that failed.');
}
