/** Keeps several nodes running: starts, kills, drains and cuts them off as the plan says, and starts them again. Outside of them, and never wrong. */
import type { Activation } from '@skep/actor';
import { type AgentId, type IncarnationId, type SkepError, toSkepError, universeId } from '@skep/kernel';
import { RULES } from '@skep/lane';
import { type DirectoryRow, listDirectory, readUniverse, SkepNode } from '@skep/runtime';
import { ClusterNode, connectCluster } from '@skep/sdk';
import type { SeededRandom, SimulatedNode } from '@skep/simulated';
import { checkAgreement } from '../invariants/agreement.js';
import { type Broken, broken } from '../invariants/violation.js';
import { type SceneKeeper, waitingIn } from '../simulator/audit.js';
import type { Scene } from '../simulator/conduct.js';
import type { StepWorld } from '../simulator/kinds/worker.js';
import type { Asked } from '../simulator/recording-client.js';
import { swarmKinds } from '../simulator/swarm.js';
import type { ClusterMistake } from './cluster-mistakes.js';
import type { ClusterPlan } from './cluster-plan.js';
import { Misfortune } from './misfortune.js';
import { NodeClient } from './node-client.js';
import { timed } from './timed-client.js';

/** One start of a node. */
export interface Running {
  readonly name: string;
  readonly node: SkepNode;
  readonly opened: ClusterNode;
  readonly simulated: SimulatedNode;
  readonly client: Asked;
  readonly incarnation: number;
  readonly upMs: number;
}

export interface ClusterParts extends Scene {
  readonly plan: ClusterPlan;
  readonly mistake: ClusterMistake | undefined;
}

/** A place where a node runs, start after start. */
interface Berth {
  simulated: SimulatedNode | undefined;
  running: Running | undefined;
  /** It will be started again. */
  planned: 'yes' | 'no';
}

const START_AGAIN_MS = 50;
/** Stands for a client that is no node's. */
const OVER_THE_BUS = 0;
/** What a call may take beyond its deadline: timers come late. */
const GRACE_MS = 2_000;
const DRAINED_WITHIN_MS = 20_000;

export class ClusterOperator implements SceneKeeper {
  readonly names: readonly string[];
  readonly #berths = new Map<string, Berth>();
  readonly #random: SeededRandom;
  #auditor: SimulatedNode | undefined;
  #busClient: Asked | undefined;
  #incarnation = 0;
  #waiting: (() => void)[] = [];
  readonly #downs = new Map<number, Set<() => void>>();

  constructor(private readonly parts: ClusterParts) {
    this.names = Array.from({ length: parts.plan.nodes }, (_, index) => `n${index + 1}`);
    this.#random = parts.world.random('through which node');
    for (const name of this.names) this.#berths.set(name, { simulated: undefined, running: undefined, planned: 'no' });
  }

