/**
 * Chaos: what proves the rest. Explorer, simulator runs, sequences of operations on states, invariants, crash runs.
 *
 *   const result = search({ budget, rules: RULES, statesMax: 100_000 });
 */
export { CLUSTER_MISTAKES, type ClusterMistake, HARMLESS } from './cluster-simulator/cluster-mistakes.js';
export { type ClusterSeedOptions, describeClusterSeed, runClusterSeed } from './cluster-simulator/run-cluster-seed.js';
export { type CrashRunOptions, type CrashRunResult, crashRun, describeCrashRun } from './crash/crash-run.js';
export { type Action, actionsOf } from './explorer/actions.js';
export { type Budget, type NamedWorld, NOTHING, PROVEN } from './explorer/budget.js';
export { MISTAKES, type Mistake } from './explorer/mistakes.js';
export { newTally, type Tally, Violation } from './explorer/observer.js';
export { replay, type SearchOptions, type SearchResult, search, tryAction } from './explorer/search.js';
export { Shapes } from './explorer/shapes.js';
export { type WanderOptions, type WanderResult, wander } from './explorer/wander.js';
export { World } from './explorer/world.js';
export { searchLinearization, type Verdict } from './invariants/linearizability.js';
export { type Broken, INVARIANTS, type Invariant } from './invariants/violation.js';
export { type Finding, findMistake, formatFindings } from './simulator/find-mistake.js';
export { SEED_MISTAKES, type SeedMistake } from './simulator/mistakes.js';
export { describeSeed, runSeed, type SeedOptions, type SeedResult } from './simulator/run-seed.js';
export { describeSequence, runSequence, type SequenceOptions, type SequenceResult } from './state-sequences/run-sequence.js';
export type { StateRoom } from './state-sequences/state-room.js';
