/** A run that fails prints its seed, its plan and the command that shows it again. */
import { afterAll, describe, expect, test } from 'vitest';
import { describeClusterSeed, runClusterSeed } from '../../src/cluster-simulator/run-cluster-seed.js';
import { report } from '../simulator/suite-report.js';

const SEEDS = 320;
const SEEDS_A_TEST = 20;

const met = new Map<string, number>();
const total = { seeds: 0, operations: 0, acknowledged: 0, virtualMs: 0 };

async function mustKeep(seed: number): Promise<void> {
  const result = await runClusterSeed(seed);
  total.seeds += 1;
  total.operations += result.operations;
  total.acknowledged += result.acknowledged;
  total.virtualMs += result.virtualMs;
  for (const [what, times] of result.met) met.set(what, (met.get(what) ?? 0) + times);
  expect(result.broken, result.broken.length > 0 ? describeClusterSeed(result) : '').toEqual([]);
}

describe('O4 O5 Q11: several nodes keep every promise, whatever happens to them', () => {
  for (let first = 1; first <= SEEDS; first += SEEDS_A_TEST) {
    const last = Math.min(first + SEEDS_A_TEST - 1, SEEDS);
    test(`seeds ${first} to ${last}`, { timeout: 180_000 }, async () => {
      for (let seed = first; seed <= last; seed += 1) await mustKeep(seed);
    });
  }

  afterAll(() => {
    report(
      { what: 'cluster simulator seeds', count: total.seeds },
      { what: 'operations checked', count: total.operations },
      { what: 'simulated minutes', count: Math.round(total.virtualMs / 60_000) },
    );
  });
});

describe('seeds that found something', () => {
  test.each([
    [1302, 'a request went on after its deadline when its process had been stopped'],
    [1612, 'a node that went down while the others came up'],
    [3364, 'an ask in doubt was refused at the next attempt, counted as not begun, and took effect twice (G4)'],
  ])('seed %i: %s', (seed) => mustKeep(seed));
});

describe('the seeds together', () => {
  const KINDS_OF_TROUBLE = [
    ...['node crash', 'store crash', 'power cut', 'kill', 'kill of an heir', 'partition', 'split', 'pause', 'clock jump', 'clock drift', 'disk full'],
    ...['isolated from nodes', 'isolated from stores', 'isolated from everything', 'drained', 'rolling restart', 'migrated', 'pin'],
    ...['request lost', 'request late', 'request twice', 'answer lost', 'request refused', 'slow', 'slow fsync', 'failed fsync'],
    ...['message lost', 'message twice', 'message cut off', 'request cut off', 'answer cut off'],
    ...['stale registry read', 'stale log read', 'late trim', 'late timer', 'torn write', 'lost unsynced write'],
    ...['repeated call answered', 'silence', 'refused: timeout', 'refused: outcome-unknown'],
  ];

  test.each(KINDS_OF_TROUBLE)('met: %s', (kind) => {
    expect(met.get(kind) ?? 0).toBeGreaterThan(0);
  });

  test('did more than they waited', () => {
    expect(total.acknowledged).toBeGreaterThan(60 * SEEDS);
  });
});