  /** Nodes that are up, by name. */
  get running(): readonly Running[] {
    return [...this.#berths.values()].flatMap(({ running }) => (running === undefined ? [] : [running]));
  }

  begin(): void {
    const { world, plan } = this.parts;
    for (const name of this.names) void this.#start(name);
    const misfortune = new Misfortune(this.parts, this);
    for (const blow of plan.blows) world.at(blow.atMs, () => misfortune.strike(blow));
  }

  async up(): Promise<{ readonly client: Asked; readonly incarnation: number }> {
    const { way } = this.parts.plan;
    if (way === 'bus' || (way === 'both' && this.#random.below(2) === 0)) return this.#overTheBus();
    for (;;) {
      const { running } = this;
      if (running.length > 0) return this.#random.pick(running) as Running;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  onDown(incarnation: number, listener: () => void): () => void {
    if (incarnation === OVER_THE_BUS) return () => undefined;
    const listeners = this.#downs.get(incarnation);
    if (listeners === undefined) {
      queueMicrotask(listener);
      return () => undefined;
    }
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Others may take a node for dead, rightly or not. */
  sealed(): void {}

  kill(name: string, downMs: number): void {
    this.parts.outside.meet('kill');
    this.#down(name);
    this.#startAfter(name, downMs);
  }

  /** A process that ends well, and starts again. */
  drain({ name, opened, incarnation }: Running, downMs: number): void {
    const { world, outside } = this.parts;
    outside.meet('drain');
    const end = (how: string): void => {
      if (this.#berths.get(name)?.running?.incarnation !== incarnation) return;
      outside.meet(how);
      this.#down(name);
      this.#startAfter(name, downMs);
    };
    opened.close().then(
      () => end('drained'),
      () => end('drain failed'),
    );
    world.at(world.now + DRAINED_WITHIN_MS, () => end('drain took too long'));
  }

  powerCut(downMs = 1): void {
    const { world, stores, outside } = this.parts;
    outside.meet('power cut');
    const disks = new Set([stores.log, stores.registry, stores.blob]);
    for (const name of this.names) this.#down(name);
    for (const disk of disks) disk.crash();
    world.at(world.now + downMs, () => {
      for (const disk of disks) disk.start();
    });
    for (const name of this.names) this.#startAfter(name, downMs);
  }

  async recovered(): Promise<number> {
    for (;;) {
      while (this.running.length < this.names.length) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      const { running } = this;
      const fates = await Promise.all(running.map((one) => this.#fate(one)));
      // A restart that was under way may have taken one down again.
      if (fates.every((fate) => fate === 'recovered') && this.running.length === this.names.length)
        return Math.max(...running.map(({ upMs }) => upMs));
    }
  }

  #fate({ node, incarnation }: Running): Promise<'recovered' | 'down'> {
    return new Promise((resolve) => {
      const forget = this.onDown(incarnation, () => resolve('down'));
      const told = (): void => {
        forget();
        resolve('recovered');
      };
      node.recovered.then(told, told);
    });
  }

  waiting(): string {
    const lines: string[] = [];
    for (const [name, { running }] of this.#berths) {
      const waiting = running === undefined ? 'it is down' : waitingIn(running.node);
      if (waiting !== '') lines.push(`${name}: ${waiting}`);
    }
    return lines.join('; ');
  }

  async disagreements(): Promise<readonly Broken[]> {
    const { world, stores } = this.parts;
    this.#auditor ??= world.node('auditor of the nodes', { stores });
    const { registry } = this.#auditor.ports;
    const universe = universeId('main');
    const { open, unclaimed, timeline } = await readUniverse(registry, universe);
    const directory: DirectoryRow[] = [];
    for await (const row of listDirectory(registry, { universe, timeline })) directory.push(row);
    const views = this.running.map(({ node }) => ({
      incarnation: node.id,
      lane: node.driver.id,
      holds: (agent: AgentId) => node.driver.holds(agent),
      members: (node.company?.view?.view ?? []).map(({ incarnation }): IncarnationId => incarnation),
    }));
    return checkAgreement(views, { directory, open, unclaimed });
  }

  holding(agent: AgentId): Activation | undefined {
    for (const { node } of this.running) if (node.driver.holds(agent)) return node.host.roster.find(agent);
    return undefined;
  }

  #down(name: string): void {
    const berth = this.#berths.get(name) as Berth;
    berth.simulated?.crash();
    const incarnation = berth.running?.incarnation;
    berth.simulated = undefined;
    berth.running = undefined;
    if (incarnation === undefined) return;
    const listeners = this.#downs.get(incarnation) ?? [];
    this.#downs.delete(incarnation);
    for (const listener of [...listeners]) listener();
  }

  #startAfter(name: string, downMs: number): void {
    const { world } = this.parts;
    const berth = this.#berths.get(name) as Berth;
    if (berth.planned === 'yes') return;
    berth.planned = 'yes';
    world.at(world.now + downMs, () => void this.#start(name));
  }

  async #start(name: string): Promise<void> {
    const { world, stores, plan, tap, mistake, outside } = this.parts;
    const berth = this.#berths.get(name) as Berth;
    berth.planned = 'no';
    this.#incarnation += 1;
    const incarnation = this.#incarnation;
    const simulated = world.node(name, { stores });
    berth.simulated = simulated;
    const tapped = tap.listen(simulated.ports, 0, name);
    let opened: ClusterNode | undefined;
    let node: SkepNode | undefined;
    try {
      node = await SkepNode.start(mistake?.ports?.(tapped) ?? tapped, {
        name,
        kinds: swarmKinds(
          plan.passivateAfterMs,
          this.#stepWorld(simulated, () => node),
        ),
        settleEveryMs: plan.settleEveryMs,
        onAlarm: (agent, error) => this.#alarm(agent, error),
        onLaneAlarm: (ended, error) => this.#laneAlarm(ended, error),
        cluster: {
          heartbeatMs: plan.heartbeatMs,
          suspectAfterMs: plan.heartbeatMs * 4,
          sweepEveryMs: plan.sweepEveryMs,
          perform: (request) => (opened as ClusterNode).perform(request),
          onIncarnation: (id) => opened?.arrive(id),
        },
        ...(mistake?.rules === undefined ? {} : { rules: { ...RULES, ...mistake.rules } }),
      });
      if (berth.simulated !== simulated || !simulated.isAlive) return;
      mistake?.node?.(node);
      opened = new ClusterNode(node, { name });
      opened.arrive(node.id);
      const client = new NodeClient({
        node,
        simulated,
        waitMs: plan.waitMs,
        watch: ({ agent, method }, answer) => this.#mustEnd(simulated, `${method} of ${agent} through ${name}`, answer),
      });
      this.#downs.set(incarnation, new Set());
      berth.running = { name, node, opened, simulated, client, incarnation, upMs: world.now };
      world.record('operator', 'up', incarnation);
      for (const wake of this.#waiting.splice(0)) wake();
    } catch (error) {
      outside.meet(`start failed: ${toSkepError(error).code}`);
      if (berth.simulated !== simulated) return;
      this.#down(name);
      this.#startAfter(name, START_AGAIN_MS);
    }
  }

  /** One process of clients, which finds the nodes over the bus. */
  #overTheBus(): { readonly client: Asked; readonly incarnation: number } {
    const { world, stores, plan } = this.parts;
    if (this.#busClient === undefined) {
      const simulated = world.node('clients', { stores });
      const { bus, clock, random } = simulated.ports;
      const client = connectCluster({ bus, clock, random, deadlineMs: plan.waitMs });
      this.#busClient = timed(client, (what, answer) => this.#mustEnd(simulated, `${what} over the bus`, answer));
    }
    return { client: this.#busClient, incarnation: OVER_THE_BUS };
  }

  /** By the clock of the node itself: while it is paused, so is this. */
  #mustEnd({ clock }: SimulatedNode, what: string, answer: Promise<unknown>): void {
    const { plan, outside } = this.parts;
    const cancel = clock.setTimer(plan.waitMs + GRACE_MS, () => {
      outside.broken.push(broken('I13', `${what} neither was answered nor failed ${GRACE_MS} ms after its deadline of ${plan.waitMs} ms`));
    });
    answer.then(cancel, cancel);
  }

  #alarm(agent: string, error: SkepError): void {
    this.parts.outside.broken.push(broken('I16', `${agent} is not served, although nothing was damaged: ${error.message}`));
  }

  /** A log that does not answer in time is no bug. */
  #laneAlarm(lane: string, error: SkepError): void {
    if (error.code === 'outcome-unknown') this.parts.outside.meet('append in doubt past the limit');
    else this.parts.outside.broken.push(broken('I16', `the lane ${lane} ended: ${error.message}`));
  }

  /** A node that was fenced and does not know it yet may run a step once more: at least once is what effects are promised. */
  #stepWorld({ ports: { clock } }: SimulatedNode, node: () => SkepNode | undefined): StepWorld {
    const { outside, tap } = this.parts;
    return {
      effect: (effect) => {
        const lane = node()?.driver.id;
        outside.effect({ ...effect, incarnation: 0, by: lane !== undefined && tap.isSealing(lane) ? 'fenced' : 'owner' });
      },
      sleep: (ms) => new Promise((resolve) => clock.setTimer(ms, resolve)),
    };
  }
}
