/** Real processes on real folders, killed with SIGKILL while calls are in flight. The worker runs from the build. */
import { appendFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { crashRun, describeCrashRun } from '../../src/crash/crash-run.js';

const PROGRAM = fileURLToPath(new URL('../../dist/crash/worker.js', import.meta.url));
const SEEDS = [1, 2];
const KILLS_A_SEED = 25;
const HASTY_RUNS_MAX = 8;
/** Each start, quiet and kill has a limit of its own; this one ends what hangs, also where an fsync takes long. */
const TEST_MS = 400_000;

describe('a swarm that is killed while it works', () => {
  const total = { kills: 0, operations: 0, inFlight: 0 };

  test.concurrent.each(SEEDS)(`keeps every promise through ${KILLS_A_SEED} kills (seed %i)`, { timeout: TEST_MS }, async (seed) => {
    expect(existsSync(PROGRAM), 'build first: npm run build').toBe(true);
    const dir = mkdtempSync(join(tmpdir(), 'skep-crash-'));
    try {
      const result = await crashRun({ seed, dir, program: PROGRAM, kills: KILLS_A_SEED });
      total.kills += result.kills.length;
      total.operations += result.operations;
      total.inFlight += result.kills.reduce((sum, kill) => sum + kill.inFlight, 0);
      expect(result.broken, result.broken.length > 0 ? describeCrashRun(seed, result) : '').toEqual([]);
      expect(result.kills).toHaveLength(KILLS_A_SEED);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

  test('is found out when its replies leave before they are on the disk (L6)', { timeout: TEST_MS }, async () => {
    const found = new Set<string>();
    // What a real kill meets is not drawn by us, so the mistake gets some chances.
    for (let seed = 1; seed <= HASTY_RUNS_MAX && !found.has('I3'); seed += 1) {
      const dir = mkdtempSync(join(tmpdir(), 'skep-crash-'));
      try {
        const { broken } = await crashRun({ seed: 100 + seed, dir, program: PROGRAM, kills: 3, mistake: 'hasty' });
        for (const { invariant } of broken) found.add(invariant);
      } finally {
        rmSync(dir, { recursive: true, force: true });
      }
    }
    expect([...found]).toContain('I3');
  });

  test('with calls in flight', () => {
    expect(total.inFlight / Math.max(1, total.kills)).toBeGreaterThan(5);
  });

  afterAll(() => {
    const file = process.env.SKEP_TEST_REPORT;
    if (file === undefined) return;
    const lines = [
      { what: 'processes killed', count: total.kills },
      { what: 'operations checked', count: total.operations },
    ];
    appendFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  });
});
