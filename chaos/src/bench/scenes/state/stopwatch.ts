/** Time of operations that take about a microsecond. */

/** Operations whose mean is one sample, where a single one is too short for the clock. */
export const MEAN_OF = 1_000;
const WARM_SHARE = 0.5;

/**
 * Microseconds of each operation; half as many again go before and are not counted. What `prepare` does is not timed.
 * @param work gets what `prepare` made
 */
export function eachUs<Input>(operations: number, prepare: (at: number) => Input, work: (input: Input) => unknown): number[] {
  const samples: number[] = [];
  for (let at = -Math.ceil(operations * WARM_SHARE); at < operations; at += 1) {
    const input = prepare(at);
    const startMs = performance.now();
    work(input);
    const endMs = performance.now();
    if (at >= 0) samples.push((endMs - startMs) * 1000);
  }
  return samples;
}

/** Microseconds of an operation, each sample the mean of a thousand. */
export function meansUs<Input>(samples: number, prepare: (at: number) => Input, work: (input: Input, at: number) => unknown): number[] {
  return eachUs(
    samples,
    (at) => prepare(at),
    (input) => {
      for (let at = 0; at < MEAN_OF; at += 1) work(input, at);
    },
  ).map((us) => us / MEAN_OF);
}
