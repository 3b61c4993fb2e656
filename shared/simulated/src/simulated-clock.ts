import type { Clock } from '@skep/ports';
import type { Incarnation } from './incarnation.js';
import type { Simulation } from './simulation.js';

/** Wall time at the start of every world: 2026-01-01 UTC. */
const WORLD_START_MS = Date.UTC(2026, 0, 1);
/** Clocks of different nodes begin this far apart at most, in worlds with drift. */
const OFFSET_MS_MAX = 2000;

/** The clock of one node: it runs fast or slow, its wall time jumps, its timers come late. */
export class SimulatedClock implements Clock {
  readonly #rate: number;
  #offsetMs: number;

  constructor(
    private readonly simulation: Simulation,
    private readonly incarnation: Incarnation,
  ) {
    const random = simulation.stream(`clock of ${incarnation.node}`);
    const drift = simulation.rates.clockDriftMax;
    this.#rate = 1 + (drift * random.between(-1000, 1000)) / 1000;
    this.#offsetMs = drift > 0 ? random.between(-OFFSET_MS_MAX, OFFSET_MS_MAX) : 0;
    if (drift > 0) simulation.fault('clock drift', incarnation.node, this.#rate);
  }

  nowMs(): number {
    return Math.floor(WORLD_START_MS + this.#offsetMs + this.monotonicMs());
  }

  monotonicMs(): number {
    return (this.simulation.nowUs * this.#rate) / 1000;
  }

  setTimer(delayMs: number, fire: () => void): () => void {
    if (!this.incarnation.isAlive) return () => undefined;
    const random = this.simulation.stream(`timers of ${this.incarnation.node}`);
    const { timerLateChance, timerLateMsMax } = this.simulation.rates;
    let lateUs = 0;
    if (random.chance(timerLateChance)) {
      lateUs = random.below(timerLateMsMax * 1000);
      this.simulation.fault('late timer', this.incarnation.node);
    }
    // One microsecond more than the division says: a timer is never early, not by a rounding either.
    const delayUs = Math.max(0, delayMs) * 1000;
    // A pause may hold the event back after it left the queue; so the timer also keeps for itself that it was cancelled.
    let cancelled = false;
    const event = this.incarnation.after(Math.ceil(delayUs / this.#rate) + (delayUs > 0 ? 1 : 0) + lateUs, () => {
      if (!cancelled) fire();
    });
    return () => {
      cancelled = true;
      this.simulation.queue.cancel(event);
    };
  }

  /** The wall time jumps, as when an operator or a time server sets it. */
  jump(byMs: number): void {
    this.#offsetMs += byMs;
    this.simulation.fault('clock jump', this.incarnation.node, byMs);
  }
}
