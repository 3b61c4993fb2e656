/** What a superposition may hold, and who goes first when it holds more: the least likely branch (V5). */
import { SkepError } from '@skep/kernel';
import { ownBytes } from './own-bytes.js';
import type { Superpositions } from './step.js';
import { type FailedBranch, type Superposition, weightsOf } from './superposition.js';

export interface SuperpositionBudget {
  readonly branches: number;
  /** What all branches hold beyond what they share with the base. */
  readonly bytes: number;
  /** Branches below this weight go. */
  readonly weightMin: number;
}

export function budgetOf(limits: {
  readonly superpositionBranches: number;
  readonly superpositionBytes: number;
  readonly superpositionOddsMax: number;
}): SuperpositionBudget {
  return { branches: limits.superpositionBranches, bytes: limits.superpositionBytes, weightMin: 1 / limits.superpositionOddsMax };
}

/**
 * The branches that have to go, the least likely first; of equals the newest. The most likely one always stays.
 * @throws SkepError `payload-too-large` when that one alone is above the budget
 */
export function evictions(superposition: Superposition, budget: SuperpositionBudget): readonly FailedBranch[] {
  const { branches, base } = superposition;
  if (branches.length === 0) return [];
  const weights = weightsOf(superposition);
  const mayBeLarge = branches.reduce((sum, { tree }) => sum + tree.byteLength, 0) > budget.bytes;
  if (!mayBeLarge && branches.length <= budget.branches && weights.every((weight) => weight >= budget.weightMin)) return [];
  const sizes = mayBeLarge ? branches.map(({ tree }) => ownBytes(base.tree, tree)) : [];
  let bytes = sizes.reduce((sum, size) => sum + size, 0);
  const order = branches.map((_, at) => at).sort((one, other) => (weights[one] as number) - (weights[other] as number) || other - one);
  const evicted: FailedBranch[] = [];
  for (const at of order.slice(0, -1)) {
    const over = bytes > budget.bytes ? 'bytes' : branches.length - evicted.length > budget.branches ? 'branches' : undefined;
    if (over === undefined && (weights[at] as number) >= budget.weightMin) break;
    bytes -= sizes[at] ?? 0;
    evicted.push({
      name: (branches[at] as { name: string }).name,
      reason: over === undefined ? 'evicted: below the weight floor' : `evicted: too many ${over}`,
    });
  }
  if (bytes <= budget.bytes) return evicted;
  throw new SkepError('payload-too-large', {
    message: `the branches hold ${bytes} bytes of their own, ${budget.bytes} are allowed`,
    id: `${superposition.agent} ${superposition.name}`,
    remedy: 'Change less in a branch, or keep large values outside.',
  });
}

/**
 * What the branches of all superpositions of an agent hold, beside what each shares with its base.
 * @throws SkepError `payload-too-large` above `bytesMax`
 */
export function checkTogether(superpositions: Superpositions, bytesMax: number): void {
  const all = [...superpositions.values()];
  const whole = all.reduce((sum, { branches }) => branches.reduce((bytes, { tree }) => bytes + tree.byteLength, sum), 0);
  if (whole <= bytesMax) return;
  const bytes = all.reduce((sum, { base, branches }) => branches.reduce((own, { tree }) => own + ownBytes(base.tree, tree), sum), 0);
  if (bytes <= bytesMax) return;
  throw new SkepError('payload-too-large', {
    message: `the branches of all superpositions hold ${bytes} bytes of their own, ${bytesMax} are allowed`,
    remedy: 'Collapse or drop a superposition first, or change less in a branch.',
  });
}
