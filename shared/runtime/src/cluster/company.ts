/**
 * What a node does because it is not alone: it knows the others, takes over from the dead, and hands over what it holds.
 *
 * - K1 Whoever is declared dead is sealed before anything of it is claimed (L2, L4); a wrong verdict costs that node a restart, never data.
 * - K2 Every survivor brings back the agents that placement gives it; a later sweep finds what an earlier one could not.
 * - K3 A node that hands over takes nothing new, and tells the others that its agents are to be taken.
 * - K4 A node whose lane is not among the open ones asks the log whether it still lives.
 */
import type { AddressKeys } from '@skep/actor';
import { Whereabouts } from '@skep/cluster';
import {
  type AgentId,
  type IncarnationId,
  incarnationOf,
  type LaneId,
  laneId,
  type NodeId,
  nodeId,
  parseAgentId,
  parseIncarnationId,
  SkepError,
  type UniverseId,
} from '@skep/kernel';
import { type DirectoryEntry, decodeEntry, directoryKey } from '@skep/lane';
import type { Ports } from '@skep/ports';
import { Subjects } from '@skep/protocol';
import type { Incarnation, IncarnationCluster } from '../incarnation.js';
import { entryToTell } from '../newest-entry.js';
import { changeUniverse, readNewestUniverse, readUniverse, type UniverseRecord } from '../universe-record.js';
import { type LinkStatus, Members } from './members.js';
import { Pins } from './pins.js';
import type { AgentRequest } from './post.js';

export interface ClusterOptions {
  /** Default 100 ms. */
  readonly heartbeatMs?: number;
  /** A node that was not heard this long is suspected. Default 1 s, or ten heartbeats where these are given. */
  readonly suspectAfterMs?: number;
  /** How often what others left undone is looked for. Default 5 s. */
  readonly sweepEveryMs?: number;
  /** Tells when this node's own link to the others breaks and is back. Returns the function that stops it. */
  readonly link?: (listener: (status: LinkStatus) => void) => () => void;
  /** Tells of nodes whose connection was closed; a hint. */
  readonly closings?: (listener: (node: NodeId) => void) => () => void;
  /** Performs what clients ask for an agent of this node, besides calls. */
  readonly perform?: (request: AgentRequest) => Promise<AgentRequest['parameters'][number]>;
  /** Told of each incarnation of this node, when it begins. Must not throw. */
  readonly onIncarnation?: (incarnation: IncarnationId) => void;
}

export interface CompanyParts {
  readonly ports: Ports;
  readonly universe: UniverseId;
  readonly name: string;
  readonly options: ClusterOptions;
  readonly addressKeys: AddressKeys;
  readonly load: () => { readonly agents: number; readonly turnsPerSecond: number };
}

/** A machine with more to do than it can keeps threads waiting for half a second now and then; `closings` makes real deaths known sooner. */
const SUSPECT_AFTER_MS = 1_000;
const SUSPECT_AFTER_HEARTBEATS = 10;
const SWEEP_EVERY_MS = 5_000;
/** Sweeps between two looks through the whole directory for agents that nobody wakes. */
const SWEEPS_PER_LOOK = 6;
const HAND_OVER_AT_ONCE = 64;
/** Less than clients wait for an answer. */
const MEETS_WITHIN_MS = 800;
const MEETS_LOOK_MS = 10;
/** How long a migration waits for its agent to be awake again; it gets there in any case. */
const ARRIVES_WITHIN_MS = 5_000;

export class Company {
  readonly pins: Pins;
  private readonly whereabouts = new Whereabouts();
  private incarnation: Incarnation | undefined;
  private members: Members | undefined;
  private cancelSweep: (() => void) | undefined;
  private sweeps = 0;
  private reviving: Promise<unknown> = Promise.resolve();
  private handingOver = false;
  private linkStatus: LinkStatus = 'connected';
  private readonly unlink: (() => void) | undefined;

  constructor(private readonly parts: CompanyParts) {
    const { ports, universe, options } = parts;
    this.unlink = options.link?.((status) => {
      this.linkStatus = status;
    });
    this.pins = new Pins(ports.registry, universe, (agent, node) => this.members?.pin(agent, node));
  }

  get view(): Members | undefined {
    return this.members;
  }

  /** The node where an agent was met last, other than this one; a hint. */
  metAt(agent: AgentId): IncarnationId | undefined {
    return this.whereabouts.find(agent);
  }

  /**
   * Resolves when this node has heard of every member that lives, so that what it says of the swarm is whole. After a while in any case: without a way out
   * nobody is heard; and at once while the node comes back.
   */
  async met(): Promise<void> {
    const { clock } = this.parts.ports;
    const endMs = clock.monotonicMs() + MEETS_WITHIN_MS;
    while (this.members?.isAcquainted === false && clock.monotonicMs() < endMs)
      await new Promise<void>((resolve) => clock.setTimer(MEETS_LOOK_MS, resolve));
  }

