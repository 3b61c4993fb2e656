/** A clock that stands still until a test moves it. */
import type { Clock } from '@skep/ports';

interface Timer {
  readonly dueMs: number;
  readonly number: number;
  readonly fire: () => void;
}

/** Rounds of promises after which nothing is left to happen by itself over ports in memory. */
const ROUNDS = 400;
const TIMERS_MAX = 100_000;

export class HandClock implements Clock {
  fired = 0;
  private elapsedMs = 0;
  private count = 0;
  private readonly timers = new Set<Timer>();

  constructor(private readonly startMs = Date.UTC(2026, 0, 1)) {}

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
    return () => this.timers.delete(timer);
  }

  /** Fires what is due within `ms`, in order, and waits for what each sets off. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.elapsedMs + ms;
    await settled();
    for (let next = this.next(untilMs); next !== undefined; next = this.next(untilMs)) {
      this.fired += 1;
      if (this.fired > TIMERS_MAX) throw new Error('timers fire without end');
      this.timers.delete(next);
      this.elapsedMs = Math.max(this.elapsedMs, next.dueMs);
      next.fire();
      await settled();
    }
    this.elapsedMs = untilMs;
  }

  private next(untilMs: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.timers) {
      if (timer.dueMs > untilMs) continue;
      if (first === undefined || timer.dueMs < first.dueMs || (timer.dueMs === first.dueMs && timer.number < first.number)) first = timer;
    }
    return first;
  }
}

/** Everything that promises alone set off has happened. */
export async function settled(): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) await null;
}
