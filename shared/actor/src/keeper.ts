/**
 * Keeps logs short and memory free: settles dirty agents (segment and snapshot to the blob store, then the directory), lets idle agents
 * rest, and arms their timers.
 */
import type { SkepError } from '@skep/kernel';
import type { SnapshotReference } from '@skep/lane';
import type { Activation, Settled } from './activation.js';
import { causeOf } from './cause.js';
import type { Gate } from './gate.js';
import type { HostOptions } from './host-options.js';
import type { TimerShot } from './message.js';
import type { Recorder } from './recorder.js';
import { encodeSegment, encodeSnapshot } from './snapshot.js';

export interface KeeperHost {
  activations(): Iterable<Activation>;
  /** How many activations should rest. */
  wantedRoom(): number;
  /** Writes which sent messages were taken, so that the snapshot says so. */
  housekeep(activation: Activation): void;
  enqueueTimer(activation: Activation, shot: TimerShot): void;
  schedule(activation: Activation): void;
}

/** An agent whose tail is longer is settled before its turn comes. */
const TAIL_BYTES_MAX = 1024 * 1024;
/** A node that wrote more since its last sweep sweeps at once: bringing its agents back takes some microseconds for each record. */
const TAIL_RECORDS_MAX = 65_536;
const SETTLES_AT_ONCE = 64;
const RELEASE_AGAIN_MS = 5;
/** About ten seconds. */
const RELEASE_ATTEMPTS_MAX = 2_000;
/** What the node may write before an agent that rests in memory must move its place in the lane, so that the lane can be trimmed (L10). */
const LAG_BYTES_MAX = 8 * 1024 * 1024;
/** When nothing could rest, it is not tried again for this long: looking for idle agents costs their number. */
const ROOM_AGAIN_MS = 100;
/** Agents that move their place in one sweep; those that lag most come first. */
const MOVES_MAX = 2_048;
/** The longest delay that the timers of common platforms hold. */
const TIMER_DELAY_MS_MAX = 2_000_000_000;

interface Naming {
  readonly next: Settled;
  /** Records of the tail that the snapshot covers. */
  readonly records: number;
  /** What the node had written when the snapshot's place in the lane was taken. */
  readonly bytes: number;
}

export class Keeper {
  private stopped = false;
  private sweeping: Promise<void> | undefined;
  /** Records that the node had written when the last sweep began. */
  private sweptAt = 0;
  private cancelSweep: (() => void) | undefined;
  /** Snapshots on their way into the directory. */
  private readonly pending = new Map<Activation, Naming & { readonly done: () => void }>();
  private makingRoom = false;
  private roomAgainMs = Number.NEGATIVE_INFINITY;
  /** Agents whose last snapshot could not be written: the next sweep tries again, not every turn. */
  private readonly failing = new WeakSet<Activation>();

  constructor(
    private readonly options: HostOptions,
    private readonly gate: Gate,
    private readonly recorder: Pick<Recorder, 'bytes' | 'records'>,
    private readonly host: KeeperHost,
  ) {
    this.plan();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.cancelSweep?.();
    await this.sweeping;
  }

  /** Settles every dirty agent and lets idle ones rest. */
  async sweep(): Promise<void> {
    const all = [...this.host.activations()].filter((activation) => activation.stage === 'ready' && !activation.settling);
    await inGroups(
      all.filter(({ dirty, taken }) => dirty || taken.size > 0),
      (activation) => this.settle(activation),
    );
    await inGroups(this.lagging(all), (activation) => this.move(activation));
    await inGroups(
      all.filter((activation) => this.mayRest(activation) && snapshotOf(activation) === undefined),
      (activation) => this.writeEmpty(activation),
    );
    for (const activation of all) if (this.mayRest(activation)) this.rest(activation);
    this.options.lane.trim();
    this.options.lane.flush();
  }

  /** Called after a commit: an agent that writes much is settled early, and so are all when a recovery would have much to read. */
  committed(activation: Activation): void {
    if (this.recorder.records - this.sweptAt > TAIL_RECORDS_MAX && this.sweeping === undefined && !this.stopped) this.sweepNow();
    if (activation.tailBytes > TAIL_BYTES_MAX && !activation.settling && !this.failing.has(activation)) void this.settle(activation);
  }

  /** Writes a snapshot of the agent as it is now. Whatever fails is tried again at the next sweep. */
  async settle(activation: Activation): Promise<void> {
    activation.settling = true;
    try {
      if (activation.taken.size > 0 && activation.turn === undefined) {
        this.host.housekeep(activation);
        // No turn will flush it for us, and the snapshot waits for it.
        this.options.lane.flush();
      }
      await this.write(activation);
      this.failing.delete(activation);
    } catch {
      // The log still has everything; the snapshot is only for speed.
      this.failing.add(activation);
    } finally {
      activation.settling = false;
    }
  }

