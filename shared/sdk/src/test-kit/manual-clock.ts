/** A clock that stands still until it is told to go on. */
import { SkepError } from '@skep/kernel';
import type { Clock } from '@skep/ports';

/** Wall time at which a test begins unless it says otherwise: 2026-01-01 UTC. */
const START_MS = Date.UTC(2026, 0, 1);
/** Timers that one `advance` fires; more would be a timer that sets itself without end. */
const FIRED_MAX = 1_000_000;

interface Timer {
  readonly dueMs: number;
  /** Of timers that are due at the same time the first set fires first. */
  readonly number: number;
  readonly fire: () => void;
}

export class ManualClock implements Clock {
  private elapsedMs = 0;
  private count = 0;
  private readonly timers = new Set<Timer>();
  private firing = false;

  constructor(private readonly startMs: number = START_MS) {}

  nowMs(): number {
    return this.startMs + Math.floor(this.elapsedMs);
  }

  monotonicMs(): number {
    return this.elapsedMs;
  }

  setTimer(delayMs: number, fire: () => void): () => void {
    this.count += 1;
    const timer = { dueMs: this.elapsedMs + Math.max(0, delayMs), number: this.count, fire };
    this.timers.add(timer);
    if (timer.dueMs <= this.elapsedMs) this.fireDueSoon();
    return () => this.timers.delete(timer);
  }

  /** Timers that are set and not due. */
  get pending(): number {
    return this.timers.size;
  }

  /** Goes on by `ms`, firing on the way every timer at its time, and waits in between for what each sets off. @throws SkepError `invalid-input`, `overloaded` */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0) || !Number.isFinite(ms)) throw new SkepError('invalid-input', { message: `time cannot go on by ${ms} ms` });
    const untilMs = this.elapsedMs + ms;
    await settled();
    for (let fired = 0; ; fired += 1) {
      const next = this.earliest();
      if (next === undefined || next.dueMs > untilMs) break;
      if (fired >= FIRED_MAX) {
        const remedy = 'Advance by less, or look for a timer that sets itself again and again.';
        throw new SkepError('overloaded', { message: `${FIRED_MAX} timers fired within ${ms} ms`, remedy });
      }
      this.timers.delete(next);
      this.elapsedMs = Math.max(this.elapsedMs, next.dueMs);
      next.fire();
      await settled();
    }
    this.elapsedMs = Math.max(this.elapsedMs, untilMs);
  }

  /** What is due now need not wait for the test: it fires in the event loop's next round, as a real timer of 0 ms would. */
  private fireDueSoon(): void {
    if (this.firing) return;
    this.firing = true;
    setImmediate(() => {
      this.firing = false;
      const next = this.earliest();
      if (next === undefined || next.dueMs > this.elapsedMs) return;
      this.timers.delete(next);
      this.fireDueSoon();
      next.fire();
    });
  }

  private earliest(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.timers) {
      if (first === undefined || timer.dueMs < first.dueMs || (timer.dueMs === first.dueMs && timer.number < first.number)) first = timer;
    }
    return first;
  }
}

/** Everything that promises alone can set off has happened when the event loop comes round. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
