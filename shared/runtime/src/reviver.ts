/**
 * Brings agents back whose node is no more. A lane stays in the universe record as long as one of its agents was not claimed, so that
 * somebody tries again.
 */
import type { ActorHost } from '@skep/actor';
import { type AgentId, type LaneId, toSkepError, type UniverseId } from '@skep/kernel';
import type { Clock, Registry } from '@skep/ports';
import { listDirectory } from './directory.js';
import type { LaneDriver } from './lane-driver.js';
import { changeUniverse, readUniverse } from './universe-record.js';

export interface ReviverOptions {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly universe: UniverseId;
  readonly timeline: number;
  readonly lane: LaneId;
  readonly driver: LaneDriver;
  readonly host: ActorHost;
  /** Which agents this node brings back, where others bring back the rest. Left out: all. */
  readonly mine?: (agent: AgentId) => boolean;
}

/** Lists of the directory may be stale (see the port): agents that were missing from the first one are looked for again. */
const SWEEP_AGAIN_AFTER_MS: readonly number[] = [2_000, 10_000, 60_000];
const AGAIN_MS = 50;
const AGAIN_MS_MAX = 5_000;
/** Agents that are brought back at once; those that somebody calls come in between. */
const CLAIMS_AT_ONCE = 64;

export class Reviver {
  /** Who waits for an agent to be brought back; told whether it was. */
  private readonly claims = new Map<AgentId, ((outcome: 'owned' | 'refused') => void)[]>();
  private ended = false;

  constructor(private readonly options: ReviverOptions) {}

  stop(): void {
    this.ended = true;
    for (const agent of [...this.claims.keys()]) this.claimEnded(agent, 'refused');
  }

  claimEnded(agent: AgentId, outcome: 'owned' | 'refused'): void {
    const waiting = this.claims.get(agent) ?? [];
    this.claims.delete(agent);
    for (const resolve of waiting) resolve(outcome);
  }

  /** Claims every agent of the lanes, and every resting one with a timer or unsent messages. Returns how many. */
  async recover(lanes: readonly LaneId[]): Promise<number> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.recoverOnce(lanes);
      } catch (thrown) {
        // Nobody calls for an agent that only waits for its timer: giving up would leave it asleep until the next start.
        const error = toSkepError(thrown);
        if (this.ended || error.retry === 'no') throw error;
        await this.pause(Math.min(AGAIN_MS * 2 ** (attempt - 1), AGAIN_MS_MAX));
      }
    }
  }

  /** Wakes agents with a timer or unsent messages that nobody holds. */
  async sweep(): Promise<void> {
    const { mine, lane, host, registry, universe } = this.options;
    const { open } = await readUniverse(registry, universe);
    for await (const { agent, wake, entry } of this.directory()) {
      if (this.ended) return;
      if (!wake || host.roster.find(agent) !== undefined) continue;
      // A free of unknown outcome may leave an agent to this node that it does not hold: nobody else can claim it.
      const forgotten = entry.owner === lane && !entry.free;
      // A claim may come in after its node's death, when the lane was ticked off already.
      const left = entry.free || !open.includes(entry.owner);
      if (mine === undefined || forgotten || (left && mine(agent))) host.wake(agent);
    }
  }

  private async recoverOnce(lanes: readonly LaneId[]): Promise<number> {
    const { clock, driver } = this.options;
    const owners = await this.agentsOf(lanes);
    const left = new Set<AgentId>();
    const agents = [...owners.keys()];
    for (let at = 0; at < agents.length; at += CLAIMS_AT_ONCE) {
      const group = agents.slice(at, at + CLAIMS_AT_ONCE);
      await Promise.all(group.map(async (agent) => (await this.claimed(agent)) === 'refused' && left.add(agent)));
    }
    driver.forgetTails();
    if (lanes.length > 0) for (const afterMs of SWEEP_AGAIN_AFTER_MS) clock.setTimer(afterMs, () => void this.sweep().catch(() => {}));
    await this.tickOff(lanes, left, owners);
    return agents.length - left.size;
  }

  /** The agents to bring back, with the lane that the directory names. */
  private async agentsOf(lanes: readonly LaneId[]): Promise<ReadonlyMap<AgentId, LaneId | undefined>> {
    const { driver, mine } = this.options;
    const agents = new Map<AgentId, LaneId | undefined>();
    // With others about, an agent with records in the lane may long live elsewhere: the directory alone says whose it is.
    if (mine === undefined) for (const lane of lanes) for (const agent of (await driver.tailOf(lane)).agents) agents.set(agent, undefined);
    for await (const { agent, wake, entry } of this.directory()) {
      // One that a dead incarnation claimed and did not write to has no record in its lane, and may still have to send or to wake.
      const left = !entry.free && lanes.includes(entry.owner);
      const asleep = wake && (mine === undefined || entry.free);
      if (agents.has(agent) || ((left || asleep) && mine?.(agent) !== false)) agents.set(agent, entry.owner);
    }
    return agents;
  }

  /** Takes lanes off the record whose agents are all somebody's. */
  private async tickOff(lanes: readonly LaneId[], left: ReadonlySet<AgentId>, owners: ReadonlyMap<AgentId, LaneId | undefined>): Promise<void> {
    const { registry, clock, universe, mine } = this.options;
    // Where one was not claimed (its kind is not loaded, its log is damaged, this node closes), the next start must still find it.
    const needed = new Set([...left].map((agent) => owners.get(agent)));
    if (mine !== undefined && lanes.length > 0) for await (const { entry } of this.directory()) if (!entry.free) needed.add(entry.owner);
    const done = lanes.filter((lane) => !needed.has(lane));
    if (done.length === 0 || this.ended) return;
    await changeUniverse({ registry, clock, universe }, (before) => ({
      ...before,
      unclaimed: before.unclaimed.filter((lane) => !done.includes(lane)),
    }));
  }

  private directory() {
    const { registry, universe, timeline } = this.options;
    return listDirectory(registry, { universe, timeline });
  }

  private claimed(agent: AgentId): Promise<'owned' | 'refused'> {
    const { driver, host } = this.options;
    return new Promise((resolve) => {
      if (this.ended) return resolve('refused');
      if (driver.holds(agent)) return resolve('owned');
      // A start and a takeover may bring back the same agent at once.
      const waiting = this.claims.get(agent);
      if (waiting === undefined) this.claims.set(agent, [resolve]);
      else waiting.push(resolve);
      if (!host.wake(agent)) this.claimEnded(agent, 'refused');
    });
  }

  private pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.options.clock.setTimer(delayMs, resolve));
  }
}
