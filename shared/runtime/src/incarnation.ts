/**
 * One incarnation of a node in a universe: its lane, and the agents that it holds there. It ends when its lane is sealed; another one
 * follows, and nothing of this one counts any more (L2).
 */
import { ActorHost, type HostOptions } from '@skep/actor';
import type { Whereabouts } from '@skep/cluster';
import { type AgentId, type IncarnationId, incarnationOf, type LaneId, SkepError, toSkepError, type UniverseId, type Value } from '@skep/kernel';
import type { Death, LaneEvent, Refusal, Rules } from '@skep/lane';
import type { Ports } from '@skep/ports';
import { Subjects } from '@skep/protocol';
import { Locator } from './cluster/locator.js';
import { type AgentRequest, Post } from './cluster/post.js';
import { type DirectoryRow, listDirectory } from './directory.js';
import { LaneDriver } from './lane-driver.js';
import { Reviver } from './reviver.js';
import { readNewestUniverse, readUniverse } from './universe-record.js';

export interface IncarnationOptions {
  readonly ports: Ports;
  readonly universe: UniverseId;
  readonly timeline: number;
  readonly lane: LaneId;
  readonly host: Omit<HostOptions, 'lane' | 'blob' | 'clock' | 'random' | 'level'>;
  readonly rules?: Rules;
  /** Its lane has ended. */
  readonly onDead: () => void;
  /** Its lane has ended otherwise than by a seal. */
  readonly onAlarm: (lane: LaneId, error: SkepError) => void;
  /** Left out where this node is the only one. */
  readonly cluster?: IncarnationCluster;
}

/** The other nodes, as one incarnation needs them. */
export interface IncarnationCluster {
  readonly whereabouts: Whereabouts;
  isLive(incarnation: IncarnationId): boolean;
  isDead(incarnation: IncarnationId): boolean;
  /** Where an agent that nobody holds should live; undefined when no node takes agents. */
  place(agent: AgentId): IncarnationId | undefined;
  /** Whether this node takes the agent, if nobody holds it. */
  takes(agent: AgentId): boolean;
  /** Whether every member that lives was heard, as far as one can know. */
  isAcquainted(): boolean;
  /** Whether this node's own way to the others is known to be closed. */
  isCutOff(): boolean;
  perform(request: AgentRequest): Promise<Value>;
}

type Elsewhere = Extract<Refusal, { kind: 'elsewhere' }>;

interface Waiting {
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: SkepError) => void;
}

export class Incarnation {
  readonly host: ActorHost;
  readonly driver: LaneDriver;
  /** Undefined where this node is the only one. */
  readonly post: Post | undefined;
  private readonly reviver: Reviver;
  private readonly sealing = new Map<LaneId, Waiting>();
  private idleWaiters: (() => void)[] = [];
  private ended = false;
  /** Why its lane takes nothing any more. */
  endedBy: SkepError | undefined;

  constructor(private readonly options: IncarnationOptions) {
    const { ports, universe, timeline, lane, host, rules } = options;
    const onEvent = (event: LaneEvent): void => this.onEvent(event);
    const onBroken = (error: SkepError): void => this.die('broken', error);
    const { appendInDoubtMs } = host.limits;
    this.driver = new LaneDriver({ ports, universe, timeline, lane, appendInDoubtMs, onEvent, onBroken, ...(rules === undefined ? {} : { rules }) });
    const { blob, clock, random, log, registry } = ports;
    this.post = this.makePost();
    const others = this.post === undefined ? {} : { others: this.post };
    this.host = new ActorHost({ ...host, ...others, lane: this.driver, blob, clock, random, level: log.level });
    const { cluster } = options;
    const mine = cluster === undefined ? {} : { mine: (agent: AgentId) => cluster.place(agent) === this.id };
    this.reviver = new Reviver({ registry, clock, universe, timeline, lane, driver: this.driver, host: this.host, ...mine });
  }

