/**
 * One line of the result.
 *
 * A rate has one sample a round; its p95 and p99 are the rates that 95 % and 99 % of the rounds reached, so for rates and for latencies
 * alike a later percentile is the worse one. `ratio` says how many times better this row is than what `peer` names.
 */
export interface Row {
  readonly id: string;
  /** Which of the states of `bench -- state` it was; absent in other benchmarks. */
  readonly state?: string;
  readonly unit: string;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** Samples: rounds of a rate, operations of a latency. 0 for a row that could not be measured; its note says why. */
  readonly n: number;
  readonly note: string;
  readonly peer: string | null;
  readonly ratio: number | null;
}

export interface Samples {
  readonly id: string;
  readonly state?: string;
  readonly unit: string;
  readonly samples: readonly number[];
  readonly note: string;
}

export function rowOf({ id, state, unit, samples, note }: Samples): Row {
  const sorted = [...samples].sort((one, other) => (isRate(unit) ? other - one : one - other));
  return {
    id,
    ...(state === undefined ? {} : { state }),
    unit,
    p50: rounded(quantile(sorted, 0.5)),
    p95: rounded(quantile(sorted, 0.95)),
    p99: rounded(quantile(sorted, 0.99)),
    n: samples.length,
    note,
    peer: null,
    ratio: null,
  };
}

/** The row, compared by the medians with another one of the same unit. */
export function compared(row: Row, other: Row, name = other.id): Row {
  if (row.n === 0 || other.n === 0 || row.p50 === 0 || other.p50 === 0) return row;
  const ratio = isRate(row.unit) ? row.p50 / other.p50 : other.p50 / row.p50;
  return { ...row, peer: name, ratio: rounded(ratio) };
}

export function isRate(unit: string): boolean {
  return unit.endsWith('/s');
}

/** Four significant digits: more would pretend a precision that no shared machine has. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/** Nearest rank, so that every figure is one that was measured. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
