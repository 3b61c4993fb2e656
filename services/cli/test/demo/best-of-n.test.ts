import { existsSync } from 'node:fs';
import { join } from 'node:path';
import pico from 'picocolors';
import { expect, test } from 'vitest';
import { frameLines } from '../../src/demo/best-of-n/picture.js';
import { SMALL_WORK } from '../../src/demo/best-of-n/small-work.js';
import { likelihoodOf, ROOM, remember, STRATEGIES } from '../../src/demo/best-of-n/strategies.js';
import { linesOf } from '../../src/demo/best-of-n/work.js';
import { skepHere } from '../programs/shell.js';
import { DATA, skep, temporaryFolder } from '../programs/skep.js';

interface Printed {
  readonly branches: readonly { readonly name: string; readonly weight: number }[];
  readonly kept: string;
  readonly steps: number;
  readonly evidence: number;
  readonly version: number;
}

function expectTheBest(json: unknown): Printed {
  const printed = json as Printed;
  const weights = printed.branches.map(({ weight }) => weight);
  expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
  expect(printed.branches.find(({ name }) => name === printed.kept)?.weight).toBe(Math.max(...weights));
  return printed;
}

test('V3 V5 skep demo best-of-n: eight branches, their weights move, the best is kept', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  const { code, json, stderr } = await skep({ folder }, 'demo', 'best-of-n', '--dir', 'here', '--json');
  expect(code).toBe(0);
  const { branches, steps, evidence, kept } = expectTheBest(json);
  expect([branches.length, steps, evidence]).toEqual([8, 11, 10]);
  expect(stderr.match(/^best of 8: small-repair, step \d+ of 11$/gm)).toHaveLength(11);
  const shares = new Set(stderr.match(/own actions .*/g));
  expect(shares.size).toBeGreaterThan(5);
  // What was kept is the state of the agent.
  const { stdout } = await skepHere(folder, 'demo', 'best-of-n', '--dir', 'again');
  expect(stdout).toMatch(/^Kept .+ of 8 branches after 10 pieces of evidence; default\/rememberer\/small-repair is at version 1\.$/m);
  expect(stdout).toContain(`Kept ${kept}`);
});

test('V5 skep demo best-of-n on a real trajectory', async ({ onTestFinished, skip }) => {
  const file = join(DATA, 'trajectories', 'eps.traj.gz');
  if (!existsSync(file)) skip();
  const { json } = await skepHere(temporaryFolder(onTestFinished), 'demo', 'best-of-n', file, '--json');
  expect(expectTheBest(json).steps).toBe(14);
});

test('a file that is no trajectory is refused by name', async ({ onTestFinished }) => {
  const { code, json } = await skepHere(temporaryFolder(onTestFinished), 'demo', 'best-of-n', 'absent.traj', '--json');
  expect([code, json.error.code]).toEqual([1, 'malformed']);
});

test('strategies fill the room and no more, and likelihoods lie between 0 and 1', () => {
  const lines = SMALL_WORK.flatMap((step, at) => linesOf(step, at + 1));
  for (const strategy of STRATEGIES) {
    const memory = remember(strategy, lines);
    const { length } = memory.join('');
    expect([strategy.name, length > ROOM / 2, length <= ROOM]).toEqual([strategy.name, true, true]);
    for (const { action } of SMALL_WORK) {
      expect(likelihoodOf(action, memory)).toBeGreaterThanOrEqual(0.2);
      expect(likelihoodOf(action, memory)).toBeLessThanOrEqual(1);
    }
  }
});

test('the picture marks the most likely branch, in colour on a terminal alone', () => {
  const frame = {
    work: 'w',
    step: 2,
    steps: 5,
    action: 'ls\nmore',
    branches: [
      { name: 'one', weight: 0.25 },
      { name: 'other', weight: 0.75 },
    ],
  };
  expect(frameLines(frame, pico.createColors(false))).toEqual([
    'best of 2: w, step 2 of 5',
    'ls',
    '  one    █████░░░░░░░░░░░░░░░  25.0 %',
    '> other  ███████████████░░░░░  75.0 %',
  ]);
  expect(frameLines(frame, pico.createColors(true)).at(-1)).toContain('\u001b[32m');
});
