/**
 * One seed of a whole cluster: several nodes over the same stores in a world in which things go wrong, clients that call through any of
 * them, and a judgement at the end.
 *
 *   const { broken, trace } = await runClusterSeed(42);
 */
import type { TraceEvent } from '@skep/simulated';
import { conduct, describeFailure, type SeedResult } from '../simulator/conduct.js';
import type { ClusterMistake } from './cluster-mistakes.js';
import { ClusterOperator } from './cluster-operator.js';
import { type ClusterPlan, drawClusterPlan, formatClusterPlan } from './cluster-plan.js';

export interface ClusterSeedOptions {
  /** Instead of the plan that the seed draws. */
  readonly plan?: ClusterPlan;
  /** Test-only: something done wrong, which the run has to find. */
  readonly mistake?: ClusterMistake;
  /** Sees everything that happens. */
  readonly observe?: (event: TraceEvent) => void;
}

export async function runClusterSeed(
  seed: number,
  { plan = drawClusterPlan(String(seed)), mistake, observe }: ClusterSeedOptions = {},
): Promise<SeedResult> {
  const restore = mistake?.install?.();
  try {
    return await conduct({
      seed,
      plan,
      described: formatClusterPlan(plan),
      exclusive: false,
      observe,
      ...(mistake?.store === undefined ? {} : { store: mistake.store }),
      keeper: (scene) => new ClusterOperator({ ...scene, plan, mistake }),
    });
  } finally {
    restore?.();
  }
}

/** What to print when a seed failed. */
export function describeClusterSeed(result: SeedResult): string {
  return describeFailure(result, `npm run soak -- --cluster --seed ${result.seed}`);
}
