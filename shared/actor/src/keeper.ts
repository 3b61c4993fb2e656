/**
 * Keeps logs short and memory free: settles dirty agents (segment and snapshot to the blob store, then the directory), lets idle agents
 * rest, and arms their timers.
 */
import type { SkepError } from '@skep/kernel';
import type { Activation } from './activation.js';
import { NEVER_SETTLED, type Settled } from './activation.js';
import type { Gate } from './gate.js';
import type { HostOptions } from './host-options.js';
import type { TimerShot } from './message.js';
import { encodeSegment, encodeSnapshot } from './snapshot.js';

export interface KeeperHost {
  activations(): Iterable<Activation>;
  /** Writes which sent messages were taken, so that the snapshot says so. */
  housekeep(activation: Activation): void;
  enqueueTimer(activation: Activation, shot: TimerShot): void;
}

/** An agent whose tail is longer is settled before its turn comes. */
const TAIL_BYTES_MAX = 1024 * 1024;
const SETTLES_AT_ONCE = 64;
/** The longest delay that the timers of common platforms hold. */
const TIMER_DELAY_MS_MAX = 2_000_000_000;

export class Keeper {
  private stopped = false;
  private sweeping: Promise<void> | undefined;
  private cancelSweep: (() => void) | undefined;
  /** Snapshots on their way into the directory. */
  private readonly pending = new Map<Activation, { readonly next: Settled; readonly records: number; readonly done: () => void }>();

  constructor(
    private readonly options: HostOptions,
    private readonly gate: Gate,
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
    const dirty = [...this.host.activations()].filter((activation) => activation.stage === 'ready' && activation.dirty && !activation.settling);
    for (let at = 0; at < dirty.length; at += SETTLES_AT_ONCE) {
      await Promise.all(dirty.slice(at, at + SETTLES_AT_ONCE).map((activation) => this.settle(activation)));
    }
    for (const activation of [...this.host.activations()]) if (this.mayRest(activation)) this.rest(activation);
    if (dirty.length > 0) this.options.lane.trim();
    this.options.lane.flush();
  }

  /** Called after a commit: an agent that writes much is settled early. */
  committed(activation: Activation): void {
    if (activation.tailBytes > TAIL_BYTES_MAX && !activation.settling) void this.settle(activation);
  }

  /** Writes a snapshot of the agent as it is now. Whatever fails is tried again at the next sweep. */
  async settle(activation: Activation): Promise<void> {
    activation.settling = true;
    try {
      if (activation.taken.size > 0 && activation.turn === undefined) this.host.housekeep(activation);
      await this.write(activation);
    } catch {
      // The log still has everything; the snapshot is only for speed.
    } finally {
      activation.settling = false;
    }
  }

  settled(activation: Activation): void {
    const pending = this.pending.get(activation);
    if (pending === undefined) return;
    this.pending.delete(activation);
    activation.settled = pending.next;
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
    for (const timer of activation.ready.timers.values()) {
      if (activation.timersQueued.has(timer.name)) continue;
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
    this.cancelSweep = this.options.clock.setTimer(this.options.settleEveryMs, () => {
      this.sweeping = this.sweep()
        .catch(() => {})
        .then(() => {
          this.sweeping = undefined;
          if (!this.stopped) this.plan();
        });
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
    const wake = state.timers.size > 0 || state.outbox.length > 0 || state.pending !== undefined;
    const tombstone = state.status === 'terminated';
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
    const batch = await new Promise<number>((resolve, reject) =>
      this.gate.hold(lastTicket, { release: () => resolve(lane.acknowledgedBatch), abort: reject }),
    );
    const segment = await blob.put(segmentBytes);
    const address = await blob.put(snapshotOf(segment));
    if (activation.stage !== 'ready' || !lane.holds(agent)) return;
    await new Promise<void>((done) => {
      this.pending.set(activation, { next: { position, version, blob: address, segment }, records, done });
      const sent = lane.settle(agent, { snapshot: { position, version, blob: address }, batch, wake, tombstone });
      if (!sent) this.unsettled(activation);
      else lane.flush();
    });
  }

  private mayRest(activation: Activation): boolean {
    const { state, turn, mailbox, settling, stage, kind } = activation;
    if (stage !== 'ready' || state === undefined || settling || turn !== undefined || mailbox.size > 0 || activation.dirty) return false;
    if (state.outbox.length > 0 || state.timers.size > 0 || activation.settled === NEVER_SETTLED) return false;
    return activation.lastUsedMs < this.options.clock.nowMs() - kind.passivateAfterMs;
  }

  private rest(activation: Activation): void {
    const { agent, settled } = activation;
    const { lane } = this.options;
    if (settled.blob === null) return;
    const { position, version, blob } = settled;
    const tombstone = activation.ready.status === 'terminated';
    if (lane.free(agent, { snapshot: { position, version, blob }, batch: lane.acknowledgedBatch, wake: false, tombstone })) {
      activation.stage = 'freeing';
      activation.cancelTimer?.();
    }
  }
}
