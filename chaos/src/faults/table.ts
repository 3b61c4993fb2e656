/** What the faults of one name did, as a row: how often, and what clients saw of it. */
import type { Strike } from './round.js';
import { quantile } from './timed-outside.js';

export interface Row {
  readonly fault: string;
  readonly servers: string;
  readonly times: number;
  /** Writes that were under way meanwhile, and how many of them failed. */
  readonly calls: number;
  readonly failedCalls: number;
  /** The longest time without an answer to anybody, of the median strike and of the worst. */
  readonly gapMs: number;
  readonly gapMsMax: number;
  readonly p99Ms: number;
  readonly slowestMs: number;
  /** Of agents that lived on the node that was struck: median of the first answers, and p99 of when all had answered. */
  readonly firstAgentMs?: number;
  readonly allAgentsMs?: number;
  readonly verdict: 'kept' | 'broken';
}

type Judged = Strike & { readonly flavour: string; readonly verdict: Row['verdict'] };

export function rowsOf(strikes: readonly Judged[]): readonly Row[] {
  const groups = new Map<string, Judged[]>();
  for (const strike of strikes) {
    const key = `${strike.fault} ${strike.flavour}`;
    groups.set(key, [...(groups.get(key) ?? []), strike]);
  }
  return [...groups.values()].map(rowOf);
}

function rowOf(group: readonly Judged[]): Row {
  const [first] = group as readonly [Judged, ...Judged[]];
  const sorted = (of: (strike: Judged) => number | undefined): readonly number[] =>
    group.flatMap((strike) => of(strike) ?? []).sort((one, other) => one - other);
  const sum = (of: (strike: Judged) => number): number => group.reduce((all, strike) => all + of(strike), 0);
  const gaps = sorted(({ saw }) => saw.gapMs);
  const firsts = sorted(({ figures }) => figures.firstAgentMs);
  const alls = sorted(({ figures }) => figures.allAgentsMs);
  return {
    ...{ fault: first.fault, servers: first.flavour, times: group.length },
    calls: sum(({ saw }) => saw.calls),
    failedCalls: sum(({ saw }) => saw.failed),
    gapMs: Math.round(quantile(gaps, 0.5)),
    gapMsMax: Math.round(quantile(gaps, 1)),
    p99Ms: Math.round(
      quantile(
        sorted(({ saw }) => saw.p99Ms),
        0.5,
      ),
    ),
    slowestMs: Math.round(
      quantile(
        sorted(({ saw }) => saw.slowestMs),
        1,
      ),
    ),
    ...(firsts.length === 0 ? {} : { firstAgentMs: Math.round(quantile(firsts, 0.5)), allAgentsMs: Math.round(quantile(alls, 0.99)) }),
    verdict: group.some(({ verdict }) => verdict === 'broken') ? 'broken' : 'kept',
  };
}

export function tableOf(rows: readonly Row[]): string {
  const header = ['fault', 'servers', 'times', 'calls', 'failed', 'gap ms', 'gap max', 'p99 ms', 'slowest', 'first agent', 'all agents', 'verdict'];
  const lines = rows.map((row) => [
    ...[row.fault, row.servers, row.times, row.calls, row.failedCalls, row.gapMs, row.gapMsMax, row.p99Ms, row.slowestMs],
    ...[row.firstAgentMs ?? '', row.allAgentsMs ?? '', row.verdict],
  ]);
  const cells = [header, ...lines.map((line) => line.map(String))];
  const widths = header.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  return cells
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
