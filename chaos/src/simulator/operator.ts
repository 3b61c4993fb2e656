/** Keeps one node running: starts it, kills it, starts it again. Outside of the node, and never wrong. */
import type { Activation } from '@skep/actor';
import { type AgentId, type SkepError, toSkepError } from '@skep/kernel';
import { RULES } from '@skep/lane';
import { SkepNode } from '@skep/runtime';
import { LocalClient } from '@skep/sdk';
import type { SimulatedNode } from '@skep/simulated';
import { type Broken, broken } from '../invariants/violation.js';
import { type SceneKeeper, waitingIn } from './audit.js';
import type { Scene } from './conduct.js';
import type { StepWorld } from './kinds/worker.js';
import type { SeedMistake } from './mistakes.js';
import type { Crash, RunPlan } from './run-plan.js';
import { swarmKinds } from './swarm.js';

export interface Running {
  readonly node: SkepNode;
  readonly client: LocalClient;
  readonly incarnation: number;
  /** When it came up, in ms of the world. */
  readonly upMs: number;
}

export interface OperatorParts extends Scene {
  readonly plan: RunPlan;
  readonly mistake: SeedMistake | undefined;
}

/** Shorter than by default, so that runs of a minute meet it. */
const APPEND_IN_DOUBT_MS = 2_000;
const START_AGAIN_MS = 50;
const PAYLOAD_BYTES = 1024 * 1024;

export class Operator implements SceneKeeper {
  running: Running | undefined;
  incarnation = 0;
  #simulated: SimulatedNode | undefined;
  #planned = false;
  #waiting: (() => void)[] = [];
  #downs = new Set<() => void>();

  constructor(private readonly parts: OperatorParts) {}

  async up(): Promise<Running> {
    while (this.running === undefined) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.running;
  }

  onDown(_incarnation: number, listener: () => void): () => void {
    this.#downs.add(listener);
    return () => this.#downs.delete(listener);
  }

  begin(): void {
    const { world, plan } = this.parts;
    void this.start();
    for (const { atMs, ...crash } of plan.crashes) world.at(atMs, () => this.crash(crash));
  }

  async recovered(): Promise<number> {
    const { node, upMs } = await this.up();
    await node.recovered.catch(() => undefined);
    return upMs;
  }

  waiting(): string {
    return this.running === undefined ? 'the node is down' : waitingIn(this.running.node);
  }

  /** Its lane is not looked at: with one node there is nobody to disagree with. */
  async disagreements(): Promise<readonly Broken[]> {
    return [];
  }

  holding(agent: AgentId): Activation | undefined {
    return this.running?.node.host.roster.find(agent);
  }

  powerCut(): void {
    this.crash({ what: 'power', downMs: 1 });
  }

  async start(): Promise<void> {
    this.#planned = false;
    const { world, stores, plan, tap, mistake, outside } = this.parts;
    this.incarnation += 1;
    const { incarnation } = this;
    const simulated = world.node('node', { stores });
    this.#simulated = simulated;
    const tapped = tap.listen(simulated.ports, incarnation);
    try {
      const node = await SkepNode.start(mistake?.ports?.(tapped) ?? tapped, {
        kinds: swarmKinds(plan.passivateAfterMs, this.#stepWorld(simulated, incarnation)),
        settleEveryMs: plan.settleEveryMs,
        limits: { appendInDoubtMs: APPEND_IN_DOUBT_MS },
        onAlarm: (agent, error) => this.#alarm(agent, error),
        onLaneAlarm: (lane, error) => this.#laneAlarm(lane, error),
        ...(mistake?.rules === undefined ? {} : { rules: { ...RULES, ...mistake.rules } }),
      });
      if (this.#simulated !== simulated || !simulated.isAlive) return;
      mistake?.node?.(node);
      const options = { dir: null, startedMs: 0, pid: 0, payloadBytes: PAYLOAD_BYTES };
      this.running = { node, client: new LocalClient(node, options), incarnation, upMs: world.now };
      world.record('operator', 'up', incarnation);
      for (const wake of this.#waiting.splice(0)) wake();
    } catch (error) {
      outside.meet(`start failed: ${toSkepError(error).code}`);
      if (this.#simulated === simulated) this.crash({ what: 'process', downMs: START_AGAIN_MS });
    }
  }

  crash({ what, downMs }: Omit<Crash, 'atMs'>): void {
    const { world, stores, outside } = this.parts;
    outside.meet(what === 'power' ? 'power cut' : 'kill');
    this.#simulated?.crash();
    this.running = undefined;
    const disks = new Set([stores.log, stores.registry, stores.blob]);
    if (what === 'power') for (const disk of disks) disk.crash();
    for (const listener of [...this.#downs]) listener();
    this.#downs.clear();
    if (this.#planned) return;
    this.#planned = true;
    world.at(world.now + downMs, () => {
      if (what === 'power') for (const disk of disks) disk.start();
      void this.start();
    });
  }

  /** Nobody else seals lanes here. */
  sealed(incarnation: number, error: SkepError): void {
    if (this.running?.incarnation !== incarnation || this.#inDoubt(this.running.node)) return;
    this.parts.outside.broken.push(broken('I16', `the only node's lane is dead: ${error.message}`));
    this.crash({ what: 'process', downMs: START_AGAIN_MS });
  }

  #alarm(agent: string, error: SkepError): void {
    this.parts.outside.broken.push(broken('I16', `${agent} is not served, although nothing was damaged: ${error.message}`));
  }

  /** A log that does not answer in time is no bug. */
  #laneAlarm(lane: string, error: SkepError): void {
    if (error.code === 'outcome-unknown') this.parts.outside.meet('append in doubt past the limit');
    else this.parts.outside.broken.push(broken('I16', `the lane ${lane} ended: ${error.message}`));
  }

  #inDoubt({ laneAlarms }: SkepNode): boolean {
    return [...laneAlarms.values()].some(({ code }) => code === 'outcome-unknown');
  }

  #stepWorld({ ports: { clock } }: SimulatedNode, incarnation: number): StepWorld {
    return {
      effect: (effect) => this.parts.outside.effect({ ...effect, incarnation }),
      sleep: (ms) => new Promise((resolve) => clock.setTimer(ms, resolve)),
    };
  }
}
