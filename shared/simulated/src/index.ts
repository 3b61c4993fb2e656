/**
 * The ports on a seeded clock, network and disk. Whatever goes wrong is drawn from the seed; the same seed goes the same way again.
 *
 *   const world = createWorld({ seed: 42, faults: 'drawn' });
 *   const store = world.store('nats');
 *   const node = world.node('a', { stores: store });
 *   const work = startSomething(node.ports);
 *   await world.run({ untilMs: 30_000 });
 *   node.crash();
 *   world.heal();
 *   await world.drive(work);                // else: throw new Error(world.describe())
 *   expect(world.trace).toBe(traceOfTheFirstRun);
 */
export { drawPlan, type FaultPlan, type FaultRates, formatPlan, type Incident, NO_FAULTS, planOf, QUIET_PLAN } from './fault-plan.js';
export type { Cut } from './network.js';
export type { SimulatedNode, Stores } from './node.js';
export { GIVE_UP_MS } from './remote.js';
export { ENTRY_BYTES_MAX } from './remote-ports.js';
export { SeededRandom } from './seeded-random.js';
export type { DiskOptions, Store, StoreOptions } from './store.js';
export type { TraceEvent, TraceField } from './trace.js';
export { createWorld, type NodeOptions, type RunOptions, type RunResult, type World, type WorldOptions } from './world.js';
