import Table from 'cli-table3';
import type { OutStream, Shell } from '../frame/shell.js';
import { coloursFor } from './colours.js';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** All parts of the frame, so that none of them is drawn. */
const NO_FRAME = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid'].flatMap((part) => [part, `${part}-mid`, `${part}-left`, `${part}-right`]).map((part) => [part, '']),
);

/** A table in a thin frame on a terminal; elsewhere plain columns that other programs can cut. */
export function tableText(shell: Shell, columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const drawn = isDrawn(shell.stdout);
  const colours = coloursFor(shell.stdout, shell.env);
  const table = new Table({
    head: columns.map(({ title }) => (drawn ? colours.bold(title) : title)),
    colAligns: columns.map(({ align }) => align ?? 'left'),
    style: { head: [], border: colours.isColorSupported ? ['gray'] : [], compact: true, ...(drawn ? {} : { 'padding-left': 0, 'padding-right': 0 }) },
    ...(drawn ? {} : { chars: { ...NO_FRAME, middle: '  ' } }),
  });
  for (const row of rows) table.push([...row]);
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

function isDrawn(stream: OutStream): boolean {
  return stream.isTTY === true;
}

/** Names on the left, values behind them, one pair a line. */
export function pairsText(pairs: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(0, ...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${value}`.trimEnd()).join('\n');
}