  get id(): IncarnationId {
    return incarnationOf(this.options.lane);
  }

  get lane(): LaneId {
    return this.driver.id;
  }

  get timeline(): number {
    return this.options.timeline;
  }

  /** Waits until everything queued is acknowledged, then stops. */
  async close(error: SkepError): Promise<void> {
    await this.host.close(error);
    if (!this.driver.idle) await new Promise<void>((resolve) => this.idleWaiters.push(resolve));
    this.stop();
  }

  /** Drops what it holds: its lane is no more. */
  drop(error: SkepError): void {
    this.stop();
    // Snapshots under way may wait for a store that does not answer; nothing of them counts any more.
    void this.host.close(error).catch(() => {});
  }

  /** @throws SkepError when the lane's last record cannot be read for good */
  seal(lane: LaneId): Promise<void> {
    const under = this.sealing.get(lane);
    if (under !== undefined) return under.done;
    let resolve = (): void => {};
    let reject = (_error: SkepError): void => {};
    const done = new Promise<void>((settle, refuse) => {
      resolve = settle;
      reject = refuse;
    });
    this.sealing.set(lane, { done, resolve, reject });
    this.driver.seal(lane);
    return done;
  }

  /** Wakes agents that have something to do and that nobody holds. */
  sweep(): Promise<void> {
    return this.reviver.sweep();
  }

  private makePost(): Post | undefined {
    const { cluster, ports, universe } = this.options;
    if (cluster === undefined) return undefined;
    const { bus, clock } = ports;
    const isHere = (agent: AgentId): boolean => this.host.roster.find(agent) !== undefined || this.driver.holds(agent);
    return new Post({
      bus,
      clock,
      subjects: new Subjects(universe),
      incarnation: this.id,
      host: () => this.host,
      perform: (request) => cluster.perform(request),
      isAcquainted: () => cluster.isAcquainted(),
      cutOff: () => cluster.isCutOff(),
      locator: new Locator({
        self: this.id,
        isHere,
        isLive: (incarnation) => cluster.isLive(incarnation),
        place: (agent) => cluster.place(agent),
        takes: (agent) => cluster.takes(agent),
        whereabouts: cluster.whereabouts,
      }),
    });
  }

  directory(after?: AgentId): AsyncGenerator<DirectoryRow> {
    const { ports, universe, timeline } = this.options;
    return listDirectory(ports.registry, { universe, timeline }, after);
  }

  /** Brings back the agents of sealed lanes; see `Reviver`. */
  recover(lanes: readonly LaneId[]): Promise<number> {
    return this.reviver.recover(lanes);
  }

  private stop(): void {
    this.ended = true;
    this.driver.stop();
    this.reviver.stop();
    this.post?.stop();
    for (const { reject } of this.sealing.values()) reject(new SkepError('closed', { message: 'the incarnation ended', id: this.lane }));
    this.sealing.clear();
    for (const wake of this.idleWaiters.splice(0)) wake();
  }

  /**
   * The directory names a lane of which this node knows no seal. One that is not among the open ones was left by an incarnation that is
   * no more, and that another one sealed: its seal is read, and the agent claimed again. A lane that is open keeps what it owns.
   */
  private async ownedElsewhere(agent: AgentId, why: Elsewhere): Promise<void> {
    const owner = incarnationOf(why.owner);
    if (this.options.cluster?.isLive(owner) === true) {
      this.options.cluster.whereabouts.learn(agent, owner);
      this.host.roster.refused(agent, why);
      return this.reviver.claimEnded(agent, 'refused');
    }
    try {
      if (this.options.cluster?.isDead(owner) === true || !(await this.isOpen(why.owner))) {
        await this.seal(why.owner);
        this.driver.claim(agent);
        this.driver.flush();
        return;
      }
    } catch {
      // The registry or the lane cannot be had now; the caller hears that the agent is elsewhere, and retries.
    }
    this.options.cluster?.whereabouts.forget(agent);
    this.host.roster.refused(agent, why);
    this.reviver.claimEnded(agent, 'refused');
  }

