import { encode, hash, hashHexOf, normalize } from '@skep/kernel';
import { packTree, type Tree, treeOf, unpackTree } from '@skep/state';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cloned, keys, objectOf, scalars, shuffled, values } from './arbitrary.js';

const addressKey = Uint8Array.from({ length: 32 }, (_, at) => at);
const entries = fc.uniqueArray(fc.tuple(keys, scalars), { selector: ([key]) => key, maxLength: 60, size: 'max' });

describe('G8: same content, same root', () => {
  test('V1: a tree holds the value it was made of, normalised', () => {
    fc.assert(
      fc.property(values, (value) => void expect(treeOf(value).value()).toEqual(normalize(value))),
      { numRuns: 300 },
    );
  });

  test('G8: different values have different roots, equal ones the same', () => {
    fc.assert(
      fc.property(values, values, (one, other) => {
        const isEqual = Buffer.compare(encode(one), encode(other)) === 0;
        expect(treeOf(one).root() === treeOf(other).root()).toBe(isEqual);
        expect(treeOf(cloned(one)).root()).toBe(treeOf(one).root());
      }),
      { numRuns: 300 },
    );
  });

  test('G8: the order in which keys were set does not matter, nor do keys that came and went', () => {
    fc.assert(
      fc.property(entries, entries, fc.nat(), (kept, passing, seed) => {
        const keptKeys = new Set(kept.map(([key]) => key));
        const gone = passing.filter(([key]) => !keptKeys.has(key));
        let tree = treeOf({});
        for (const [key, value] of shuffled([...kept, ...gone], seed)) tree = tree.apply([{ kind: 'create', path: [key], new: value }]);
        for (const [key] of shuffled(gone, seed + 1)) tree = tree.apply([{ kind: 'delete', path: [key] }]);
        expect(tree.root()).toBe(treeOf(objectOf(kept)).root());
      }),
      { numRuns: 300 },
    );
  });

  test('G8: maps cross 16 entries in both directions without a trace', () => {
    const at = (count: number) => objectOf(Array.from({ length: count }, (_, index) => [`key-${index}`, index] as const));
    let tree = treeOf({});
    const roots: string[] = [];
    for (let count = 0; count < 40; count += 1) {
      roots.push(tree.root());
      expect(tree.root()).toBe(treeOf(at(count)).root());
      tree = tree.apply([{ kind: 'create', path: [`key-${count}`], new: count }]);
    }
    for (let count = 39; count >= 0; count -= 1) {
      tree = tree.apply([{ kind: 'delete', path: [`key-${count}`] }]);
      expect(tree.root()).toBe(roots[count]);
      expect(tree.value()).toEqual(at(count));
    }
  });

  test('G8: lists cross 32 and 1,024 items in both directions without a trace', () => {
    for (const edge of [32, 1_024]) {
      const listOf = (length: number) => Array.from({ length }, (_, index) => index);
      let tree: Tree = treeOf(listOf(edge - 2));
      for (let length = edge - 2; length < edge + 3; length += 1) {
        expect(tree.root()).toBe(treeOf(listOf(length)).root());
        tree = tree.apply([{ kind: 'create', path: [length], new: length }]);
      }
      for (let length = edge + 3; length > edge - 3; length -= 1) {
        expect(tree.root()).toBe(treeOf(listOf(length)).root());
        tree = tree.apply([{ kind: 'delete', path: [length - 1] }]);
      }
    }
  });

  test('G8: texts and bytes cross 62 and 4,096 bytes without a trace', () => {
    for (const length of [61, 62, 63, 64, 65, 4_095, 4_096, 4_097, 20_000]) {
      for (const value of ['a'.repeat(length), new Uint8Array(length).fill(7), 'é'.repeat(length)]) {
        const tree = treeOf({ value: 1 }).apply([{ kind: 'update', path: ['value'], new: value }]);
        expect(tree.root()).toBe(treeOf({ value }).root());
        expect(unpackTree(packTree(tree)).value()).toEqual({ value });
      }
    }
  });

  test('G8: large maps, whatever the order', () => {
    const members = Array.from({ length: 3_000 }, (_, at) => [`key-${at}`, { at, text: `text ${at}` }] as const);
    const whole = treeOf(objectOf(members));
    let grown = treeOf({});
    for (const [key, value] of shuffled(members, 5)) grown = grown.apply([{ kind: 'create', path: [key], new: value }]);
    expect(grown.root()).toBe(whole.root());
    expect(whole.get(['key-77', 'text'])).toBe('text 77');
    for (const [key] of shuffled(members, 6).slice(10)) grown = grown.apply([{ kind: 'delete', path: [key] }]);
    expect(grown.root()).toBe(treeOf(grown.value()).root());
    expect(Object.keys(grown.value() as object)).toHaveLength(10);
  });

  test('G8: an address key changes all roots, and the same key makes the same', () => {
    fc.assert(
      fc.property(values, (value) => {
        const keyed = treeOf(value, { addressKey });
        expect(keyed.root()).not.toBe(treeOf(value).root());
        expect(keyed.root()).toBe(treeOf(cloned(value), { addressKey: addressKey.slice() }).root());
        expect(keyed.value()).toEqual(normalize(value));
      }),
      { numRuns: 100 },
    );
  });

  test('G8: the root of a small value is the hash of its canonical encoding behind version and tag', () => {
    for (const value of [0, null, 'text', [1, [2]], { a: { b: 1 } }, Uint8Array.of(1), new Date(5), {}]) {
      expect(treeOf(value).root()).toBe(hashHexOf(Uint8Array.from([1, 1, ...encode(value)])));
    }
    const [part, big] = [
      { text: 'x'.repeat(40), n: 1 },
      { text: 'x'.repeat(61), n: 1 },
    ];
    expect(treeOf([part]).root()).toBe(hashHexOf(Uint8Array.from([1, 1, ...encode([part])])));
    const link = [0xc7, 33, 2, ...hash(Uint8Array.from([1, 1, ...encode(big)])), encode(big).length];
    expect(treeOf([big]).root()).toBe(hashHexOf(Uint8Array.from([1, 1, 0x91, ...link])));
  });

  test('V1: the length is that of the canonical encoding', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(treeOf(value).byteLength).toBe(encode(value).length);
        expect(unpackTree(packTree(treeOf(value))).byteLength).toBe(encode(value).length);
      }),
      { numRuns: 300 },
    );
  });
});
