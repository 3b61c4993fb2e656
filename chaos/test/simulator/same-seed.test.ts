import { expect, test } from 'vitest';
import { runSeed } from '../../src/simulator/run-seed.js';

const SEEDS = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89];

test('the same seed gives the same trace, the same counts and the same judgement', { timeout: 60_000 }, async () => {
  for (const seed of SEEDS) {
    const first = await runSeed(seed);
    const second = await runSeed(seed);
    expect(second).toEqual(first);
  }
});

test('another seed gives another trace', async () => {
  const traces = new Set<string>();
  for (const seed of SEEDS) traces.add((await runSeed(seed)).trace);
  expect(traces.size).toBe(SEEDS.length);
});

test('who looks on changes nothing', async () => {
  let events = 0;
  const watched = await runSeed(4, { observe: () => (events += 1) });
  expect(watched.trace).toBe((await runSeed(4)).trace);
  expect(events).toBeGreaterThan(1_000);
});
