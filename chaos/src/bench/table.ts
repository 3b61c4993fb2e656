/** The rows for people: figures in columns, notes below. */
import { type Row, rounded } from './row.js';

const HEAD = ['id', 'state', 'unit', 'p50', 'p95', 'p99', 'n', 'times', 'better than'] as const;
const NUMERIC: readonly number[] = [3, 4, 5, 6, 7];

export function tableOf(rows: readonly Row[]): string {
  const cells = rows.map(({ id, state = '', unit, p50, p95, p99, n, peer, ratio }) =>
    n === 0
      ? [id, state, unit, 'not measured', '', '', '0', '', '']
      : [id, state, unit, figure(p50), figure(p95), figure(p99), String(n), ratio === null ? '' : figure(ratio), peer ?? ''],
  );
  // The column of states is for the rows that have one.
  const isShown = (column: number) => HEAD[column] !== 'state' || rows.some(({ state }) => state !== undefined);
  const all = [[...HEAD], ...cells].map((line) => line.filter((_, column) => isShown(column)));
  const numeric = NUMERIC.map((column) => (isShown(1) ? column : column - 1));
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0)));
  const lines = all.map((line) =>
    line
      .map((cell, column) => (numeric.includes(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  const [head = '', ...body] = lines;
  const rule = '-'.repeat(Math.max(...lines.map((line) => line.length)));
  const notes = rows.map(({ id, state, note }) => `  ${id}${state === undefined ? '' : ` ${state}`}: ${note}`);
  return [head, rule, ...body, '', 'Rates: p95 and p99 are what 95 % and 99 % of the rounds reached.', '', 'Notes', ...notes, ''].join('\n');
}

function figure(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en-US') : String(rounded(value));
}
