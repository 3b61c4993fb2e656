import { describe, expect, test } from 'vitest';
import { bytesText, msText } from '../../src/output/amounts.js';
import { coloursFor } from '../../src/output/colours.js';
import { startProgress } from '../../src/output/progress.js';
import { tableText } from '../../src/output/table.js';
import { changeText } from '../../src/output/value-text.js';
import { heardShell } from '../programs/shell.js';

const COLUMNS = [{ title: 'agent' }, { title: 'version', align: 'right' }] as const;
const ROWS = [
  ['counter/a', '1'],
  ['b', '1,000'],
];

describe('tables', () => {
  test('are plain columns where there is no terminal', () => {
    expect(tableText(heardShell(), COLUMNS, ROWS)).toBe('agent      version\ncounter/a        1\nb            1,000');
  });

  test('have a frame on a terminal', () => {
    expect(tableText(heardShell({ terminal: 'yes' }), COLUMNS, ROWS)).toMatch(/[│┌]/);
  });
});

describe('colours', () => {
  const painted = (shell: ReturnType<typeof heardShell>) => coloursFor(shell.stdout, shell.env).red('x');

  test('are for terminals whose user wants them', () => {
    expect(painted(heardShell({ terminal: 'yes' }))).toBe('\u001b[31mx\u001b[39m');
    expect(painted(heardShell())).toBe('x');
    expect(painted(heardShell({ terminal: 'yes', env: { NO_COLOR: '1' } }))).toBe('x');
    expect(painted(heardShell({ terminal: 'yes', env: { TERM: 'dumb' } }))).toBe('x');
  });
});

test('changes are told as lines, long values by their beginning', () => {
  const plain = coloursFor(heardShell().stdout, {});
  expect(changeText({ kind: 'create', path: ['list', 2, 'a b'], new: { x: null } }, plain)).toBe('+ list[2]["a b"] = {"x":null}');
  expect(changeText({ kind: 'update', path: [], old: 1, new: 'x'.repeat(500) }, plain)).toMatch(
    /^~ \(the whole state\): 1 -> "x+\.\.\. \(502 characters\)$/,
  );
  expect(changeText({ kind: 'delete', path: ['n'], old: 1 }, plain)).toBe('- n (was 1)');
});

test('amounts are readable', () => {
  expect([999, 1500, 250_000, 3e9].map(bytesText)).toEqual(['999 B', '1.5 KB', '250 KB', '3.0 GB']);
  expect([0.1234, 12.34, 450, 2345, 23_456, 90_000].map(msText)).toEqual(['0.12 ms', '12.3 ms', '450 ms', '2.35 s', '23.5 s', '1 min 30 s']);
});

test('progress says nothing about what is over in a second', () => {
  const shell = heardShell();
  const progress = startProgress(shell, { title: 'replaying', nouns: 'events', total: 2 });
  progress.update(1);
  progress.stop();
  expect(shell.heard.stderr).toBe('');
});
