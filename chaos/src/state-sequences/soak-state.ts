/** `npm run soak -- --state`: sequences of operations on states for as long as you like, then what very many commits write. */
import { commitBytes, RATIO_MAX } from './commit-bytes.js';
import { describeSequence, runSequence } from './run-sequence.js';

export interface StateSoak {
  readonly from: number;
  readonly seeds: number;
  readonly minutes: number | undefined;
  readonly output: 'text' | 'json';
}

interface Total {
  sequences: number;
  operations: number;
  checks: number;
  /** Seeds that broke a promise. */
  readonly failed: number[];
}

export const SEQUENCES = 100_000;
export const COMMITS = 100_000;
/** Sequences between two looks at the clock. */
const AT_ONCE = 100;
const PROGRESS_EVERY_MS = 2_000;

/** Returns the exit code. Each sequence that breaks a promise is shown on stderr with what was done and how to see it again. */
export function soakState({ from, seeds, minutes, output }: StateSoak): number {
  const startedMs = performance.now();
  const total = sequences({ from, seeds, endMs: minutes === undefined ? Number.POSITIVE_INFINITY : startedMs + minutes * 60_000 });
  const seconds = Number(((performance.now() - startedMs) / 1000).toFixed(1));
  if (output === 'text') process.stdout.write(`${progress(total, startedMs)}; from seed ${from}, ${seconds} s\n`);
  const written = commitBytes(COMMITS);
  const isLinear = written.ratio <= RATIO_MAX;
  if (output === 'json') process.stdout.write(`${JSON.stringify({ ...total, from, seconds, written })}\n`);
  else {
    const each = Math.round(written.tenths.reduce((sum, bytes) => sum + bytes, 0) / written.commits);
    const verdict = isLinear ? 'linear' : 'NOT linear';
    process.stdout.write(
      `${written.commits} commits of one agent wrote ${each} bytes each, ${verdict}: dearest tenth to cheapest ${written.ratio}\n`,
    );
  }
  return total.failed.length === 0 && isLinear ? 0 : 1;
}

/** One sequence, with everything that is done in it. Returns the exit code. */
export function showSequence(seed: number, output: StateSoak['output']): number {
  const result = runSequence(seed, output === 'text' ? { observe: (done) => process.stdout.write(`${done}\n`) } : {});
  if (output === 'json') process.stdout.write(`${JSON.stringify(result)}\n`);
  else if (result.broken !== undefined) process.stdout.write(`\n${describeSequence(result)}\n`);
  else process.stdout.write(`\nsequence ${seed} kept every promise: ${result.operations} operations, ${result.checks} comparisons with the model\n`);
  return result.broken === undefined ? 0 : 1;
}

function sequences({ from, seeds, endMs }: Pick<StateSoak, 'from' | 'seeds'> & { readonly endMs: number }): Total {
  const startedMs = performance.now();
  const total: Total = { sequences: 0, operations: 0, checks: 0, failed: [] };
  let toldMs = startedMs;
  for (let seed = from; seed < from + seeds; seed += 1) {
    if (total.sequences % AT_ONCE === 0) {
      const nowMs = performance.now();
      if (nowMs >= endMs) break;
      if (nowMs - toldMs > PROGRESS_EVERY_MS) {
        toldMs = nowMs;
        process.stderr.write(`${progress(total, startedMs)}, seed ${seed} is next\n`);
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

function progress({ sequences, operations, checks, failed }: Total, startedMs: number): string {
  const rate = (sequences / ((performance.now() - startedMs) / 1000)).toFixed(0);
  return `${sequences} sequences (${rate}/s), ${operations} operations, ${checks} comparisons with the model, ${failed.length} sequences failed`;
}
