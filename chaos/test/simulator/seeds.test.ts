/** A run that fails prints its seed, its plan and the command that shows it again; such a seed then gets a test of its own below. */
import { afterAll, describe, expect, test } from 'vitest';
import { describeSeed, runSeed } from '../../src/simulator/run-seed.js';
import { report } from './suite-report.js';

const SEEDS = 300;
const SEEDS_A_TEST = 20;

const met = new Map<string, number>();
const total = { seeds: 0, operations: 0, acknowledged: 0, virtualMs: 0 };

async function mustKeep(seed: number): Promise<void> {
  const result = await runSeed(seed);
  total.seeds += 1;
  total.operations += result.operations;
  total.acknowledged += result.acknowledged;
  total.virtualMs += result.virtualMs;
  for (const [what, times] of result.met) met.set(what, (met.get(what) ?? 0) + times);
  expect(result.broken, result.broken.length > 0 ? describeSeed(result) : '').toEqual([]);
}

describe('one node keeps every promise, whatever happens to it', () => {
  for (let first = 1; first <= SEEDS; first += SEEDS_A_TEST) {
    const last = Math.min(first + SEEDS_A_TEST - 1, SEEDS);
    test(`seeds ${first} to ${last}`, { timeout: 120_000 }, async () => {
      for (let seed = first; seed <= last; seed += 1) await mustKeep(seed);
    });
  }

  afterAll(() => {
    report(
      { what: 'simulator seeds', count: total.seeds },
      { what: 'operations checked', count: total.operations },
      { what: 'simulated minutes', count: Math.round(total.virtualMs / 60_000) },
    );
  });
});

describe('the seeds together', () => {
  const KINDS_OF_TROUBLE = [
    ...['node crash', 'store crash', 'power cut', 'kill', 'partition', 'pause', 'clock jump', 'disk full'],
    ...['request lost', 'request late', 'request twice', 'answer lost', 'request refused', 'slow', 'slow fsync', 'failed fsync'],
    ...['append in doubt past the limit', 'stale registry read', 'stale log read', 'late trim', 'late timer', 'torn write', 'lost unsynced write'],
    ...['repeated call answered', 'silence', 'refused: disk-full', 'refused: unavailable'],
  ];

  test.each(KINDS_OF_TROUBLE)('met: %s', (kind) => {
    expect(met.get(kind) ?? 0).toBeGreaterThan(0);
  });

  test('did more than they waited', () => {
    expect(total.acknowledged).toBeGreaterThan(100 * SEEDS);
  });
});
