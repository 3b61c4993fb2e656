/** The order in which agents take their next message: first come, first served, many turns in one go. */
import type { Clock } from '@skep/ports';
import type { Activation } from './activation.js';

/** Turns in one go before the node looks at what the world answered. */
const TURNS_AT_ONCE = 1024;

export class Pump {
  private ready: Activation[] = [];
  private running = false;

  constructor(
    private readonly clock: Clock,
    /** Takes the agent's next message. */
    private readonly step: (activation: Activation) => void,
    /** The end of a run: what the turns wrote may go. */
    private readonly flush: () => void,
  ) {}

  get idle(): boolean {
    return !this.running;
  }

  /** Nothing happens for an agent that is waiting already, not ready, or in a turn. */
  schedule(activation: Activation): void {
    const { scheduled, paused, turn, stage, mailbox } = activation;
    if (scheduled || paused || turn !== undefined || stage !== 'ready' || mailbox.size === 0) return;
    activation.scheduled = true;
    this.ready.push(activation);
    this.start();
  }

  /** Runs soon, even if only to flush. */
  start(): void {
    if (this.running) return;
    this.running = true;
    queueMicrotask(() => this.run());
  }

  private run(): void {
    let turns = 0;
    for (let at = 0; at < this.ready.length; at += 1) {
      if (turns >= TURNS_AT_ONCE) {
        this.ready = this.ready.slice(at);
        this.flush();
        this.clock.setTimer(0, () => this.run());
        return;
      }
      const activation = this.ready[at] as Activation;
      activation.scheduled = false;
      turns += 1;
      this.step(activation);
      this.schedule(activation);
    }
    this.ready = [];
    this.running = false;
    this.flush();
  }
}