  /** The directory's entry of an agent as it is now. @throws SkepError `unavailable` */
  async entryOf(agent: AgentId): Promise<DirectoryEntry | undefined> {
    const { incarnation } = this;
    if (incarnation === undefined) throw comingBack();
    const { ports, universe } = this.parts;
    const key = directoryKey(universe, incarnation.timeline, agent);
    const found = await entryToTell(ports.registry, key);
    return found === undefined ? undefined : decodeEntry(found.value, key);
  }

  /** What one incarnation asks of the others. */
  sideOf(): IncarnationCluster {
    const { options } = this.parts;
    return {
      whereabouts: this.whereabouts,
      isLive: (incarnation) => this.members?.isLive(incarnation) === true,
      isDead: (incarnation) => this.members?.isDead(incarnation) === true,
      place: (agent) => this.place(agent),
      takes: (agent) => !this.handingOver && !this.parts.addressKeys.isMissing(agent),
      isAcquainted: () => this.members?.isAcquainted === true,
      isCutOff: () => this.linkStatus === 'disconnected',
      perform: (request) => {
        if (options.perform === undefined) throw new SkepError('unknown-method', { message: `no command ${request.method}`, id: request.agent });
        return options.perform(request);
      },
    };
  }

  /** An incarnation begins. Resolves when it had time to hear of the others. */
  async begin(incarnation: Incarnation, { open }: Pick<UniverseRecord, 'open'>): Promise<void> {
    this.end();
    const { ports, universe, options, load, addressKeys } = this.parts;
    const { bus, clock } = ports;
    this.incarnation = incarnation;
    options.onIncarnation?.(incarnation.id);
    const { link, closings, heartbeatMs } = options;
    const suspectAfterMs = options.suspectAfterMs ?? (heartbeatMs === undefined ? SUSPECT_AFTER_MS : heartbeatMs * SUSPECT_AFTER_HEARTBEATS);
    const members = new Members({
      bus,
      clock,
      subjects: new Subjects(universe),
      incarnation: incarnation.id,
      load,
      keyless: () => addressKeys.missing,
      ...(link === undefined ? {} : { link }),
      ...(closings === undefined ? {} : { closings }),
      ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
      suspectAfterMs,
      confirm: () => incarnation.host.barrier(0),
      onGone: (gone) => void this.takeOver(incarnation, gone),
    });
    this.members = members;
    for (const [agent, node] of this.pins.all) members.pin(agent, node);
    for (const lane of open) if (lane !== incarnation.lane) members.expect(incarnationOf(lane));
    this.pins.watch();
    // Where they cannot be read now, placement does without until the next look.
    await this.pins.read().catch(() => {});
    await members.acquainted();
    this.planSweep(incarnation);
  }

  /** The incarnation is no more. */
  end(): void {
    this.cancelSweep?.();
    this.members?.stop();
    this.members = undefined;
    this.incarnation = undefined;
  }

  /** Takes nothing new and lets every agent go; the others take them. Resolves when all are gone, or `withinMs` are over. */
  async handOver(withinMs: number): Promise<{ readonly handedOver: number; readonly left: number }> {
    const { incarnation, members } = this;
    if (incarnation === undefined || members === undefined) return { handedOver: 0, left: 0 };
    this.handingOver = true;
    members.setStatus('draining');
    const { clock } = this.parts.ports;
    const endMs = clock.monotonicMs() + withinMs;
    let handedOver = 0;
    for (;;) {
      const agents = [...incarnation.host.roster.all()].map(({ agent }) => agent).slice(0, HAND_OVER_AT_ONCE);
      if (agents.length === 0 || clock.monotonicMs() >= endMs) break;
      const gone = await Promise.all(agents.map((agent) => this.letGo(incarnation, agent)));
      handedOver += gone.filter(Boolean).length;
      if (!gone.some(Boolean)) await new Promise<void>((resolve) => clock.setTimer(20, resolve));
    }
    return { handedOver, left: [...incarnation.host.roster.all()].length };
  }

  /** Says that this node leaves: what it still holds is taken over at once. */
  leave(): void {
    this.members?.setStatus('leaving');
    this.end();
    this.unlink?.();
    this.pins.stop();
  }

  /**
   * Moves an agent to another node: it is let go here and claimed there; what waits for it follows.
   * @returns for how long nobody held it, in ms
   * @throws SkepError `invalid-input` for a node that is not there, `elsewhere` when this node does not hold the agent, `unavailable`
   */
  async migrate(agent: AgentId, to: string): Promise<{ readonly pauseMs: number }> {
    const { incarnation, members } = this;
    if (incarnation === undefined || members === undefined) throw comingBack();
    const target = members.serving(nodeId(to));
    if (target === undefined) {
      throw new SkepError('invalid-input', {
        message: `no node ${to} takes agents`,
        id: to,
        remedy: 'Choose one that `skep node ls` shows as serving.',
      });
    }
    if (target === incarnation.id) return { pauseMs: 0 };
    const { tenant } = parseAgentId(agent);
    if (members.isKeyless(target, tenant)) {
      const remedy = 'Choose another node, or start that one with the key.';
      throw new SkepError('invalid-input', { message: `node ${to} lacks the address key of tenant ${tenant}`, id: to, remedy });
    }
    if (incarnation.host.roster.find(agent) === undefined) {
      throw new SkepError('elsewhere', { message: 'this node does not hold the agent', id: agent });
    }
    const { clock } = this.parts.ports;
    await incarnation.host.settleAgent(agent);
    const startedMs = clock.monotonicMs();
    // From now on what comes for the agent goes to its new node.
    this.moving.set(agent, target);
    try {
      if (!(await incarnation.host.release(agent))) throw new SkepError('unavailable', { message: 'the agent could not be let go', id: agent });
      this.whereabouts.learn(agent, target);
      await incarnation.post?.give(agent, ARRIVES_WITHIN_MS).catch(() => {});
      return { pauseMs: clock.monotonicMs() - startedMs };
    } finally {
      this.moving.delete(agent);
    }
  }

