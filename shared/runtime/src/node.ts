/**
 * createNode(ports): the one assembly of the rooms. SDK, services and the simulator all call it.
 *
 *   start -> open a lane -> seal what dead incarnations left open -> claim their agents (on first call; the rest in the background)
 *     ^                                                                         |
 *     +------ a new incarnation and lane <------ its own lane has ended --------+
 *
 * I1 A node whose lane was sealed, or ended with a batch in doubt (L8), drops what it held and comes back by itself; meanwhile every call is refused with `sealed` (L2).
 * I2 Only a start takes what is open for dead. A node that comes back was alive, so others may be, too: it takes over its own lane alone.
 * I3 Of two processes that run under one name in a cluster the one that started last goes on: the other ends for good when it would come back, instead of the
 *    two fencing each other for ever.
 */
import { AddressKeys, type AnyKind, type CommitListener, type GivenAddressKeys, Meter, type NewAddressKeys, type TurnWatch } from '@skep/actor';
import {
  type AgentId,
  type IncarnationId,
  incarnationId,
  isSkepError,
  type LaneId,
  LIMITS,
  type Limits,
  laneId,
  nodeId,
  SkepError,
  toSkepError,
  type UniverseId,
  universeId,
  type Value,
} from '@skep/kernel';
import type { Rules } from '@skep/lane';
import type { Ports } from '@skep/ports';
import { type ClusterOptions, Company, lanesOfNode } from './cluster/company.js';
import type { AgentRequest, Doubt } from './cluster/post.js';
import { within } from './deadline.js';
import type { DirectoryRow } from './directory.js';
import { Incarnation } from './incarnation.js';
import type { LaneDriver } from './lane-driver.js';
import { changeUniverse, type UniverseRecord } from './universe-record.js';

export interface NodeOptions {
  readonly name?: string;
  readonly universe?: string;
  readonly kinds: readonly AnyKind[];
  readonly limits?: Partial<Limits>;
  /**
   * By tenant, 32 bytes each: under it the content of the tenant's agents is hashed. The universe keeps the fingerprint, and from then on
   * nodes without the key refuse the tenant's agents, and nodes with another key do not start. A key never changes. Default: none.
   */
  readonly addressKeys?: GivenAddressKeys;
  /** Default `add`. */
  readonly newAddressKeys?: NewAddressKeys;
  /** How often dirty agents get a snapshot. Default 5 s. */
  readonly settleEveryMs?: number;
  /** Whether a clean close writes snapshots of what changed (default), or leaves it to the log and the next start. */
  readonly closing?: 'settle' | 'leave';
  readonly watch?: TurnWatch;
  /** Told of agents that are not served because their log is damaged. */
  readonly onAlarm?: (agent: AgentId, error: SkepError) => void;
  /** Told when the node has ended for good by itself: another process runs under its name. */
  readonly onEnd?: (error: SkepError) => void;
  /** Told of a lane of this node that ended otherwise than by a seal; the node comes back with another. */
  readonly onLaneAlarm?: (lane: LaneId, error: SkepError) => void;
  /** Left out where this node is the only one. */
  readonly cluster?: ClusterOptions;
  /** Test-only: the lane's decisions, one of them replaced by a mistake. */
  readonly rules?: Rules;
}

export interface Recovery {
  /** Agents brought back. */
  readonly agents: number;
  readonly ms: number;
}

const SETTLE_EVERY_MS = 5_000;
const COME_BACK_MS = 50;
const COME_BACK_MS_MAX = 5_000;
/** A start that met `unavailable` begins again for this long: servers that elect a leader are done within seconds. */
const START_PATIENCE_MS = 10_000;
/** An incarnation that ends earlier was a short one: after several of them in a row the node waits before the next. */
const SHORT_LIFE_MS = 10_000;

/** What a clean close spends on snapshots. */
const CLOSING_SETTLE_MS = 2_000;
/** What a clean close spends on letting agents go to other nodes. */
const CLOSING_HAND_OVER_MS = 10_000;

