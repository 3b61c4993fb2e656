/**
 * A world: nodes, stores, links, disks and clocks on one seeded virtual time.
 *
 * - S1 Everything that happens is an event, by (time, order of scheduling); after each one that calls code of a node, all promises settle
 *   before the next. Same seed, same events, same trace.
 * - S2 No fault is drawn but from the seed, each kind from a stream of its own.
 * - S3 The world is nastier than the real one, never nicer, and keeps every promise of the ports.
 */
import { assert, SkepError } from '@skep/kernel';
import { drawPlan, type FaultPlan, formatPlan, QUIET_PLAN } from './fault-plan.js';
import { Incarnation } from './incarnation.js';
import { Incidents } from './incidents.js';
import { type Cut, Network } from './network.js';
import { SimulatedNode, type Stores } from './node.js';
import type { SeededRandom } from './seeded-random.js';
import { BusNetwork } from './simulated-bus.js';
import { Simulation } from './simulation.js';
import { Store, type StoreOptions } from './store.js';
import type { TraceEvent, TraceField } from './trace.js';

export interface WorldOptions {
  readonly seed: number | string;
  /** `none` (the default), `drawn` from the seed, or a plan. */
  readonly faults?: 'none' | 'drawn' | FaultPlan;
  /** Sees everything that goes into the trace. */
  readonly observe?: (event: TraceEvent) => void;
}

export interface RunOptions {
  /** Stop when the time has come, and set the world to it. Without it the world runs until it is idle. */
  readonly untilMs?: number;
  /** Stop when nothing is left to happen, even before `untilMs`. */
  readonly untilIdle?: boolean;
  readonly maxEvents?: number;
}

export interface RunResult {
  readonly stoppedBy: 'idle' | 'time' | 'events';
  readonly events: number;
}

export interface NodeOptions {
  readonly stores: Store | Stores;
}

export class World {
  readonly plan: FaultPlan;
  readonly #simulation: Simulation;
  readonly #network: Network;
  readonly #buses: BusNetwork;
  readonly #incidents: Incidents;
  readonly #stores = new Map<string, Store>();
  /** The newest incarnation of each node. */
  readonly #nodes = new Map<string, SimulatedNode>();
  #running = false;

  constructor(options: WorldOptions) {
    const seed = String(options.seed);
    const faults = options.faults ?? 'none';
    this.plan = faults === 'none' ? QUIET_PLAN : faults === 'drawn' ? drawPlan(seed) : faults;
    this.#simulation = new Simulation({ seed, rates: this.plan.rates, observe: options.observe });
    this.#network = new Network(this.#simulation);
    this.#buses = new BusNetwork(this.#simulation, this.#network);
    this.#incidents = new Incidents(this.#simulation, {
      nodes: () => [...this.#nodes.values()].filter((node) => node.isAlive),
      stores: () => [...this.#stores.values()],
      cut: (cut) => this.cut(cut),
    });
    this.#incidents.schedule(this.plan.incidents);
  }

  /** Virtual milliseconds since the start of the world. */
  get now(): number {
    return this.#simulation.nowUs / 1000;
  }

  /** Hash of everything that happened so far. */
  get trace(): string {
    return this.#simulation.trace.hash;
  }

  /** How often each fault occurred so far. */
  get occurred(): ReadonlyMap<string, number> {
    return this.#simulation.occurred;
  }

  /** Seed and plan, for the message of a test that failed. */
  describe(): string {
    return `seed ${this.#simulation.seed}\n${formatPlan(this.plan)}`;
  }

