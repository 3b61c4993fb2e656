import { diff, packTree, type Tree, treeOf, unpackTree } from '@skep/state';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cloned, codeOf, keys, objectOf, STATE_S, scalars, shuffled, values } from './arbitrary.js';

const summary = (from: Tree, to: Tree) => diff(from, to).map(({ kind, path }) => `${kind} ${path.join('.')}`);

describe('V7: differences', () => {
  test('V7: what differs, applied to the one, gives the other', () => {
    fc.assert(
      fc.property(values, values, (one, other) => {
        const from = treeOf(one);
        const to = treeOf(other);
        expect(from.apply(diff(from, to)).root()).toBe(to.root());
        expect(diff(from, treeOf(cloned(one)))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test('V7: maps around and beyond 16 entries', () => {
    const entries = fc.uniqueArray(fc.tuple(keys, scalars), { selector: ([key]) => key, maxLength: 50, size: 'max' });
    fc.assert(
      fc.property(entries, entries, (one, other) => {
        const from = treeOf(objectOf(one));
        const to = treeOf(objectOf([...one.slice(0, 30), ...other]));
        expect(from.apply(diff(from, to)).root()).toBe(to.root());
      }),
      { numRuns: 200 },
    );
  });

  test('V7: lists with items inserted, removed, moved and changed', () => {
    const lists = fc.array(fc.nat(12), { maxLength: 80, size: 'max' });
    fc.assert(
      fc.property(lists, lists, fc.nat(), (one, other, seed) => {
        const object = (n: number) => ({ n, text: 'x'.repeat(n) });
        for (const [left, right] of [
          [one, other],
          [one, [...other, ...one]],
          [one, shuffled(one, seed)],
          [one.map(object), [...one.slice(3), ...other].map(object)],
        ] as const) {
          const from = treeOf(left);
          const to = treeOf(right);
          expect(from.apply(diff(from, to)).root()).toBe(to.root());
        }
      }),
      { numRuns: 200 },
    );
  });

  test('V7: changes are few where few things changed', () => {
    const tree = treeOf(STATE_S);
    expect(summary(tree, tree.apply([{ kind: 'update', path: ['memory', 7, 'text'], new: 'changed' }]))).toEqual(['update memory.7.text']);
    expect(summary(tree, tree.apply([{ kind: 'delete', path: ['memory', 7] }]))).toEqual(['delete memory.7']);
    const long = treeOf(Array.from({ length: 5_000 }, (_, at) => ({ at })));
    expect(
      summary(
        long,
        long.apply([
          { kind: 'delete', path: [10] },
          { kind: 'create', path: [4_000], new: 'x' },
        ]),
      ),
    ).toEqual(['delete 10', 'create 4000']);
    const wide = treeOf(objectOf(Array.from({ length: 5_000 }, (_, at) => [`k${at}`, at] as const)));
    const edited = wide.apply([
      { kind: 'delete', path: ['k9'] },
      { kind: 'update', path: ['k77'], new: -1 },
      { kind: 'create', path: ['a'], new: 1 },
    ]);
    expect(summary(wide, edited)).toEqual(['create a', 'update k77', 'delete k9']);
  });

  test('V2: only what differs is read', () => {
    const large = {
      a: objectOf(Array.from({ length: 500 }, (_, at) => [`k${at}`, `value ${at}`] as const)),
      b: Array.from({ length: 500 }, (_, at) => `item ${at}`),
      n: 1,
    };
    const pack = packTree(treeOf(large));
    const one = unpackTree(pack);
    const other = unpackTree(packTree(treeOf({ ...large, n: 2 })));
    const reads = { count: 0 };
    const counted = unpackTree(
      new Proxy(pack, {
        get: (target, key) => {
          if (key === 'subarray') reads.count += 1;
          const found: unknown = Reflect.get(target, key, target);
          return typeof found === 'function' ? found.bind(target) : found;
        },
      }) as Uint8Array,
    );
    reads.count = 0;
    expect(summary(counted, other)).toEqual(['update n']);
    expect(reads.count).toBe(0);
    expect(summary(one, other)).toEqual(['update n']);
  });

  test('V7: trees of one address key can be compared, however many keys were used since', () => {
    const keyOf = (at: number) => Uint8Array.from({ length: 32 }, (_, index) => (index === 0 ? at & 255 : at >> 8));
    const trees = Array.from({ length: 600 }, (_, at) => treeOf({ at }, { addressKey: keyOf(at) }));
    expect(summary(trees[0] as Tree, treeOf({ at: -1 }, { addressKey: keyOf(0) }))).toEqual(['update at']);
  });

  test('G13: trees of different address keys cannot be compared', () => {
    expect(codeOf(() => diff(treeOf(1), treeOf(1, { addressKey: new Uint8Array(32) })))).toBe('invalid-input');
  });
});