export class SkepNode {
  readonly universe: UniverseId;
  readonly name: string;
  readonly alarms = new Map<AgentId, SkepError>();
  /** Why lanes of this node ended, where it was not by a seal. */
  readonly laneAlarms = new Map<LaneId, SkepError>();
  readonly addressKeys: AddressKeys;
  /** Settles when every agent of the dead incarnations is claimed. */
  recovered: Promise<Recovery> = Promise.resolve({ agents: 0, ms: 0 });
  private readonly kinds = new Map<string, AnyKind>();
  /** The other nodes; undefined where this one is alone. */
  readonly company: Company | undefined;
  private readonly meter: Meter;
  private readonly listeners = new Set<CommitListener>();
  private incarnation: Incarnation | undefined;
  /** The next incarnation, while it seals what went before. */
  private opening: Incarnation | undefined;
  /** Lanes that this node opened, or may have. */
  private readonly lanes = new Set<LaneId>();
  /** Ends when the node has come back, or was closed. */
  private comingBack: Promise<void> | undefined;
  private closed = false;
  /** Why the node has ended by itself. */
  private endedBy: SkepError | undefined;
  private openedMs = 0;
  private shortLives = 0;

  private constructor(
    readonly ports: Ports,
    private readonly options: NodeOptions,
  ) {
    this.universe = universeId(options.universe ?? 'main');
    this.name = options.name ?? 'node';
    this.meter = new Meter(ports.clock);
    this.addressKeys = new AddressKeys(options.addressKeys, options.newAddressKeys);
    this.setKinds(options.kinds);
    this.company =
      options.cluster === undefined
        ? undefined
        : new Company({
            ports,
            universe: this.universe,
            name: this.name,
            options: options.cluster,
            addressKeys: this.addressKeys,
            load: () => ({ agents: this.incarnation?.host.roster.size ?? 0, turnsPerSecond: this.meter.rate() }),
          });
  }

  /** @throws SkepError `unavailable`, `disk-full`, `invalid-input`, `unsupported-format`, `not-configured` for an address key that cannot be */
  static async start(ports: Ports, options: NodeOptions): Promise<SkepNode> {
    const node = new SkepNode(ports, options);
    await node.openPatiently();
    node.replaceDead();
    return node;
  }

  /** The agents of this incarnation; another host follows when the node was fenced. */
  get host(): Incarnation['host'] {
    return this.current.host;
  }

  get driver(): LaneDriver {
    return this.current.driver;
  }

  get timeline(): number {
    return this.current.timeline;
  }

  get kindList(): readonly AnyKind[] {
    return [...this.kinds.values()];
  }

  /** Replaces the kinds: turns under way end on the old code, the next ones take the new. @throws SkepError `invalid-input` */
  setKinds(kinds: readonly AnyKind[]): void {
    const byName = new Map<string, AnyKind>();
    for (const kind of kinds) {
      if (byName.has(kind.kind))
        throw new SkepError('invalid-input', { message: `two kinds are named ${kind.kind}`, id: kind.kind, remedy: 'Rename one of them.' });
      byName.set(kind.kind, kind);
    }
    this.kinds.clear();
    for (const [name, kind] of byName) this.kinds.set(name, kind);
  }

  /** This start of the node. */
  get id(): IncarnationId {
    return this.current.id;
  }

  /**
   * Asks an agent wherever it is: a call (`parameters`: method, input, options of `callOptions`), or a command that `perform` knows.
   * Rejects with what it was refused for, and with `timeout` when it was not answered within `waitMs`.
   */
  async request(request: AgentRequest, waitMs: number): Promise<Value> {
    const { clock } = this.ports;
    const endMs = clock.monotonicMs() + waitMs;
    let doubt: Doubt = 'none';
    // A node that comes back has no incarnation that could ask for it.
    for (;;) {
      if (this.endedBy !== undefined) throw this.endedBy;
      const { post } = this.current;
      if (post === undefined) throw new SkepError('not-configured', { message: 'this node is not part of a cluster', id: this.name });
      try {
        return await post.request(request, Math.max(0, endMs - clock.monotonicMs()), doubt);
      } catch (error) {
        const { comingBack } = this;
        if (!isSkepError(error)) throw error;
        if (isSkepError(error, 'closed')) {
          throw new SkepError('outcome-unknown', { message: 'the node was closed before it had the answer', id: request.agent, cause: error });
        }
        doubt = post.doubtAfter(request, error, doubt);
        if (comingBack === undefined || this.closed || !post.mayGoOn(request, error, doubt)) throw error;
        await within(clock, comingBack, { leftMs: endMs - clock.monotonicMs(), agent: request.agent, what: request.method });
      }
    }
  }

