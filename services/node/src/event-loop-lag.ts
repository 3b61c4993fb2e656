/**
 * How late the event loop of a node is. Figures are of the last whole window: who asks, and how often, changes nothing, and a hiccup is one
 * of hundreds of samples, not the 99th percentile of a few.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from '@skep/ports';

/** In ms. */
export interface Lag {
  readonly p99: number;
  readonly max: number;
}

/** The parts of Node's histogram that count here; in nanoseconds. */
export interface DelayHistogram {
  readonly max: number;
  percentile(percentile: number): number;
  reset(): void;
  enable(): boolean;
}

export const LAG_WINDOW_MS = 5_000;
export const LAG_RESOLUTION_MS = 10;
const NS_PER_MS = 1e6;

export class EventLoopLag {
  private whole: Lag | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly histogram: DelayHistogram = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS }),
  ) {}

  /** To be called once. */
  start(): void {
    this.histogram.enable();
    this.nextWindow();
  }

  /** Of the last whole window; of the first one as far as it has come. */
  get(): Lag {
    return this.whole ?? this.read();
  }

  private nextWindow(): void {
    this.clock.setTimer(LAG_WINDOW_MS, () => {
      this.whole = this.read();
      this.histogram.reset();
      this.nextWindow();
    });
  }

  private read(): Lag {
    return { p99: lateMs(this.histogram.percentile(99)), max: lateMs(this.histogram.max) };
  }
}

/** The histogram counts the step itself, too. */
function lateMs(ns: number): number {
  return Number.isFinite(ns) ? Math.max(0, Math.round(ns / NS_PER_MS - LAG_RESOLUTION_MS)) : 0;
}