  /** Lets those rest that were idle longest, dirty or not, until there is room for others. */
  makeRoom(): void {
    const { clock } = this.options;
    if (this.makingRoom || this.stopped || clock.monotonicMs() < this.roomAgainMs) return;
    const idle = [...this.host.activations()].filter((activation) => isIdle(activation));
    const resting = idle.sort((one, other) => one.lastUsedMs - other.lastUsedMs).slice(0, this.host.wantedRoom());
    this.makingRoom = true;
    void inGroups(resting, (activation) => this.putToRest(activation)).finally(() => {
      this.makingRoom = false;
      if (resting.every(({ stage }) => stage === 'ready')) this.roomAgainMs = clock.monotonicMs() + ROOM_AGAIN_MS;
    });
  }

  private async putToRest(activation: Activation): Promise<void> {
    const { lane } = this.options;
    try {
      lane.flush();
      await this.gate.passed(activation.lastTicket);
      if (!isIdle(activation)) return;
      if (activation.dirty || activation.taken.size > 0) await this.settle(activation);
      else if (snapshotOf(activation) === undefined) await this.writeEmpty(activation);
    } catch {
      return;
    }
    if (isIdle(activation) && !activation.dirty) this.rest(activation);
    lane.flush();
  }

  settled(activation: Activation): void {
    const pending = this.pending.get(activation);
    if (pending === undefined) return;
    this.pending.delete(activation);
    activation.settled = pending.next;
    activation.settledBytes = pending.bytes;
    activation.tail = activation.tail.slice(pending.records);
    activation.tailBytes = activation.tail.reduce((sum, body) => sum + body.length, 0);
    pending.done();
  }

  unsettled(activation: Activation, _error?: SkepError): void {
    const pending = this.pending.get(activation);
    this.pending.delete(activation);
    pending?.done();
  }

  /** Sets the platform's timer for the agent's next timer. */
  arm(activation: Activation): void {
    activation.cancelTimer?.();
    activation.cancelTimer = undefined;
    if (activation.ready.status !== 'active') return;
    let next: TimerShot | undefined;
    const running = activation.turn === undefined ? undefined : causeOf(activation.turn.message);
    for (const timer of activation.ready.timers.values()) {
      if (activation.timersQueued.has(timer.name) || (running?.kind === 'timer' && running.name === timer.name)) continue;
      if (next === undefined || timer.atMs < next.atMs) next = { kind: 'timer', name: timer.name, atMs: timer.atMs };
    }
    if (next === undefined) return;
    const shot = next;
    const delayMs = Math.min(Math.max(0, shot.atMs - this.options.clock.nowMs()), TIMER_DELAY_MS_MAX);
    activation.cancelTimer = this.options.clock.setTimer(delayMs, () => {
      if (shot.atMs <= this.options.clock.nowMs()) this.host.enqueueTimer(activation, shot);
      this.arm(activation);
    });
  }

  private plan(): void {
    this.cancelSweep = this.options.clock.setTimer(this.options.settleEveryMs, () => this.sweepNow());
  }

  private sweepNow(): void {
    this.cancelSweep?.();
    this.sweptAt = this.recorder.records;
    this.sweeping = this.sweep()
      .catch(() => {})
      .then(() => {
        this.sweeping = undefined;
        if (!this.stopped) this.plan();
      });
  }

  private async write(activation: Activation): Promise<void> {
    const { blob, lane } = this.options;
    const { agent, position, settled, lastTicket, tail } = activation;
    const records = tail.length;
    if (records === 0) return;
    const state = activation.ready;
    const { version } = state;
    const snapshotOf = encodeSnapshot(state, position);
    const flags = flagsOf(activation);
    const segmentBytes = encodeSegment({
      agent,
      afterPosition: settled.position,
      afterVersion: settled.version,
      version,
      base: settled.blob,
      previous: settled.segment,
      records: tail.slice(0, records),
    });
    // The batch is read at the moment of release: a turn later it could be one that holds records behind the snapshot.
    const { batch, bytes } = await new Promise<{ readonly batch: number; readonly bytes: number }>((resolve, reject) =>
      this.gate.hold(lastTicket, { release: () => resolve({ batch: lane.acknowledgedBatch, bytes: this.recorder.bytes }), abort: reject }),
    );
    const segment = await blob.put(segmentBytes);
    const address = await blob.put(snapshotOf(segment));
    await this.name(activation, { next: { position, version, blob: address, segment }, records, bytes }, { batch, ...flags });
  }

  /** Names a snapshot in the directory; resolves when that is done or given up. */
  private async name(
    activation: Activation,
    task: Naming,
    { batch, wake, tombstone }: { readonly batch: number; readonly wake: boolean; readonly tombstone: boolean },
  ): Promise<void> {
    const { lane } = this.options;
    const { agent } = activation;
    const { position, version, blob } = task.next;
    if (blob === null || activation.stage !== 'ready' || !lane.holds(agent)) return;
    if (!lane.settle(agent, { snapshot: { position, version, blob }, batch, wake, tombstone })) return;
    await new Promise<void>((done) => {
      this.pending.set(activation, { ...task, done });
      lane.flush();
    });
  }

