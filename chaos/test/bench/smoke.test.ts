/** The benchmark runs and says what it promises to say; its figures are nobody's business here. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../dist/bench/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'skep-bench-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bench = (...args: string[]) => promisify(execFile)(process.execPath, [PROGRAM, ...args], { cwd: folder });

describe('the benchmark', () => {
  test('prints its rows, and a table beside them', async () => {
    const { stdout, stderr } = await bench('--quick', '--only', 'turn.memory,turn.local.sequential', '--json');
    const rows: unknown = JSON.parse(stdout);
    const row = (id: string, unit: string) => ({
      id,
      unit,
      p50: expect.any(Number),
      p95: expect.any(Number),
      p99: expect.any(Number),
      n: expect.any(Number),
      note: expect.stringMatching(/shared/),
      peer: null,
      ratio: null,
    });
    expect(rows).toEqual([
      row('turn.memory', 'turns/s'),
      row('turn.memory.calls', 'turns/s'),
      row('turn.local.sequential', 'ms'),
      { ...row('turn.local.sequential.limit.raw', 'ms'), peer: 'turn.local.sequential', ratio: expect.any(Number) },
    ]);
    for (const each of rows as { n: number; p50: number }[]) {
      expect(each.n).toBeGreaterThan(0);
      expect(each.p50).toBeGreaterThan(0);
    }
    expect(stderr).toMatch(/^bench: .*turn\.local\.sequential/m);
    expect(stderr).toMatch(/^id +unit +p50 +p95 +p99/m);
  });

  test('names the scenes there are when one is asked for that is not', async () => {
    await expect(bench('--only', 'turn.cosmic')).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('turn.memory') });
  });
});
