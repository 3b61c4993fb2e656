import type { SimulatedEvent } from './event-queue.js';
import type { Simulation } from './simulation.js';

/**
 * One start of a node, seen from the world: everything that reaches the node's code goes through here, so that nothing reaches it after
 * its death, and everything late while it is paused.
 */
export class Incarnation {
  #alive = true;
  #pausedUntilUs = 0;
  /** What came during a pause. */
  readonly #held: (() => void)[] = [];
  #release: SimulatedEvent | undefined;

  constructor(
    private readonly simulation: Simulation,
    /** Name of the node; the next incarnation has the same. */
    readonly node: string,
    readonly number: number,
  ) {}

  get isAlive(): boolean {
    return this.#alive;
  }

  crash(): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.simulation.fault('node crash', this.node, this.number);
  }

  /** Nothing happens in the node for a while: a long collection of garbage, a stopped process, a machine that slept. */
  pause(forMs: number): void {
    this.#pausedUntilUs = Math.max(this.#pausedUntilUs, this.simulation.nowUs + forMs * 1000);
    this.simulation.fault('pause', this.node, forMs);
  }

  resume(): void {
    this.#pausedUntilUs = 0;
    this.#releaseSoon();
  }

  /** Runs code of the node after a while, unless it is dead by then. */
  after(delayUs: number, run: () => void): SimulatedEvent {
    return this.simulation.after(delayUs, 'outer', () => this.enter(run));
  }

  /** Runs code of the node in the event that is under way, or when its pause is over; in the order in which it came, either way. */
  enter(run: () => void): void {
    if (!this.#alive) this.simulation.record(this.node, 'void', this.number);
    else if (this.#held.length === 0 && this.#pausedUntilUs <= this.simulation.nowUs) run();
    else {
      this.#held.push(run);
      if (this.#release === undefined) this.#releaseSoon();
    }
  }

  #releaseSoon(): void {
    if (this.#release !== undefined) this.simulation.queue.cancel(this.#release);
    this.#release = undefined;
    if (this.#held.length === 0) return;
    this.#release = this.simulation.after(this.#pausedUntilUs - this.simulation.nowUs, 'outer', () => {
      this.#release = undefined;
      // The pause may have been prolonged; and one at a time, because promises settle between two events.
      if (this.#alive && this.#pausedUntilUs <= this.simulation.nowUs) this.#held.shift()?.();
      if (this.#alive) this.#releaseSoon();
    });
  }
}
