import { draftOf, treeOf } from '@skep/state';
import { describe, expect, test } from 'vitest';

interface State {
  long: { n: number }[];
  short: number[];
}

const stateOf = () => draftOf<State>(treeOf({ long: Array.from({ length: 2_000 }, (_, n) => ({ n })), short: [1, 2] })).state;

describe('V2: lists of a draft are arrays to whoever looks closely', () => {
  test('V2: their prototype is that of arrays and stays it', () => {
    const { short } = stateOf();
    expect(Object.getPrototypeOf(short)).toBe(Array.prototype);
    expect(() => Object.setPrototypeOf(short, null)).toThrow(TypeError);
    expect(() => Object.setPrototypeOf(stateOf(), null)).toThrow(TypeError);
    expect(Object.isExtensible(short)).toBe(true);
  });

  test('G13: they cannot be frozen, nor given getters', () => {
    const { short } = stateOf();
    expect(() => Object.freeze(short)).toThrow(TypeError);
    expect(() => Object.preventExtensions(short)).toThrow(TypeError);
    expect(() => Object.defineProperty(short, '0', { get: () => 1 })).toThrow('a getter or setter cannot be kept, at .short');
    Object.defineProperty(short, '0', { value: 9, writable: true, enumerable: true, configurable: true });
    expect(short).toEqual([9, 2]);
  });
});

describe('G13: a refusal names the place where a part stands now', () => {
  test('G13: in long lists: as it was, behind the end, and after everything moved', () => {
    const { long } = stateOf();
    const [first, middle] = [long[0], long[1_500]] as [{ n: number }, { n: number }];
    long.push({ n: -1 });
    const last = long[2_000] as { n: number };
    const refuse = (item: { n: number }) => () => Object.assign(item, { n: Number.NaN });
    expect(refuse(middle)).toThrow('NaN cannot be kept, at .long[1500].n');
    expect(refuse(last)).toThrow('NaN cannot be kept, at .long[2000].n');
    long.shift();
    expect(refuse(middle)).toThrow('NaN cannot be kept, at .long[1499].n');
    // What was taken out stands nowhere.
    expect(refuse(first)).toThrow('NaN cannot be kept, at .n');
    expect([middle.n, last.n, first.n]).toEqual([1_500, -1, 0]);
  });
});

describe('G8: content that is equal but was made apart', () => {
  test('V7: whatever stands there, a difference of equal content is empty', () => {
    const make = () => ({
      text: 'x'.repeat(100),
      bytes: new Uint8Array(100).fill(3),
      at: new Date(7),
      wide: Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`k${at}`, { at }])),
      long: Array.from({ length: 100 }, (_, at) => [at]),
    });
    const draft = draftOf<ReturnType<typeof make>>(treeOf(make()));
    Object.assign(draft.state, make());
    expect(draft.finish().changes).toEqual([]);
    const other = draftOf<Record<string, unknown>>(treeOf(make()));
    Object.assign(other.state, { text: new Date(7), bytes: 'x'.repeat(100), at: new Uint8Array(100).fill(4), wide: [1], long: { a: 1 } });
    expect(other.finish().changes.map(({ kind, path }) => `${kind} ${path}`)).toEqual(
      ['at', 'bytes', 'long', 'text', 'wide'].map((key) => `update ${key}`),
    );
  });
});
