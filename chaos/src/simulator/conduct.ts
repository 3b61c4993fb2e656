/** One run in a simulated world, whoever it is that runs there: clients work while things go wrong, all heals, all is read back and judged. */
import { createWorld, type Store, type Stores, type TraceEvent, type World } from '@skep/simulated';
import { type Broken, broken } from '../invariants/violation.js';
import { gather, judge, type Ledgers, type Live, quiet, readAll, type SceneKeeper } from './audit.js';
import { LogTap } from './log-tap.js';
import type { SeedMistake } from './mistakes.js';
import { Outside } from './outside.js';
import { type ClientWorld, RecordingClient } from './recording-client.js';
import type { Circumstances } from './run-plan.js';
import { runClient } from './workload.js';

/** Where a run takes place. */
export interface Scene {
  readonly world: World;
  readonly stores: Stores;
  readonly outside: Outside;
  readonly tap: LogTap;
}

export interface ConductOptions {
  readonly seed: number;
  readonly plan: Circumstances;
  /** The plan for people. */
  readonly described: string;
  readonly exclusive: boolean;
  readonly store?: SeedMistake['store'];
  /** Sees everything that happens. */
  readonly observe?: ((event: TraceEvent) => void) | undefined;
  readonly keeper: (scene: Scene) => SceneKeeper;
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

export async function conduct({
  seed,
  plan,
  described,
  exclusive,
  store: mistakes,
  observe,
  keeper: makeKeeper,
}: ConductOptions): Promise<SeedResult> {
  const world = createWorld({ seed, faults: plan.faults, ...(observe === undefined ? {} : { observe }) });
  const outside = new Outside();
  const tap = new LogTap(outside);
  const scene: Scene = { world, stores: makeStores(), outside, tap };
  const keeper = makeKeeper(scene);
  const parts = { ...scene, keeper };
  keeper.begin();
  const names = Array.from({ length: plan.clients }, (_, index) => String(index + 1));
  const clientParts = { world: clientWorld(world), operator: keeper, outside };
  const task = { operations: plan.operationsPerClient, thinkMsMax: plan.thinkMsMax };
  const work = Promise.all(names.map((name) => runClient(new RecordingClient(clientParts, name), outside, task)));
  await world.run({ untilMs: plan.horizonMs });
  world.heal();
  const found: Broken[] = [];
  const live: { [when: string]: readonly Live[] } = {};
  try {
    await world.drive(work, { limitMs: ANSWERED_WITHIN_MS });
    await settleDown('before the last crash');
    keeper.powerCut();
    await settleDown('after the last crash');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    found.push(broken('I13', `the run did not come to an end: ${why}; ${keeper.waiting()}`));
  }
  outside.giveUpOpen();
  const ledgers = await gather(parts);
  found.push(...judge(parts, ledgers, live));
  return result(ledgers);

  /** Waits until all is quiet and reads everything. */
  async function settleDown(when: string): Promise<void> {
    found.push(...(await quiet(parts)));
    live[when] = await readAll(parts, [...(await gather(parts)).ledger.keys()]);
  }

  function makeStores(): Stores {
    const store = (name: string): Store => world.store(name, { exclusive, ...(mistakes === undefined ? {} : { mistakes }) });
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
      plan: described,
    };
  }
}

/** What to print when a seed failed. `command` shows it again. */
export function describeFailure({ seed, plan, broken: found }: SeedResult, command: string): string {
  const lines = found.slice(0, 12).map(({ invariant, message }) => `${invariant}: ${message}`);
  const more = found.length > lines.length ? [`and ${found.length - lines.length} more`] : [];
  return [`seed ${seed} broke a promise; see it again with: ${command}`, ...lines, ...more, 'The plan:', plan].join('\n');
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
