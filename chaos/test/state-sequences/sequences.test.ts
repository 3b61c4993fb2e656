/**
 * Random sequences of operations on states, each beside a dumb model that copies everything. One that fails prints what was done and the command
 * that shows it again; such a seed then gets a test of its own below. The long form is `npm run soak -- --state`.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { describeSequence, runSequence } from '../../src/state-sequences/run-sequence.js';
import { report } from '../simulator/suite-report.js';

const SEQUENCES = 20_000;
const SEQUENCES_A_TEST = 2_000;

const total = { sequences: 0, operations: 0, checks: 0 };

function mustKeep(seed: number): void {
  const result = runSequence(seed);
  total.sequences += 1;
  total.operations += result.operations;
  total.checks += result.checks;
  if (result.broken !== undefined) throw new Error(describeSequence(result));
}

describe('V13, V1, V2, V7, V8, G8: states are what a model says that copies everything', () => {
  for (let first = 1; first <= SEQUENCES; first += SEQUENCES_A_TEST) {
    const last = first + SEQUENCES_A_TEST - 1;
    test(`V13: sequences ${first} to ${last}`, { timeout: 120_000 }, () => {
      for (let seed = first; seed <= last; seed += 1) mustKeep(seed);
    });
  }

  test('V13: the same seed does the same', () => {
    const logs = [1, 2].map(() => {
      const done: string[] = [];
      for (let seed = 1; seed <= 20; seed += 1) done.push(JSON.stringify(runSequence(seed, { observe: (each) => done.push(each) })));
      return done;
    });
    expect(logs[0]).toEqual(logs[1]);
  });

  afterAll(() => {
    report(
      { what: 'sequences of operations on states', count: total.sequences },
      { what: 'operations on states', count: total.operations },
      { what: 'comparisons of states with a model', count: total.checks },
    );
  });
});
