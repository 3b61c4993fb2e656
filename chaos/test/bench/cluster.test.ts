/** The benchmark of the cluster runs on real servers and says what it promises to say; its figures are nobody's business here. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { natsHere } from '@skep/nats/servers';
import { afterAll, describe, expect, test } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../dist/bench/main.js', import.meta.url));
const LIMIT_MS = 120_000;
const folder = mkdtempSync(join(tmpdir(), 'skep-bench-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bench = (...args: string[]) => promisify(execFile)(process.execPath, [PROGRAM, 'cluster', ...args], { cwd: folder, timeout: LIMIT_MS });

describe.skipIf(!natsHere())('the benchmark of a cluster', () => {
  test('measures three nodes over three servers, beside the log alone', { timeout: LIMIT_MS }, async () => {
    const { stdout } = await bench('--quick', '--only', 'turn.r3.fsync,turn.hot,call.r3,migrate.pause', '--json');
    const rows = JSON.parse(stdout) as { id: string; n: number; p50: number; note: string }[];
    expect(rows.map(({ id }) => id)).toEqual([
      'turn.r3.fsync',
      'turn.r3.fsync.limit.log',
      'turn.r3.fsync.cpu',
      'turn.r3.fsync.anyone',
      'turn.r3.fsync.anyone.cpu',
      'turn.hot',
      'call.r3',
      'call.r3.coalesced',
      'call.r3.sequential',
      'migrate.pause',
      'migrate.pause.10mb',
    ]);
    for (const { n, p50, note } of rows) {
      expect(n).toBeGreaterThan(0);
      expect(p50).toBeGreaterThan(0);
      expect(note).toMatch(/cores shared/);
    }
    expect(rows[0]).toMatchObject({ peer: 'turn.r3.fsync.limit.log', ratio: expect.any(Number), note: expect.stringMatching(/fsync/) });
  });
});

describe('the command line of the benchmark', () => {
  test('names the scenes of the cluster when one is asked for that is not', async () => {
    await expect(bench('--only', 'turn.local')).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('failover.nats') });
  });
});
