/** Mistakes of a cluster, planted on purpose; see `mistakes.ts` of the single node. */
import type { SeedMistake } from '../simulator/mistakes.js';

export type ClusterMistake = SeedMistake;