  /** All entries of the directory, ascending. */
  directory(after?: AgentId): AsyncGenerator<DirectoryRow> {
    return this.current.directory(after);
  }

  /** Waits until everything queued is acknowledged, then stops. Idempotent. */
  async close(): Promise<void> {
    const error = new SkepError('closed', { message: 'the node was closed' });
    this.closed = true;
    // A log that does not answer would keep it from ever coming back.
    this.opening?.drop(error);
    await this.comingBack;
    await this.company?.handOver(CLOSING_HAND_OVER_MS);
    if (this.options.closing !== 'leave') await this.settleForAWhile();
    await this.current.close(error);
    this.company?.leave();
  }

  /** Snapshots now are records that the next start need not read. They are for speed only, so their time is bounded. */
  private settleForAWhile(): Promise<void> {
    const enough = new Promise<void>((resolve) => this.ports.clock.setTimer(CLOSING_SETTLE_MS, resolve));
    return Promise.race([this.current.host.settleAll(), enough]);
  }

  private get current(): Incarnation {
    if (this.incarnation === undefined) throw new SkepError('internal', { message: 'the node was not started' });
    return this.incarnation;
  }

  private async openPatiently(): Promise<void> {
    const { clock } = this.ports;
    const endMs = clock.monotonicMs() + START_PATIENCE_MS;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.open(({ open }) => {
          // With others about, only earlier starts of this very node are known to be dead.
          const takeOver = this.company === undefined ? open : lanesOfNode(open, this.name);
          return { takeOver, keep: open.filter((lane) => !takeOver.includes(lane)) };
        });
      } catch (error) {
        if (!isSkepError(error, 'unavailable') || clock.monotonicMs() >= endMs) throw error;
        await this.pause(attempt);
      }
    }
  }

  /** Opens a lane (L9), seals the lanes that are taken over, and claims their agents in the background. */
  private async open(decide: (before: UniverseRecord) => Opening): Promise<void> {
    const { clock, random, registry } = this.ports;
    const { universe } = this;
    const startedMs = clock.monotonicMs();
    const name = incarnationId(nodeId(this.name), clock.nowMs(), random.bytes(10));
    let lane = '' as LaneId;
    let dead: readonly LaneId[] = [];
    let isNameTaken = false;
    const record = await changeUniverse({ registry, clock, universe }, (before) => {
      if (before.status !== 'active') throw new SkepError('unavailable', { message: 'the universe is being restored', id: universe });
      lane = laneId(universe, before.timeline, name);
      // A change in doubt may have been made.
      this.lanes.add(lane);
      const { takeOver, keep, mustEnd = false } = decide(before);
      isNameTaken = mustEnd;
      // Written as it is, so that it is known to be the newest.
      if (mustEnd) return before;
      dead = takeOver.filter((each) => each !== lane);
      // The dead stay among the open ones until they are known to be sealed.
      return { ...before, open: [...new Set([...dead, ...keep, lane])], addressKeys: this.addressKeys.joinedTo(before.addressKeys) };
    });
    if (isNameTaken) throw nameTaken(this.name);
    this.addressKeys.begin(record.addressKeys);
    const next = this.incarnate(lane, record.timeline);
    this.opening = next;
    try {
      if (this.closed) throw new SkepError('closed', { message: 'the node was closed' });
      await Promise.all(dead.map((each) => next.seal(each)));
      if (dead.length > 0) {
        await changeUniverse({ registry, clock, universe }, (before) => ({
          ...before,
          open: before.open.filter((each) => !dead.includes(each)),
          unclaimed: [...new Set([...before.unclaimed, ...dead])],
        }));
      }
    } catch (error) {
      next.drop(toSkepError(error));
      throw error;
    } finally {
      this.opening = undefined;
    }
    const unclaimed = [...new Set([...record.unclaimed, ...dead])];
    this.incarnation = next;
    this.openedMs = clock.monotonicMs();
    const { company } = this;
    const ready = company === undefined ? Promise.resolve() : company.begin(next, record);
    this.recovered = ready.then(() => next.recover(unclaimed)).then((agents) => ({ agents, ms: clock.monotonicMs() - startedMs }));
    this.recovered.catch(() => {});
  }

  private incarnate(lane: LaneId, timeline: number): Incarnation {
    const { ports, universe, options } = this;
    return new Incarnation({
      ports,
      universe,
      timeline,
      lane,
      ...(this.company === undefined ? {} : { cluster: this.company.sideOf() }),
      host: {
        kinds: this.kinds,
        limits: { ...LIMITS, ...options.limits },
        addressKeys: this.addressKeys,
        settleEveryMs: options.settleEveryMs ?? SETTLE_EVERY_MS,
        meter: this.meter,
        listeners: this.listeners,
        onAlarm: (agent, error) => {
          this.alarms.set(agent, error);
          options.onAlarm?.(agent, error);
        },
        ...(options.watch === undefined ? {} : { watch: options.watch }),
      },
      onDead: () => this.replaceDead(),
      onAlarm: (ended, error) => {
        this.laneAlarms.set(ended, error);
        options.onLaneAlarm?.(ended, error);
      },
      ...(options.rules === undefined ? {} : { rules: options.rules }),
    });
  }

  /** One that ends while it opens is replaced when it has: the seals that it asked for go on. */
  private replaceDead(): void {
    const { incarnation } = this;
    if (incarnation?.endedBy === undefined || this.comingBack !== undefined) return;
    this.comingBack = this.comeBack(incarnation, incarnation.endedBy).finally(() => {
      this.comingBack = undefined;
      if (!this.closed) this.replaceDead();
    });
  }

  private async comeBack(fenced: Incarnation, error: SkepError): Promise<void> {
    this.company?.end();
    fenced.drop(error);
    this.shortLives = this.ports.clock.monotonicMs() - this.openedMs < SHORT_LIFE_MS ? this.shortLives + 1 : 0;
    // A bug that is met again and again must not make lanes without end.
    if (this.shortLives > 1) await this.pause(this.shortLives - 2);
    for (let attempt = 0; !this.closed; attempt += 1) {
      try {
        // Whoever sealed a lane of this node and said so in the record claims its agents.
        return await this.open(({ open }) => {
          const others = open.filter((each) => !this.lanes.has(each));
          const mustEnd = this.company !== undefined && lanesOfNode(others, this.name).length > 0;
          return { takeOver: open.filter((each) => this.lanes.has(each)), keep: others, mustEnd };
        });
      } catch (error) {
        if (isSkepError(error, 'name-taken')) return this.end(error);
        await this.pause(attempt);
      }
    }
  }

  /** I3. */
  private end(error: SkepError): void {
    this.endedBy = error;
    this.closed = true;
    this.company?.leave();
    this.options.onEnd?.(error);
  }

  private pause(attempt: number): Promise<void> {
    const delayMs = Math.min(COME_BACK_MS * 2 ** attempt, COME_BACK_MS_MAX);
    return new Promise((resolve) => this.ports.clock.setTimer(delayMs, resolve));
  }
}

interface Opening {
  readonly takeOver: readonly LaneId[];
  readonly keep: readonly LaneId[];
  /** Whether no lane is to be opened, as another process runs under the name of the node (I3). */
  readonly mustEnd?: boolean;
}

function nameTaken(name: string): SkepError {
  return new SkepError('name-taken', { message: `another process started as node ${name}, and goes on in the place of this one`, id: name });
}
