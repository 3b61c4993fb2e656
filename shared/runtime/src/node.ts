/**
 * createNode(ports): the one assembly of the rooms. SDK, services and the simulator all call it.
 *
 *   start -> open a lane -> seal what dead incarnations left open -> claim their agents (on first call; the rest in the background)
 */
import { ActorHost, type AnyKind, type TurnWatch } from '@skep/actor';
import { type AgentId, incarnationId, type LaneId, LIMITS, type Limits, laneId, nodeId, SkepError, type UniverseId, universeId } from '@skep/kernel';
import { decodeEntry, directoryPrefix, type LaneEvent, type Refusal, type Rules } from '@skep/lane';
import type { Ports } from '@skep/ports';
import { LaneDriver } from './lane-driver.js';
import { changeUniverse, readUniverse } from './universe-record.js';

export interface NodeOptions {
  readonly name?: string;
  readonly universe?: string;
  readonly kinds: readonly AnyKind[];
  readonly limits?: Partial<Limits>;
  /** How often dirty agents get a snapshot. Default 5 s. */
  readonly settleEveryMs?: number;
  readonly watch?: TurnWatch;
  /** Told of agents that are not served because their log is damaged. */
  readonly onAlarm?: (agent: AgentId, error: SkepError) => void;
  /** Test-only: the lane's decisions, one of them replaced by a mistake. */
  readonly rules?: Rules;
}

export interface Recovery {
  /** Agents brought back. */
  readonly agents: number;
  readonly ms: number;
}

type ClaimOutcome = 'held' | 'not held';
type Elsewhere = Extract<Refusal, { kind: 'elsewhere' }>;

const SETTLE_EVERY_MS = 5_000;
const LIST_PAGE = 1_000;

export class SkepNode {
  readonly host: ActorHost;
  readonly driver: LaneDriver;
  readonly universe: UniverseId;
  readonly alarms = new Map<AgentId, SkepError>();
  /** Settles when every agent of the dead incarnations is claimed. */
  recovered: Promise<Recovery> = Promise.resolve({ agents: 0, ms: 0 });
  private readonly kinds = new Map<string, AnyKind>();
  private readonly sealing = new Map<LaneId, { readonly done: Promise<void>; readonly resolve: () => void }>();
  private readonly claims = new Map<AgentId, (outcome: ClaimOutcome) => void>();
  private idleWaiters: (() => void)[] = [];

  private constructor(
    readonly ports: Ports,
    options: NodeOptions,
    lane: LaneId,
    universe: UniverseId,
    timeline: number,
  ) {
    this.universe = universe;
    this.setKinds(options.kinds);
    const { rules } = options;
    this.driver = new LaneDriver({
      ports,
      universe,
      timeline,
      lane,
      onEvent: (event) => this.onEvent(event),
      ...(rules === undefined ? {} : { rules }),
    });
    this.host = new ActorHost({
      kinds: this.kinds,
      lane: this.driver,
      blob: ports.blob,
      clock: ports.clock,
      random: ports.random,
      level: ports.log.level,
      limits: { ...LIMITS, ...options.limits },
      settleEveryMs: options.settleEveryMs ?? SETTLE_EVERY_MS,
      onAlarm: (agent, error) => {
        this.alarms.set(agent, error);
        options.onAlarm?.(agent, error);
      },
      ...(options.watch === undefined ? {} : { watch: options.watch }),
    });
    this.timeline = timeline;
  }

  readonly timeline: number;

  static async start(ports: Ports, options: NodeOptions): Promise<SkepNode> {
    const { clock, random, registry } = ports;
    const startedMs = clock.monotonicMs();
    const universe = universeId(options.universe ?? 'main');
    const incarnation = incarnationId(nodeId(options.name ?? 'node'), clock.nowMs(), random.bytes(10));
    let lane = '' as LaneId;
    const record = await changeUniverse(registry, universe, (before) => {
      if (before.status !== 'active') throw new SkepError('unavailable', { message: 'the universe is being restored', id: universe });
      lane = laneId(universe, before.timeline, incarnation);
      return { ...before, open: [...before.open.filter((each) => each !== lane), lane] };
    });
    const node = new SkepNode(ports, options, lane, universe, record.timeline);
    const dead = record.open.filter((each) => each !== lane);
    await Promise.all(dead.map((each) => node.seal(each)));
    const unclaimed = [...record.unclaimed, ...dead.filter((each) => !record.unclaimed.includes(each))];
    if (dead.length > 0) await changeUniverse(registry, universe, (before) => ({ ...before, open: [lane], unclaimed }));
    node.recovered = node.recover(unclaimed, startedMs);
    node.recovered.catch(() => {});
    return node;
  }

  /** Replaces the kinds: agents in memory keep running; the next activation takes the new code. */
  setKinds(kinds: readonly AnyKind[]): void {
    this.kinds.clear();
    for (const kind of kinds) {
      if (this.kinds.has(kind.kind))
        throw new SkepError('invalid-input', { message: `two kinds are named ${kind.kind}`, id: kind.kind, remedy: 'Rename one of them.' });
      this.kinds.set(kind.kind, kind);
    }
  }

  get kindList(): readonly AnyKind[] {
    return [...this.kinds.values()];
  }

  /** Waits until everything queued is acknowledged, then stops. */
  async close(): Promise<void> {
    const error = new SkepError('closed', { message: 'the node was closed' });
    await this.host.close(error);
    for (const agent of [...this.claims.keys()]) this.claimEnded(agent, 'not held');
    if (!this.driver.idle) await new Promise<void>((resolve) => this.idleWaiters.push(resolve));
    this.driver.stop();
  }

