/**
 * One seed: a node in a world in which things go wrong, clients that call it, and a judgement at the end.
 *
 *   const { broken, trace } = await runSeed(42);
 */
import { createWorld, type Store, type TraceEvent, type World } from '@skep/simulated';
import { type Broken, broken } from '../invariants/violation.js';
import { gather, judge, type Ledgers, type Live, quiet, readAll, waitingIn } from './audit.js';
import { LogTap } from './log-tap.js';
import type { SeedMistake } from './mistakes.js';
import { Operator } from './operator.js';
import { Outside } from './outside.js';
import { type ClientWorld, RecordingClient } from './recording-client.js';
import { drawRunPlan, formatRunPlan, type RunPlan } from './run-plan.js';
import { runClient } from './workload.js';

export interface SeedOptions {
  /** Instead of the plan that the seed draws. */
  readonly plan?: RunPlan;
  /** Test-only: something done wrong, which the run has to find. */
  readonly mistake?: SeedMistake;
  /** Sees everything that happens. */
  readonly observe?: (event: TraceEvent) => void;
}

export interface SeedResult {
  readonly seed: number;
  /** Hash of everything that happened: the same seed, the same hash. */
  readonly trace: string;
  readonly operations: number;
  readonly acknowledged: number;
  readonly records: number;
  readonly effects: number;
  readonly virtualMs: number;
  /** How often each fault occurred, and what else was met. */
  readonly met: ReadonlyMap<string, number>;
  readonly broken: readonly Broken[];
  readonly plan: string;
}

const ANSWERED_WITHIN_MS = 300_000;
/** Wall time at the start of every simulated world. */
const WORLD_START_MS = Date.UTC(2026, 0, 1);

export async function runSeed(seed: number, options: SeedOptions = {}): Promise<SeedResult> {
  const restore = options.mistake?.install?.();
  try {
    return await run(seed, options);
  } finally {
    restore?.();
  }
}

/** What to print when a seed failed. */
export function describeSeed({ seed, plan, broken: found }: SeedResult): string {
  const lines = found.slice(0, 12).map(({ invariant, message }) => `${invariant}: ${message}`);
  const more = found.length > lines.length ? [`and ${found.length - lines.length} more`] : [];
  return [`seed ${seed} broke a promise; see it again with: npm run soak -- --seed ${seed}`, ...lines, ...more, 'The plan:', plan].join('\n');
}

async function run(seed: number, { plan = drawRunPlan(String(seed)), mistake, observe }: SeedOptions): Promise<SeedResult> {
  const world = createWorld({ seed, faults: plan.faults, ...(observe === undefined ? {} : { observe }) });
  const outside = new Outside();
  const tap = new LogTap(outside);
  const stores = makeStores();
  const operator = new Operator({ world, stores, plan, outside, tap, mistake });
  const parts = { world, operator, outside, tap };
  void operator.start();
  for (const { atMs, ...crash } of plan.crashes) world.at(atMs, () => operator.crash(crash));
  const names = Array.from({ length: plan.clients }, (_, index) => String(index + 1));
  const clientParts = { world: clientWorld(world), operator, outside };
  const task = { operations: plan.operationsPerClient, thinkMsMax: plan.thinkMsMax };
  const work = Promise.all(names.map((name) => runClient(new RecordingClient(clientParts, name), outside, task)));
  await world.run({ untilMs: plan.horizonMs });
  world.heal();
  const found: Broken[] = [];
  const live: { [when: string]: readonly Live[] } = {};
  try {
    await world.drive(work, { limitMs: ANSWERED_WITHIN_MS });
    await settleDown('before the last crash');
    operator.crash({ what: 'power', downMs: 1 });
    await settleDown('after the last crash');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    found.push(broken('I13', `the run did not come to an end: ${why}; ${waitingIn(operator)}`));
  }
  outside.giveUpOpen();
  const ledgers = await gather(parts, stores);
  found.push(...judge(parts, ledgers, live));
  return result(ledgers);

  /** Waits until all is quiet and reads everything. */
  async function settleDown(when: string): Promise<void> {
    const waiting = await quiet(parts);
    if (waiting !== undefined) found.push(broken('I13', `long after the faults had stopped there was still something to do: ${waiting}`));
    live[when] = await readAll(parts, [...(await gather(parts, stores)).ledger.keys()]);
  }

  function makeStores() {
    const store = (name: string): Store =>
      world.store(name, { exclusive: plan.exclusive, ...(mistake?.store === undefined ? {} : { mistakes: mistake.store }) });
    if (plan.stores === 'three') return { log: store('log'), registry: store('registry'), blob: store('blob') };
    const only = store('disk');
    return { log: only, registry: only, blob: only };
  }

  function result({ ledger }: Ledgers): SeedResult {
    const { operations, effects, met } = outside;
    return {
      seed,
      trace: world.trace,
      operations: operations.length + outside.past.length,
      acknowledged: operations.filter((operation) => operation.outcome.kind === 'acknowledged').length,
      records: [...ledger.values()].reduce((sum, one) => sum + one.records.length, 0),
      effects: effects.length,
      virtualMs: world.now,
      met: new Map([...world.occurred, ...met]),
      broken: found,
      plan: formatRunPlan(plan),
    };
  }
}

/** Clients have a good clock: that of the world. */
function clientWorld(world: World): ClientWorld {
  return {
    get now() {
      return world.now;
    },
    wallMs: () => WORLD_START_MS + world.now,
    at: (atMs, act) => world.at(atMs, act),
    random: (purpose) => world.random(purpose),
    record: (who, what, ...fields) => world.record(who, what, ...fields),
  };
}
