/**
 * One seed: a node in a world in which things go wrong, clients that call it, and a judgement at the end.
 *
 *   const { broken, trace } = await runSeed(42);
 */
import type { TraceEvent } from '@skep/simulated';
import { conduct, describeFailure, type SeedResult } from './conduct.js';
import type { SeedMistake } from './mistakes.js';
import { Operator } from './operator.js';
import { drawRunPlan, formatRunPlan, type RunPlan } from './run-plan.js';

export type { SeedResult } from './conduct.js';

export interface SeedOptions {
  /** Instead of the plan that the seed draws. */
  readonly plan?: RunPlan;
  /** Test-only: something done wrong, which the run has to find. */
  readonly mistake?: SeedMistake;
  /** Sees everything that happens. */
  readonly observe?: (event: TraceEvent) => void;
}

export async function runSeed(seed: number, { plan = drawRunPlan(String(seed)), mistake, observe }: SeedOptions = {}): Promise<SeedResult> {
  const restore = mistake?.install?.();
  try {
    return await conduct({
      seed,
      plan,
      described: formatRunPlan(plan),
      exclusive: plan.exclusive,
      observe,
      ...(mistake?.store === undefined ? {} : { store: mistake.store }),
      keeper: (scene) => new Operator({ ...scene, plan, mistake }),
    });
  } finally {
    restore?.();
  }
}

/** What to print when a seed failed. */
export function describeSeed(result: SeedResult): string {
  return describeFailure(result, `npm run soak -- --seed ${result.seed}`);
}
