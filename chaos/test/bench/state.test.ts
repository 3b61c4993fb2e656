/** The benchmark of states runs and says what it promises to say; its figures are nobody's business here. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../dist/bench/main.js', import.meta.url));
/** Ten seconds of work; only what hangs takes so long. */
const LIMIT_MS = 180_000;
const folder = mkdtempSync(join(tmpdir(), 'skep-bench-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bench = (...args: string[]) => promisify(execFile)(process.execPath, [PROGRAM, 'state', ...args], { cwd: folder, timeout: LIMIT_MS });

interface Shown {
  readonly id: string;
  readonly state: string;
  readonly n: number;
  readonly p50: number;
  readonly note: string;
  readonly peer: string | null;
  readonly ratio: number | null;
}

describe('the benchmark of states', () => {
  test('measures what versions cost for each state, beside a copy of the whole', { timeout: LIMIT_MS }, async () => {
    const { stdout, stderr } = await bench('--quick', '--json');
    const rows = JSON.parse(stdout) as Shown[];
    for (const id of [
      ...[
        'checkpoint.freeze',
        'checkpoint.sealed',
        'checkpoint.sealed.10',
        'checkpoint.sealed.50',
        'branch',
        'merge.fast-forward',
        'merge',
        'merge.10',
      ],
      ...['diff', 'restore.memory', 'read.path', 'write', 'superposition.create', 'superposition.observe.64'],
    ]) {
      expect(rows.filter((row) => row.id === id).map(({ state }) => state)).toEqual(['S', 'L', 'X']);
    }
    for (const id of ['list.push', 'bytes.per.checkpoint']) expect(rows.filter((row) => row.id === id).map(({ state }) => state)).toEqual(['S', 'L']);
    for (const id of ['memory.overhead', 'scale.1', 'scale.850'])
      expect(rows.filter((row) => row.id === id).map(({ state }) => state)).toEqual(['S']);
    for (const { id, n, p50, note } of rows) {
      expect(n).toBeGreaterThan(0);
      // What the versions of a few agents take may be less than the heap moves by itself.
      if (id !== 'memory.overhead') expect(p50).toBeGreaterThan(0);
      expect(note).toMatch(/cores shared/);
    }
    expect(rows[0]).toMatchObject({ id: 'checkpoint.freeze', peer: expect.stringMatching(/structuredClone/), ratio: expect.any(Number) });
    expect(stderr).toMatch(/^id +state +unit +p50/m);
  });

  test('writes a flame graph that a browser opens', { timeout: LIMIT_MS }, async () => {
    const { stderr } = await bench('--quick', '--profile');
    expect(stderr).toContain('checkpoint.sealed.html (opens in a browser)');
    expect(existsSync(join(folder, '.cache', 'bench', 'checkpoint.sealed.html'))).toBe(true);
  });

  test('says what it takes', async () => {
    const { stdout } = await bench('--help');
    expect(stdout).toMatch(/^npm run bench -- .*--profile/);
  });

  test('measures the scenes that print the rows that are asked for, and no others', async () => {
    const { stdout } = await bench('--quick', '--json', '--only', 'superposition.observe.64,merge.10');
    const ids = new Set((JSON.parse(stdout) as Shown[]).map(({ id }) => id));
    expect([...ids].sort()).toEqual(['merge', 'merge.10', ...['create', 'create.64', 'observe', 'observe.64'].map((id) => `superposition.${id}`)]);
  });

  test('names the scenes of states when one is asked for that is not', async () => {
    await expect(bench('--only', 'turn.local')).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('checkpoint.freeze') });
  });
});
