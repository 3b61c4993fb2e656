import type { Clock } from '@skep/ports';

const SAMPLE_EVERY = 8;
const SAMPLES = 1024;
const RATE_WINDOW_MS = 5_000;

/** Counts turns, and measures a sample of them from call to acknowledgement. */
export class Meter {
  turns = 0;
  failures = 0;
  private readonly latencies: number[] = [];
  private next = 0;
  private marks: { readonly atMs: number; readonly turns: number }[] = [];

  constructor(private readonly clock: Clock) {}

  turn(timed: { readonly sinceMs: number; readonly passed: (done: () => void) => void } | undefined): void {
    this.turns += 1;
    if (timed === undefined || this.turns % SAMPLE_EVERY !== 0) return;
    timed.passed(() => {
      this.latencies[this.next % SAMPLES] = this.clock.monotonicMs() - timed.sinceMs;
      this.next += 1;
    });
  }

  failure(): void {
    this.failures += 1;
  }

  latency(): { readonly p50: number; readonly p99: number } {
    const sorted = [...this.latencies].sort((one, other) => one - other);
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return { p50: at(0.5), p99: at(0.99) };
  }

  /** Turns per second since the mark that is nearest to five seconds old. */
  rate(): number {
    const atMs = this.clock.monotonicMs();
    this.marks.push({ atMs, turns: this.turns });
    while (this.marks.length > 2 && (this.marks[1] as { atMs: number }).atMs < atMs - RATE_WINDOW_MS) this.marks.shift();
    const first = this.marks[0] as { atMs: number; turns: number };
    return atMs > first.atMs ? ((this.turns - first.turns) * 1000) / (atMs - first.atMs) : 0;
  }
}
