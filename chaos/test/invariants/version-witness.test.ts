import { describe, expect, test } from 'vitest';
import { foldAll } from '../../src/invariants/naive-fold.js';
import { checkObservers, checkReads, checkWitness } from '../../src/invariants/version-witness.js';
import { A, invariantsOf, ledgerOf, read, turn, unknown, write } from './histories.js';

describe('the version witness accepts', () => {
  test('writes and reads in the order of their versions', () => {
    const good = [write('1', [1, 2], { version: 1 }), read('2', [3, 4], { version: 1 }), write('3', [5, 6], { version: 2 })];
    expect(checkWitness(good)).toEqual([]);
  });

  test('versions against the order of begins, when the operations overlap', () => {
    expect(checkWitness([write('1', [1, 10], { version: 2 }), write('2', [2, 9], { version: 1 }), read('3', [3, 8], { version: 0 })])).toEqual([]);
  });

  test('a repeated call that names a later version', () => {
    const placed = (_: unknown, id: string) => (id === '1' ? 1 : undefined);
    expect(checkWitness([write('1', [1, 6], { version: 2, witness: 'later' }), write('2', [4, 5], { version: 2 })], placed)).toEqual([]);
  });
});

describe('the version witness finds', () => {
  test('a version acknowledged to two writes', () => {
    expect(invariantsOf(checkWitness([write('1', [1, 3], { version: 1 }), write('2', [2, 4], { version: 1 })]))).toEqual(['I1']);
  });

  test('a stale read', () => {
    expect(invariantsOf(checkWitness([write('1', [1, 2], { version: 1 }), read('2', [3, 4], { version: 0 })]))).toEqual(['I1']);
  });

  test('a write that was put before what had been seen when it began', () => {
    expect(checkWitness([read('1', [1, 2], { version: 5 }), write('2', [3, 4], { version: 5 })])[0]?.message).toMatch(
      /made version 5, and began after/,
    );
  });

  test('a write of unknown outcome that the log has before it was sent', () => {
    const placed = (_: unknown, id: string) => (id === '2' ? 1 : undefined);
    expect(invariantsOf(checkWitness([read('1', [1, 2], { version: 1 }), unknown('2', 3)], placed))).toEqual(['I1']);
  });

  test('a repeated call that was told a version before its own', () => {
    const placed = () => 3;
    expect(invariantsOf(checkWitness([write('1', [1, 2], { version: 2, witness: 'later' })], placed))).toEqual(['I1']);
  });

  test('a read whose state is not that of its version, and one of a version that does not exist', () => {
    const folds = foldAll(ledgerOf({ [A]: [turn({ version: 1 })] }));
    expect(checkReads([read('1', [1, 2], { version: 1, value: { count: 1 } })], folds)).toEqual([]);
    expect(invariantsOf(checkReads([read('1', [1, 2], { version: 1, value: { count: 7 } })], folds))).toEqual(['I1']);
    expect(invariantsOf(checkReads([read('1', [1, 2], { version: 2, value: { count: 2 } })], folds))).toEqual(['I1']);
  });

  test('an observer to whom versions went down, and no fault with two observers', () => {
    const down = [read('1', [1, 2], { version: 4 }), read('2', [3, 4], { version: 3 })];
    expect(invariantsOf(checkObservers(down))).toEqual(['I12']);
    expect(checkObservers([read('1', [1, 2], { version: 4 }), read('2', [3, 4], { version: 3, client: 'other' })])).toEqual([]);
  });
});
