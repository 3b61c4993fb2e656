/**
 * Performs what a lane wants over the ports, in order, and reports outcomes. No decisions: those are the lane's.
 */

import type { LaneAccess } from '@skep/actor';
import { type AgentId, type LaneId, SkepError, toSkepError, type UniverseId } from '@skep/kernel';
import {
  type Answer,
  decodeBatch,
  decodeEntry,
  directoryKey,
  encodeEntry,
  Lane,
  type LaneEvent,
  type LaneRequest,
  LaneTail,
  type RequestId,
  type Rules,
  recoverAgent,
  type Settling,
  type Ticket,
} from '@skep/lane';
import type { Ports } from '@skep/ports';
import { newestRevision } from './newest-entry.js';
import { isUncertain } from './uncertain.js';

export interface LaneDriverOptions {
  readonly ports: Pick<Ports, 'log' | 'registry' | 'clock'>;
  readonly universe: UniverseId;
  readonly timeline: number;
  readonly lane: LaneId;
  /** A batch that is on its way for this long ends the lane (L8). */
  readonly appendInDoubtMs: number;
  /** Told of everything but requests, in order. */
  readonly onEvent: (event: LaneEvent) => void;
  /** A bug was met, in the lane or in who was told of an event: nothing of this incarnation can be trusted any more. Told once, the last thing. */
  readonly onBroken: (error: SkepError) => void;
  /** Test-only: the lane's decisions, one of them replaced by a mistake. */
  readonly rules?: Rules;
}

const RETRY_MS = 10;
const RETRY_MS_MAX = 1_000;
/** Agents that come back one by one share what was read of a lane. */
const TAILS_KEPT_MS = 10_000;
/** Reads in a row that miss an entry which is known to be there; about ten seconds of them. */
const STALE_READS_MAX = 16;

export class LaneDriver implements LaneAccess {
  private readonly lane: Lane;
  private performing = false;
  private stopped = false;
  private readonly tails = new Map<string, Promise<LaneTail>>();
  private forgetting = false;
  /** The batch on its way, and since when. */
  private flight: { readonly ticket: Ticket; readonly sinceMs: number } | undefined;
  private cancelDeadline: (() => void) | undefined;

  constructor(private readonly options: LaneDriverOptions) {
    const { lane, rules } = options;
    this.lane = new Lane({ lane, exclusive: options.ports.log.exclusive, ...(rules === undefined ? {} : { rules }) });
  }

  get id(): LaneId {
    return this.lane.id;
  }

  get released(): Ticket {
    return this.lane.released;
  }

  get acknowledgedBatch(): number {
    return this.lane.acknowledgedBatch;
  }

  get idle(): boolean {
    return this.lane.idle;
  }

  claim(agent: AgentId): void {
    this.lane.claim(agent);
  }

  holds(agent: AgentId): boolean {
    return this.lane.holds(agent);
  }

  standing(agent: AgentId): ReturnType<Lane['standing']> {
    return this.lane.standing(agent);
  }

  write(agent: AgentId, body: Uint8Array): Ticket {
    return this.lane.write(agent, body);
  }

  barrier(written: Ticket): Ticket {
    return this.lane.barrier(written);
  }

  async confirm(): Promise<void> {
    const entry = await this.options.ports.log.last(this.id);
    const sealed = entry !== undefined && decodeBatch(entry.bytes).kind === 'seal';
    if (sealed || this.lane.dead) throw new SkepError('sealed', { message: 'the lane of this node is sealed', id: this.id });
  }

  settle(agent: AgentId, task: Settling): boolean {
    return this.lane.settle(agent, task);
  }

  free(agent: AgentId, task: Settling): boolean {
    return this.lane.free(agent, task);
  }

  seal(lane: LaneId): void {
    this.act(() => this.lane.seal(lane));
  }

  trim(): void {
    this.lane.trim();
  }

  flush(): void {
    this.act(() => this.lane.flush());
  }

