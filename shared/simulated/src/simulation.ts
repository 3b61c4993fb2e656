/**
 * What every part of a world shares: the time, the queue of events, chance by purpose, the trace, the rates of the plan.
 * It owns no part of the world; parts hold it.
 */
import type { SkepError } from '@skep/kernel';
import { type EventKind, EventQueue, type SimulatedEvent } from './event-queue.js';
import { type FaultRates, NO_FAULTS } from './fault-plan.js';
import { SeededRandom } from './seeded-random.js';
import { Trace, type TraceEvent, type TraceField } from './trace.js';

export type Answer<Result = unknown> = { readonly kind: 'done'; readonly result: Result } | { readonly kind: 'failed'; readonly error: SkepError };

export interface SimulationOptions {
  readonly seed: string;
  readonly rates: FaultRates;
  readonly observe: ((event: TraceEvent) => void) | undefined;
}

export class Simulation {
  readonly seed: string;
  readonly queue = new EventQueue();
  readonly trace: Trace;
  /** How often each fault occurred. */
  readonly occurred = new Map<string, number>();
  nowUs = 0;
  #rates: FaultRates;
  readonly #streams = new Map<string, SeededRandom>();

  constructor({ seed, rates, observe }: SimulationOptions) {
    this.seed = seed;
    this.#rates = rates;
    this.trace = new Trace(observe);
  }

  get rates(): FaultRates {
    return this.#rates;
  }

  /** From now on no fault is drawn any more. */
  calm(): void {
    this.#rates = NO_FAULTS;
  }

  /** Chance for one purpose, the same stream whenever it is asked for. */
  stream(purpose: string): SeededRandom {
    let stream = this.#streams.get(purpose);
    if (stream === undefined) {
      stream = new SeededRandom(`${this.seed}/${purpose}`);
      this.#streams.set(purpose, stream);
    }
    return stream;
  }

  after(delayUs: number, kind: EventKind, run: () => void): SimulatedEvent {
    return this.queue.add(this.nowUs + Math.max(0, Math.ceil(delayUs)), kind, run);
  }

  record(node: string, kind: string, ...fields: readonly TraceField[]): void {
    this.trace.record(this.nowUs, node, kind, fields);
  }

  /** A fault took place: it is counted and part of the trace. */
  fault(kind: string, where: string, ...fields: readonly TraceField[]): void {
    this.occurred.set(kind, (this.occurred.get(kind) ?? 0) + 1);
    this.record(where, `fault ${kind}`, ...fields);
  }
}
