/** `npm run soak -- --state`: sequences of operations on states, for as long as you like. */
import { describeSequence, runSequence } from './run-sequence.js';

export interface SequenceSoak {
  readonly from: number;
  readonly sequences: number;
  /** When to stop, on the clock of `performance.now`. */
  readonly endMs: number;
}

export interface SequenceTotal {
  sequences: number;
  operations: number;
  checks: number;
  /** Seeds that broke a promise. */
  readonly failed: number[];
}

/** Sequences between two looks at the clock. */
const AT_ONCE = 100;
const PROGRESS_EVERY_MS = 2_000;

/** Tells on stderr how it goes, and of each sequence that broke a promise what was done and how to see it again. */
export function soakSequences({ from, sequences, endMs }: SequenceSoak): SequenceTotal {
  const startedMs = performance.now();
  const total: SequenceTotal = { sequences: 0, operations: 0, checks: 0, failed: [] };
  let toldMs = startedMs;
  for (let seed = from; seed < from + sequences; seed += 1) {
    if (total.sequences % AT_ONCE === 0) {
      const nowMs = performance.now();
      if (nowMs >= endMs) break;
      if (nowMs - toldMs > PROGRESS_EVERY_MS) {
        toldMs = nowMs;
        process.stderr.write(`${sequenceProgress(total, startedMs)}, seed ${seed} is next\n`);
      }
    }
    const result = runSequence(seed);
    total.sequences += 1;
    total.operations += result.operations;
    total.checks += result.checks;
    if (result.broken === undefined) continue;
    total.failed.push(seed);
    process.stderr.write(`\n${describeSequence(result)}\n\n`);
  }
  return total;
}

export function sequenceProgress({ sequences, operations, checks, failed }: SequenceTotal, startedMs: number): string {
  const seconds = (performance.now() - startedMs) / 1000;
  const rate = (sequences / seconds).toFixed(0);
  return `${sequences} sequences (${rate}/s), ${operations} operations, ${checks} comparisons with the model, ${failed.length} sequences failed`;
}
