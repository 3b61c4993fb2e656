import { expect, test } from 'vitest';
import { runClusterSeed } from '../../src/cluster-simulator/run-cluster-seed.js';

const SEEDS = [1, 2, 3, 5, 8, 13, 21, 34];

test('the same seed of a cluster gives the same trace, the same counts and the same judgement', { timeout: 60_000 }, async () => {
  const traces = new Set<string>();
  for (const seed of SEEDS) {
    const first = await runClusterSeed(seed);
    expect(await runClusterSeed(seed)).toEqual(first);
    traces.add(first.trace);
  }
  expect(traces.size).toBe(SEEDS.length);
});