  store(name: string, options?: StoreOptions): Store {
    assert(!this.#stores.has(name) && !this.#nodes.has(name), `there is a ${name} already`);
    const store = new Store(this.#simulation, name, options);
    this.#stores.set(name, store);
    return store;
  }

  /** The next incarnation of a node; the one before it has to be dead. */
  node(name: string, { stores }: NodeOptions): SimulatedNode {
    const before = this.#nodes.get(name);
    assert(before === undefined || !before.isAlive, `the node ${name} is alive`);
    assert(!this.#stores.has(name), `${name} is a store`);
    const incarnation = new Incarnation(this.#simulation, name, (before?.number ?? 0) + 1);
    const parts = { simulation: this.#simulation, network: this.#network, buses: this.#buses };
    const node = new SimulatedNode(parts, incarnation, stores instanceof Store ? { log: stores, registry: stores, blob: stores } : stores);
    this.#nodes.set(name, node);
    this.#simulation.record(name, 'node started', incarnation.number);
    return node;
  }

  /** Chance for the test itself: which call to make, whom to kill. */
  random(purpose: string): SeededRandom {
    return this.#simulation.stream(`test ${purpose}`);
  }

  /** Puts something into the trace. */
  record(node: string, kind: string, ...fields: readonly TraceField[]): void {
    this.#simulation.record(node, kind, ...fields);
  }

  /** Runs something of the test at a virtual time. */
  at(atMs: number, run: () => void): void {
    this.#simulation.after(atMs * 1000 - this.#simulation.nowUs, 'outer', run);
  }

  /** Cuts a link between nodes or stores; returns the function that mends it. */
  cut(cut: Cut): () => void {
    return this.#network.cut(cut);
  }

  /** From now on nothing goes wrong any more: faults off, links mended, stores up, nobody paused. What was under way still arrives. */
  heal(): void {
    this.#simulation.calm();
    this.#incidents.cancel();
    this.#network.mendAll();
    for (const node of this.#nodes.values()) node.resume();
    for (const store of this.#stores.values()) {
      store.setDiskFull('free');
      store.start();
    }
    this.record('world', 'healed');
  }

  async run({ untilMs, untilIdle, maxEvents = Number.POSITIVE_INFINITY }: RunOptions = {}): Promise<RunResult> {
    const endUs = untilMs === undefined ? Number.POSITIVE_INFINITY : untilMs * 1000;
    const stopsIdle = untilIdle ?? untilMs === undefined;
    return this.#exclusively(async () => {
      let events = 0;
      for (; events < maxEvents; events += 1) {
        const next = this.#simulation.queue.peek();
        if (stopsIdle && this.#simulation.queue.isIdle) return { stoppedBy: 'idle', events };
        if (next === undefined || next.atUs > endUs) {
          if (endUs !== Number.POSITIVE_INFINITY) this.#simulation.nowUs = Math.max(this.#simulation.nowUs, endUs);
          return { stoppedBy: next === undefined && endUs === Number.POSITIVE_INFINITY ? 'idle' : 'time', events };
        }
        await this.#step();
      }
      return { stoppedBy: 'events', events };
    });
  }

  /** Runs the world until a promise settles. @throws SkepError `timeout` when it does not, however long the world runs */
  async drive<Result>(work: Promise<Result>, { limitMs = 600_000 }: { readonly limitMs?: number } = {}): Promise<Result> {
    const endUs = this.#simulation.nowUs + limitMs * 1000;
    let settled = false;
    const mark = () => {
      settled = true;
    };
    work.then(mark, mark);
    await this.#exclusively(async () => {
      while (!settled) {
        const next = this.#simulation.queue.peek();
        if (next === undefined || next.atUs > endUs) {
          throw new SkepError('timeout', {
            message: `it did not settle within ${limitMs} virtual ms; ${next === undefined ? 'nothing is left to happen' : 'the world goes on'}`,
          });
        }
        await this.#step();
      }
    });
    return work;
  }

  async #exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    assert(!this.#running, 'the world runs already');
    this.#running = true;
    try {
      await settled();
      return await work();
    } finally {
      this.#running = false;
    }
  }

  async #step(): Promise<void> {
    const event = this.#simulation.queue.take();
    if (event?.run === undefined) return;
    this.#simulation.nowUs = event.atUs;
    const { run } = event;
    event.run = undefined;
    run();
    if (event.kind !== 'inner') await settled();
  }
}

export function createWorld(options: WorldOptions): World {
  return new World(options);
}

/** Resolves when every promise that could settle has: the event loop turns only then. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