  /** Whether the directory has an entry for the agent. @throws SkepError `unavailable` */
  async exists(agent: AgentId): Promise<boolean> {
    const { registry } = this.options.ports;
    const key = this.keyOf(agent);
    return (await registry.get(key)) !== undefined || (await newestRevision(registry, key)) > 0;
  }

  /** A sealed lane from its beginning, read once. */
  tailOf(lane: LaneId): Promise<LaneTail> {
    // The own lane grows: what was read serves as long as no batch was added.
    const key = lane === this.lane.id ? `${lane} ${this.acknowledgedBatch}` : lane;
    const known = this.tails.get(key);
    if (known !== undefined) return known;
    const reading = this.readTail(lane);
    this.tails.set(key, reading);
    // What was damaged or not whole may be read well the next time: only a good tail is kept.
    const forget = (): void => {
      if (this.tails.get(key) === reading) this.tails.delete(key);
    };
    reading.then((tail) => {
      if (tail.damage !== undefined || (lane !== this.lane.id && !tail.sealed)) forget();
    }, forget);
    this.forgetTailsLater();
    return reading;
  }

  /** Frees the memory of lanes that were read for a recovery. */
  forgetTails(): void {
    this.tails.clear();
  }

  private forgetTailsLater(): void {
    if (this.forgetting) return;
    this.forgetting = true;
    this.options.ports.clock.setTimer(TAILS_KEPT_MS, () => {
      this.forgetting = false;
      this.tails.clear();
    });
  }

  /** Nothing is sent or reported any more. */
  stop(): void {
    this.stopped = true;
    this.cancelDeadline?.();
  }

  private keyOf(agent: AgentId): string {
    return directoryKey(this.options.universe, this.options.timeline, agent);
  }

  /** Events may make the lane want more; one loop at a time keeps their order. */
  private perform(): void {
    if (this.performing) return;
    this.performing = true;
    try {
      for (let outputs = this.lane.take(); outputs.length > 0; outputs = this.lane.take()) {
        for (const output of outputs) {
          if (this.stopped) return;
          if ('request' in output) this.send(output);
          else if (output.kind === 'trim') this.trimLog(output.lane, output.below).catch(() => {});
          else this.options.onEvent(output);
        }
      }
    } catch (thrown) {
      return this.breakDown(thrown);
    } finally {
      this.performing = false;
    }
    this.timeFlight();
  }

  private async trimLog(lane: LaneId, below: number): Promise<void> {
    await this.options.ports.log.trim(lane, below);
  }

  /** Runs what is the lane's own; what it throws is a bug. */
  private act(act: () => void): void {
    if (this.stopped) return;
    try {
      act();
    } catch (thrown) {
      return this.breakDown(thrown);
    }
    this.perform();
  }

  private breakDown(thrown: unknown): void {
    if (this.stopped) return;
    this.stop();
    this.lane.abandon();
    this.options.onBroken(toSkepError(thrown));
  }

  /** One timer at a time, whatever number of batches passes under it. */
  private timeFlight(): void {
    const ticket = this.lane.inFlight;
    if (ticket === this.flight?.ticket) return;
    const { appendInDoubtMs, ports } = this.options;
    this.flight = ticket === undefined ? undefined : { ticket, sinceMs: ports.clock.monotonicMs() };
    if (ticket !== undefined && this.cancelDeadline === undefined) this.armDeadline(appendInDoubtMs);
  }

  private armDeadline(delayMs: number): void {
    this.cancelDeadline = this.options.ports.clock.setTimer(delayMs, () => {
      this.cancelDeadline = undefined;
      if (this.stopped || this.flight === undefined) return;
      const leftMs = this.flight.sinceMs + this.options.appendInDoubtMs - this.options.ports.clock.monotonicMs();
      if (leftMs > 0) return this.armDeadline(leftMs);
      this.act(() => this.lane.expire());
    });
  }

  private answer(request: RequestId, answer: Answer): void {
    this.act(() => this.lane.answer(request, answer));
  }