  /**
   * Lets an agent go, whatever it has still to do: whoever claims it next goes on with it. False when that cannot be done now: its turn
   * takes too long, or its snapshot cannot be written; then it goes on here.
   */
  async release(activation: Activation): Promise<boolean> {
    if (activation.stage !== 'ready' || activation.frozen) return false;
    activation.frozen = true;
    try {
      for (let attempt = 0; attempt < RELEASE_ATTEMPTS_MAX; attempt += 1) {
        const { turn, settling } = activation;
        if (turn === undefined && !settling && (await this.letGo(activation))) return true;
        if (activation.stage !== 'ready') return false;
        await new Promise<void>((resolve) => this.options.clock.setTimer(RELEASE_AGAIN_MS, resolve));
      }
      return false;
    } finally {
      activation.frozen = false;
      this.host.schedule(activation);
    }
  }

  private async letGo(activation: Activation): Promise<boolean> {
    const { lane } = this.options;
    try {
      lane.flush();
      await this.gate.passed(activation.lastTicket);
      if (activation.dirty || activation.taken.size > 0) await this.settle(activation);
      else if (snapshotOf(activation) === undefined) await this.writeEmpty(activation);
    } catch {
      return false;
    }
    const snapshot = snapshotOf(activation);
    if (snapshot === undefined || activation.dirty || activation.stage !== 'ready' || activation.turn !== undefined) return false;
    if (!lane.free(activation.agent, { snapshot, batch: lane.acknowledgedBatch, ...flagsOf(activation) })) return false;
    activation.stage = 'freeing';
    activation.cancelTimer?.();
    await new Promise<void>((resolve) => {
      activation.onGone = resolve;
      lane.flush();
    });
    return true;
  }

  /** Whether the agent must be brought back by itself where it is let go. */
  hasWork(activation: Activation): boolean {
    return activation.stage === 'ready' && flagsOf(activation).wake;
  }

  /** Clean agents whose place in the lane holds back its trimming. */
  private lagging(activations: readonly Activation[]): readonly Activation[] {
    const { bytes } = this.recorder;
    return activations
      .filter(
        ({ stage, dirty, settled, settledBytes }) => stage === 'ready' && !dirty && settled.blob !== null && bytes - settledBytes > LAG_BYTES_MAX,
      )
      .sort((one, other) => one.settledBytes - other.settledBytes)
      .slice(0, MOVES_MAX);
  }

  /** The same snapshot again, further on in the lane: the agent wrote nothing since, so nothing of it lies in between. */
  private async move(activation: Activation): Promise<void> {
    if (activation.dirty) return;
    activation.settling = true;
    try {
      const task = { next: activation.settled, records: 0, bytes: this.recorder.bytes };
      await this.name(activation, task, { batch: this.options.lane.acknowledgedBatch, ...flagsOf(activation) });
    } catch {
      // Only trimming comes later.
    } finally {
      activation.settling = false;
    }
  }

  private mayRest(activation: Activation): boolean {
    const { kind, dirty } = activation;
    return !dirty && isIdle(activation) && activation.lastUsedMs < this.options.clock.nowMs() - kind.passivateAfterMs;
  }

  /** Somebody asked for the agent and changed nothing: it needs a snapshot that says so, or it could never rest. */
  private async writeEmpty(activation: Activation): Promise<void> {
    if (activation.position > 0) return;
    try {
      activation.emptyBlob = await this.options.blob.put(encodeSnapshot(activation.ready, 0)(null));
    } catch {
      // It rests at a later sweep.
    }
  }

  private rest(activation: Activation): void {
    const { lane } = this.options;
    const snapshot = snapshotOf(activation);
    if (snapshot === undefined) return;
    const tombstone = activation.ready.status === 'terminated';
    if (lane.free(activation.agent, { snapshot, batch: lane.acknowledgedBatch, wake: false, tombstone })) {
      activation.stage = 'freeing';
      activation.cancelTimer?.();
    }
  }
}

/** Whether it has nothing to do, now or by itself later. */
function isIdle({ state, turn, mailbox, settling, stage, frozen }: Activation): boolean {
  if (stage !== 'ready' || state === undefined || settling || frozen || turn !== undefined || mailbox.size > 0) return false;
  return state.outbox.length === 0 && state.timers.size === 0 && state.pending === undefined;
}

function snapshotOf({ settled: { position, version, blob }, emptyBlob }: Activation): SnapshotReference | undefined {
  const address = blob ?? emptyBlob;
  return address === undefined ? undefined : { position, version, blob: address };
}

function flagsOf({ ready: { timers, outbox, pending, status } }: Activation): { readonly wake: boolean; readonly tombstone: boolean } {
  return { wake: timers.size > 0 || outbox.length > 0 || pending !== undefined, tombstone: status === 'terminated' };
}

async function inGroups(activations: readonly Activation[], act: (activation: Activation) => Promise<void>): Promise<void> {
  for (let at = 0; at < activations.length; at += SETTLES_AT_ONCE) await Promise.all(activations.slice(at, at + SETTLES_AT_ONCE).map(act));
}