  private readonly moving = new Map<AgentId, IncarnationId>();

  private place(agent: AgentId): IncarnationId | undefined {
    const moving = this.moving.get(agent);
    if (moving !== undefined) return moving;
    return this.members?.place(agent);
  }

  private async letGo(incarnation: Incarnation, agent: AgentId): Promise<boolean> {
    const wakes = incarnation.host.hasWork(agent);
    if (!(await incarnation.host.release(agent))) return false;
    if (wakes) incarnation.post?.wake([agent]);
    return true;
  }

  private async takeOver(incarnation: Incarnation, gone: IncarnationId): Promise<void> {
    const { ports, universe } = this.parts;
    if (this.incarnation !== incarnation) return;
    incarnation.post?.gone(gone);
    const lane = laneId(universe, incarnation.timeline, gone);
    try {
      await incarnation.seal(lane);
      const { registry, clock } = ports;
      const now = await readUniverse(registry, universe);
      const record = now.open.includes(lane) ? await changeUniverse({ registry, clock, universe }, (before) => sealed(before, lane)) : now;
      await this.revive(incarnation, [...new Set([...record.unclaimed, lane])]);
    } catch {
      // K2: the next sweep tries again.
    }
  }

  private revive(incarnation: Incarnation, lanes: readonly LaneId[]): Promise<unknown> {
    this.reviving = this.reviving.catch(() => {}).then(() => (this.incarnation === incarnation ? incarnation.recover(lanes) : undefined));
    return this.reviving;
  }

  private planSweep(incarnation: Incarnation): void {
    const { clock, random } = this.parts.ports;
    if (this.incarnation !== incarnation) return;
    const everyMs = this.parts.options.sweepEveryMs ?? SWEEP_EVERY_MS;
    // Not all nodes at once.
    const afterMs = everyMs * (0.75 + (random.uint32() % 1000) / 2000);
    this.cancelSweep = clock.setTimer(afterMs, () => {
      void this.sweep(incarnation)
        .catch(() => {})
        .then(() => this.planSweep(incarnation));
    });
  }

  private async sweep(incarnation: Incarnation): Promise<void> {
    const { members } = this;
    const { open, unclaimed, addressKeys } = await readUniverse(this.parts.ports.registry, this.parts.universe);
    if (this.incarnation !== incarnation || members === undefined) return;
    // A key may have come since this node started.
    this.parts.addressKeys.learn(addressKeys);
    // K4: one that was taken for dead and writes nothing would never learn it. If the record is stale, the log says that all is well.
    if (!open.includes(incarnation.lane)) await incarnation.host.barrier(0);
    for (const lane of open) {
      const other = incarnationOf(lane);
      if (lane === incarnation.lane) continue;
      if (members.isDead(other)) await this.takeOver(incarnation, other);
      else members.expect(other);
    }
    await this.reconcile(incarnation, members).catch(() => {});
    if (this.incarnation !== incarnation) return;
    this.sweeps += 1;
    if (this.handingOver) return;
    if (unclaimed.length > 0) await this.revive(incarnation, unclaimed);
    else if (this.sweeps % SWEEPS_PER_LOOK === 0) {
      await this.pins.read();
      await incarnation.sweep();
    }
  }

  /** Members that are silent, and whose lanes are open no more, are gone. A record that is behind may lack a lane that was just opened. */
  private async reconcile({ timeline }: Incarnation, members: Members): Promise<void> {
    const { suspects } = members;
    if (suspects.length === 0) return;
    const { ports, universe } = this.parts;
    const { open } = await readNewestUniverse(ports.registry, universe);
    for (const suspect of suspects) if (!open.includes(laneId(universe, timeline, suspect))) members.left(suspect);
  }
}

function comingBack(): SkepError {
  return new SkepError('unavailable', { message: 'this node is coming back' });
}

function sealed(before: UniverseRecord, lane: LaneId): UniverseRecord {
  return { ...before, open: before.open.filter((each) => each !== lane), unclaimed: [...new Set([...before.unclaimed, lane])] };
}

/** Lanes of earlier incarnations of the same node: they are dead, or this one would not start. */
export function lanesOfNode(open: readonly LaneId[], name: string): readonly LaneId[] {
  const node = nodeId(name);
  return open.filter((lane) => parseIncarnationId(incarnationOf(lane)).node === node);
}