  private send(request: LaneRequest): void {
    const { log, registry, clock } = this.options.ports;
    switch (request.kind) {
      case 'append': {
        const { lane, bytes, expected, attempt } = request;
        const append = async (): Promise<Answer> => {
          const result = await log.append(lane, bytes.slice(), expected);
          return result.kind === 'appended' ? result : { kind: 'conflict' };
        };
        // A seal that is refused (a full disk) is tried again by the lane at once; it is answered late, so that it does not spin.
        const lateMs = lane === this.lane.id ? 0 : RETRY_MS_MAX;
        if (attempt === 0) return this.settle1(request.request, append, lateMs);
        clock.setTimer(delayOf(attempt), () => {
          if (!this.stopped) this.settle1(request.request, append, lateMs);
        });
        return;
      }
      case 'last':
        return this.untilKnown(request.request, async () => ({ kind: 'last', entry: await log.last(request.lane) }));
      case 'get':
        return this.untilKnown(request.request, async () => {
          const key = this.keyOf(request.agent);
          const found = await registry.get(key);
          return { kind: 'entry', entry: found === undefined ? undefined : decodeEntry(found.value, key), revision: found?.revision ?? 0 };
        });
      case 'update':
        return this.settle1(request.request, async () => {
          const result = await registry.update(this.keyOf(request.agent), encodeEntry(request.entry), request.expected);
          return result.kind === 'updated' ? result : { kind: 'conflict' };
        });
      case 'recover':
        return this.untilKnown(request.request, async () => this.recover(request));
    }
  }

  private async recover({ agent, snapshot, ranges }: Extract<LaneRequest, { kind: 'recover' }>): Promise<Answer> {
    const tails = new Map<LaneId, LaneTail>();
    for (const { lane } of ranges) tails.set(lane, await this.tailOf(lane));
    return recoverAgent({ agent, snapshot, ranges, ownLane: this.lane.id, tailOf: (lane) => tails.get(lane) });
  }

  /**
   * One attempt: whatever may have happened is `unknown`, what certainly did not is `failed`. An error that is none of ours says nothing of
   * what happened. `lateMs`: when a refusal is told.
   */
  private settle1(request: RequestId, run: () => Promise<Answer>, lateMs = 0): void {
    run().then(
      (answer) => this.answer(request, answer),
      (thrown) => {
        const error = toSkepError(thrown);
        const answer: Answer = isUncertain(error) ? { kind: 'unknown' } : { kind: 'failed', error };
        if (lateMs === 0) this.answer(request, answer);
        else this.options.ports.clock.setTimer(lateMs, () => this.answer(request, answer));
      },
    );
  }

  /** Reads change nothing: they are repeated until they succeed or cannot. */
  private untilKnown(request: RequestId, run: () => Promise<Answer>, attempt = 1): void {
    run().then(
      (answer) => this.answer(request, answer),
      (thrown) => {
        if (this.stopped) return;
        const error = toSkepError(thrown);
        if (error.retry === 'no') return this.answer(request, { kind: 'failed', error });
        this.options.ports.clock.setTimer(delayOf(attempt), () => {
          if (!this.stopped) this.untilKnown(request, run, attempt + 1);
        });
      },
    );
  }

  /** Reads may miss the newest entries, only `last` never does; so reading goes on until it has what `last` named. */
  private async readTail(lane: LaneId): Promise<LaneTail> {
    const { log } = this.options.ports;
    const tail = new LaneTail(lane);
    const end = (await log.last(lane))?.sequence ?? 0;
    for (let from = 0, vain = 0; from <= end && end > 0; ) {
      const entries = await log.read(lane, from);
      const last = entries[entries.length - 1];
      if (last === undefined) {
        vain += 1;
        if (vain > STALE_READS_MAX) throw new SkepError('unavailable', { message: `reads of the lane do not show its entry ${end}`, id: lane });
        await this.pause(delayOf(vain));
        continue;
      }
      tail.push(entries);
      from = last.sequence + 1;
      vain = 0;
    }
    return tail;
  }

  private pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.options.ports.clock.setTimer(delayMs, resolve));
  }
}

function delayOf(attempt: number): number {
  return Math.min(RETRY_MS * 2 ** (attempt - 1), RETRY_MS_MAX);
}
