/**
 * One incarnation of a node in a universe: its lane, and the agents that it holds there. It ends when its lane is sealed; another one
 * follows, and nothing of this one counts any more (L2).
 */
import { ActorHost, type HostOptions } from '@skep/actor';
import { type AgentId, type LaneId, SkepError, toSkepError, type UniverseId } from '@skep/kernel';
import type { Death, LaneEvent, Refusal, Rules } from '@skep/lane';
import type { Ports } from '@skep/ports';
import { type DirectoryRow, listDirectory } from './directory.js';
import { LaneDriver } from './lane-driver.js';
import { changeUniverse, readUniverse } from './universe-record.js';

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
}

type Elsewhere = Extract<Refusal, { kind: 'elsewhere' }>;

/** Lists of the directory may be stale (see the port): agents that were missing from the first one are looked for again. */
const SWEEP_AGAIN_AFTER_MS: readonly number[] = [2_000, 10_000, 60_000];
const RECOVER_AGAIN_MS = 50;
const RECOVER_AGAIN_MS_MAX = 5_000;

interface Waiting {
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: SkepError) => void;
}

export class Incarnation {
  readonly host: ActorHost;
  readonly driver: LaneDriver;
  private readonly sealing = new Map<LaneId, Waiting>();
  /** Who waits for an agent to be brought back; told whether it was. */
  private readonly claims = new Map<AgentId, (outcome: 'owned' | 'refused') => void>();
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
    const { blob, clock, random, log } = ports;
    this.host = new ActorHost({ ...host, lane: this.driver, blob, clock, random, level: log.level });
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

  directory(after?: AgentId): AsyncGenerator<DirectoryRow> {
    const { ports, universe, timeline } = this.options;
    return listDirectory(ports.registry, { universe, timeline }, after);
  }

  /**
   * Claims every agent with records in the lanes or owned by them, and every resting one with a timer or unsent messages. A lane stays
   * in the universe record as long as one of its agents could not be claimed, so that the next start tries again.
   */
  async recover(lanes: readonly LaneId[]): Promise<number> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.recoverOnce(lanes);
      } catch (thrown) {
        // Nobody calls for an agent that only waits for its timer: giving up would leave it asleep until the next start.
        const error = toSkepError(thrown);
        if (this.ended || error.retry === 'no') throw error;
        await this.pause(Math.min(RECOVER_AGAIN_MS * 2 ** (attempt - 1), RECOVER_AGAIN_MS_MAX));
      }
    }
  }

  private async recoverOnce(lanes: readonly LaneId[]): Promise<number> {
    const { registry, clock } = this.options.ports;
    const agents = new Set<AgentId>();
    const owners = new Map<AgentId, LaneId>();
    for (const lane of lanes) for (const agent of (await this.driver.tailOf(lane)).agents) agents.add(agent);
    for await (const { agent, wake, entry } of this.directory()) {
      // One that a dead incarnation claimed and did not write to has no record in its lane, and may still have to send or to wake.
      if (wake || (!entry.free && lanes.includes(entry.owner))) agents.add(agent);
      if (agents.has(agent)) owners.set(agent, entry.owner);
    }
    const left = new Set<AgentId>();
    await Promise.all([...agents].map(async (agent) => (await this.claimed(agent)) === 'refused' && left.add(agent)));
    this.driver.forgetTails();
    if (lanes.length > 0) for (const afterMs of SWEEP_AGAIN_AFTER_MS) clock.setTimer(afterMs, () => void this.sweep().catch(() => {}));
    // Where one was not claimed (its kind is not loaded, its log is damaged, this node closes), the next start must still find it.
    const needed = new Set([...left].map((agent) => owners.get(agent)));
    const done = lanes.filter((lane) => !needed.has(lane));
    if (done.length > 0 && !this.ended) {
      await changeUniverse({ registry, clock, universe: this.options.universe }, (before) => ({
        ...before,
        unclaimed: before.unclaimed.filter((lane) => !done.includes(lane)),
      }));
    }
    return agents.size - left.size;
  }

  private pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.options.ports.clock.setTimer(delayMs, resolve));
  }

  /** Wakes agents with a timer or unsent messages that nobody holds. */
  private async sweep(): Promise<void> {
    for await (const { agent, wake, entry } of this.directory()) {
      if (this.ended) return;
      if (wake && entry.owner !== this.lane) this.host.wake(agent);
    }
  }

  private claimed(agent: AgentId): Promise<'owned' | 'refused'> {
    return new Promise((resolve) => {
      if (this.ended) return resolve('refused');
      if (this.driver.holds(agent)) return resolve('owned');
      this.claims.set(agent, resolve);
      if (!this.host.wake(agent)) this.claimEnded(agent, 'refused');
    });
  }

  private claimEnded(agent: AgentId, outcome: 'owned' | 'refused'): void {
    this.claims.get(agent)?.(outcome);
    this.claims.delete(agent);
  }

  private stop(): void {
    this.ended = true;
    this.driver.stop();
    for (const agent of [...this.claims.keys()]) this.claimEnded(agent, 'refused');
    for (const { reject } of this.sealing.values()) reject(new SkepError('closed', { message: 'the incarnation ended', id: this.lane }));
    this.sealing.clear();
    for (const wake of this.idleWaiters.splice(0)) wake();
  }

  /**
   * The directory names a lane of which this node knows no seal. One that is not among the open ones was left by an incarnation that is
   * no more, and that another one sealed: its seal is read, and the agent claimed again. A lane that is open keeps what it owns.
   */
  private async ownedElsewhere(agent: AgentId, why: Elsewhere): Promise<void> {
    try {
      const { open } = await readUniverse(this.options.ports.registry, this.options.universe);
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
    this.claimEnded(agent, 'refused');
  }

  private async owned({ agent, snapshot, records }: Extract<LaneEvent, { kind: 'owned' }>): Promise<void> {
    await this.host.roster.owned(agent, snapshot, records);
    this.claimEnded(agent, this.host.roster.find(agent)?.stage === 'ready' ? 'owned' : 'refused');
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
        this.claimEnded(event.agent, 'refused');
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
        this.claimEnded(event.agent, 'owned');
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
