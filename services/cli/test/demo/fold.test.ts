import { type Change, normalize, type Value } from '@skep/kernel';
import { diff, treeOf } from '@skep/state';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fold } from '../../src/demo/fold.js';

test('changes are applied one after the other: lists insert, replace and shift, objects gain and lose keys', () => {
  const changes: Change[] = [
    { kind: 'create', path: ['list', 1], new: 'b' },
    { kind: 'delete', path: ['list', 0], old: 'a' },
    { kind: 'update', path: ['deep', 'n'], old: 1, new: 2 },
    { kind: 'create', path: ['__proto__'], new: 'a key like any other' },
    { kind: 'delete', path: ['gone'], old: null },
  ];
  const folded = fold({ list: ['a', 'c'], deep: { n: 1 }, gone: null }, changes) as Record<string, Value>;
  expect(Object.entries(folded)).toEqual([
    ['list', ['b', 'c']],
    ['deep', { n: 2 }],
    ['__proto__', 'a key like any other'],
  ]);
});

test('a change that replaces something else than is there is no history', () => {
  expect(() => fold({ n: 1 }, [{ kind: 'update', path: ['n'], old: 2, new: 3 }])).toThrow(/something else/);
  expect(() => fold({ n: 1 }, [{ kind: 'create', path: ['n', 'm'], new: 3 }])).toThrow(/nothing that could hold/);
});

test('P2 the fold of the changes between two states is the second state', () => {
  // Whole numbers beyond 2^53 - 1 are no values; normalizing makes 0 of -0, as storing does.
  const value = fc.jsonValue({ maxDepth: 3 }).filter((each) => !/\d{16}|e\+/.test(JSON.stringify(each)));
  const state = fc.dictionary(fc.string({ maxLength: 4 }), value, { maxKeys: 6 }).map((each) => normalize(each));
  fc.assert(
    fc.property(state, state, (before, after) => {
      const changes = diff(treeOf(before), treeOf(after));
      expect(treeOf(fold(structuredClone(before), changes)).root()).toBe(treeOf(after).root());
    }),
    { numRuns: 300 },
  );
});