  /** That a lane is open is believed of any record; that it is not, of the newest alone: a lane that was just opened may not be there in others. */
  private async isOpen(lane: LaneId): Promise<boolean> {
    const { universe, ports } = this.options;
    if ((await readUniverse(ports.registry, universe)).open.includes(lane)) return true;
    return (await readNewestUniverse(ports.registry, universe)).open.includes(lane);
  }

  private async owned({ agent, snapshot, records }: Extract<LaneEvent, { kind: 'owned' }>): Promise<void> {
    this.options.cluster?.whereabouts.forget(agent);
    await this.host.roster.owned(agent, snapshot, records);
    this.reviver.claimEnded(agent, this.host.roster.find(agent)?.stage === 'ready' ? 'owned' : 'refused');
  }

  private onEvent(event: LaneEvent): void {
    const { roster } = this.host;
    switch (event.kind) {
      case 'released':
        this.host.released(event.through);
        break;
      case 'aborted':
        roster.aborted(event.error, event.agents);
        break;
      case 'owned':
        this.owned(event).catch((error) => this.die('broken', error));
        break;
      case 'refused':
        if (event.why.kind === 'elsewhere') {
          void this.ownedElsewhere(event.agent, event.why);
          break;
        }
        roster.refused(event.agent, event.why);
        this.reviver.claimEnded(event.agent, 'refused');
        break;
      case 'settled':
        this.host.settledAgent(event.agent);
        break;
      case 'unsettled':
        this.host.unsettledAgent(event.agent);
        break;
      case 'freed':
        roster.freed(event.agent);
        // It was held, and rests: a recovery that is repeated has nothing to wait for.
        this.reviver.claimEnded(event.agent, 'owned');
        break;
      case 'lost':
        roster.lost(event.agent);
        break;
      case 'sealed':
        this.sealing.get(event.lane)?.resolve();
        this.sealing.delete(event.lane);
        break;
      case 'unsealed':
        this.sealing.get(event.lane)?.reject(event.error);
        this.sealing.delete(event.lane);
        break;
      case 'dead':
        this.die(event.why);
        break;
      case 'trim':
        break;
    }
    if (this.idleWaiters.length > 0 && this.driver.idle) for (const wake of this.idleWaiters.splice(0)) wake();
  }

  private die(why: Death, cause?: unknown): void {
    if (this.ended || this.endedBy !== undefined) return;
    const ended = new SkepError('sealed', { message: `the lane of this node is ${why}`, id: this.lane });
    this.endedBy = ended;
    if (why !== 'sealed') this.options.onAlarm(this.lane, alarmOf(this.lane, why, cause));
    try {
      this.host.roster.died(why === 'sealed' ? ended : outcomeUnknown(this.lane, why), ended);
    } finally {
      this.options.onDead();
    }
  }
}

function alarmOf(lane: LaneId, why: Exclude<Death, 'sealed'>, cause: unknown): SkepError {
  switch (why) {
    case 'corrupt':
      return new SkepError('corrupt', { message: 'the lane holds what this node did not write, or cannot be read', id: lane });
    case 'in-doubt':
      return outcomeUnknown(lane, why);
    case 'broken': {
      const { message } = toSkepError(cause);
      return new SkepError('internal', { message: `the incarnation ended by a bug: ${message}`, id: lane, cause });
    }
  }
}

/** What was on its way to the log may be in, or still arrive: a certain failure would be a guess. */
function outcomeUnknown(lane: LaneId, why: Death): SkepError {
  const message = why === 'in-doubt' ? 'the log did not say in time whether it took the records of this node' : `the lane of this node is ${why}`;
  return new SkepError('outcome-unknown', { message, id: lane });
}