  private seal(lane: LaneId): Promise<void> {
    const under = this.sealing.get(lane);
    if (under !== undefined) return under.done;
    let resolve = (): void => {};
    const done = new Promise<void>((settle) => {
      resolve = settle;
    });
    this.sealing.set(lane, { done, resolve });
    this.driver.seal(lane);
    return done;
  }

  /**
   * The directory names a lane of which this node knows no seal. One that is not among the open ones was left by an incarnation that is
   * no more, and that another one sealed: its seal is read, and the agent claimed again. A lane that is open keeps what it owns.
   */
  private async ownedElsewhere(agent: AgentId, why: Elsewhere): Promise<void> {
    try {
      const { open } = await readUniverse(this.ports.registry, this.universe);
      if (!open.includes(why.owner)) {
        await this.seal(why.owner);
        this.driver.claim(agent);
        this.driver.flush();
        return;
      }
    } catch {
      // The registry or the lane cannot be had now; the caller hears that the agent is elsewhere, and retries.
    }
    this.host.roster.refused(agent, why);
    this.claimEnded(agent, 'not held');
  }

  /** Claims every agent with records in the lanes or owned by them, and every resting one with a timer or unsent messages. */
  private async recover(lanes: readonly LaneId[], startedMs: number): Promise<Recovery> {
    const { clock, registry } = this.ports;
    const agents = new Set<AgentId>();
    const owners = new Map<AgentId, LaneId>();
    for (const lane of lanes) for (const agent of (await this.driver.tailOf(lane)).agents) agents.add(agent);
    for await (const { agent, wake, entry } of this.directory()) {
      // One that a dead incarnation claimed and did not write to has no record in its lane, and may still have to send or to wake.
      if (wake || (!entry.free && lanes.includes(entry.owner))) agents.add(agent);
      if (agents.has(agent)) owners.set(agent, entry.owner);
    }
    const outcomes = await Promise.all([...agents].map(async (agent) => ({ agent, outcome: await this.claimed(agent) })));
    this.driver.forgetTails();
    // Where one was not claimed (its kind is not loaded, its log is damaged, this node closes), the next start must still find it.
    const needed = new Set(outcomes.filter(({ outcome }) => outcome === 'not held').map(({ agent }) => owners.get(agent)));
    const done = lanes.filter((lane) => !needed.has(lane));
    if (done.length > 0) {
      await changeUniverse(registry, this.universe, (before) => ({ ...before, unclaimed: before.unclaimed.filter((lane) => !done.includes(lane)) }));
    }
    return { agents: agents.size, ms: clock.monotonicMs() - startedMs };
  }

  /** All entries of the directory, ascending. */
  async *directory(
    after?: AgentId,
  ): AsyncGenerator<{ readonly agent: AgentId; readonly wake: boolean; readonly entry: ReturnType<typeof decodeEntry> }> {
    const prefix = directoryPrefix(this.universe, this.timeline);
    for (let last = after === undefined ? undefined : prefix + after; ; ) {
      const page = await this.ports.registry.list(prefix, { limit: LIST_PAGE, ...(last === undefined ? {} : { after: last }) });
      for (const { key, value } of page) {
        const entry = decodeEntry(value, key);
        yield { agent: key.slice(prefix.length) as AgentId, wake: entry.wake, entry };
      }
      if (page.length < LIST_PAGE) return;
      last = page[page.length - 1]?.key;
    }
  }

  private claimed(agent: AgentId): Promise<ClaimOutcome> {
    return new Promise((resolve) => {
      if (this.driver.holds(agent)) return resolve('held');
      this.claims.set(agent, resolve);
      if (!this.host.wake(agent)) this.claimEnded(agent, 'not held');
    });
  }

  private onEvent(event: LaneEvent): void {
    switch (event.kind) {
      case 'released':
        this.host.released(event.through);
        break;
      case 'aborted':
        this.host.roster.aborted(event.error, event.agents);
        break;
      case 'owned':
        void this.host.roster.owned(event.agent, event.snapshot, event.records).finally(() => this.claimEnded(event.agent, 'held'));
        break;
      case 'refused':
        if (event.why.kind === 'elsewhere') {
          void this.ownedElsewhere(event.agent, event.why);
          break;
        }
        this.host.roster.refused(event.agent, event.why);
        this.claimEnded(event.agent, 'not held');
        break;
      case 'settled':
        this.host.settledAgent(event.agent);
        break;
      case 'unsettled':
        this.host.unsettledAgent(event.agent);
        break;
      case 'freed':
        this.host.roster.freed(event.agent);
        break;
      case 'lost':
        this.host.roster.lost(event.agent);
        break;
      case 'sealed':
        this.sealing.get(event.lane)?.resolve();
        this.sealing.delete(event.lane);
        break;
      case 'dead':
        this.host.roster.died(new SkepError('sealed', { message: `the lane of this node is ${event.why}`, id: this.driver.id }));
        break;
      case 'trim':
        break;
    }
    if (this.idleWaiters.length > 0 && this.driver.idle) for (const wake of this.idleWaiters.splice(0)) wake();
  }

  private claimEnded(agent: AgentId, outcome: ClaimOutcome): void {
    const ended = this.claims.get(agent);
    this.claims.delete(agent);
    ended?.(outcome);
  }
}
