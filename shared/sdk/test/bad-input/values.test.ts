/** Everything that the format page refuses, as input, as result and as state. */
import { describe, expect, it } from 'vitest';
import { openSkep } from '../../src/index.js';
import { Box, MAKERS } from '../kinds.js';
import { refusal } from '../refusal.js';

class Point {
  x = 1;
}
class Stack extends Array<number> {}

const endless: { self?: unknown } = {};
endless.self = endless;

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let at = 0; at < depth; at += 1) value = [value];
  return value;
}

const sparse: unknown[] = [1];
sparse[2] = 3;

/** `where` is how the refusal names the place, when the value stands at `.list[1]`. */
const REFUSED: readonly (readonly [string, unknown])[] = [
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['2^53', 2 ** 53],
  ['-2^53', -(2 ** 53)],
  ['a bigint', 5n],
  ['a symbol', Symbol('s')],
  ['a function', () => 1],
  ['undefined in a list', [undefined]],
  ['a hole in a list', sparse],
  ['a lone surrogate', 'a\ud800'],
  ['a key with a lone surrogate', { 'a\udc00': 1 }],
  ['an instance of a class', new Point()],
  ['an instance of a class of lists', Stack.from([1, 2])],
  ['a Map', new Map([[1, 2]])],
  ['a Set', new Set([1])],
  ['a RegExp', /x/],
  ['an Error', new Error('x')],
  ['a Promise', Promise.resolve(1)],
  ['an invalid date', new Date(Number.NaN)],
  ['a Float64Array', new Float64Array(2)],
  ['an ArrayBuffer', new ArrayBuffer(2)],
  ['a value that holds itself', endless],
  ['nesting beyond 128', nested(130)],
];

describe('G13 G8: what no value can be', () => {
  it.each(REFUSED)('refuses %s as input, result, state, message and event, names the place, and changes nothing', async (_what, bad) => {
    await using skep = await openSkep({ memory: true, kinds: [Box] });
    const box = skep.agent(Box, 'b');
    await box.put('kept');
    const given = { list: [0, bad] };
    const error = await refusal(box.put(given), 'invalid-value');
    expect(error.message).toMatch(/\.list\[1\]/);
    await refusal(skep.client.call(box.id, 'put', given as never), 'invalid-value');
    MAKERS.set('result', (state) => {
      state.held = 'changed';
      return given;
    });
    MAKERS.set('state', (state) => {
      state.held = given;
    });
    MAKERS.set('query', () => given);
    await refusal(box.run('result'), 'invalid-value');
    await refusal(box.run('state'), 'invalid-value');
    await refusal(box.make('query'), 'invalid-value');
    expect(await box.state()).toMatchObject({ version: 1, value: { held: 'kept' } });
    await box.put('again');
    expect(await box.get()).toBe('again');
  });

  it('takes everything else, and gives back what it was given', async () => {
    await using skep = await openSkep({ memory: true, kinds: [Box] });
    const box = skep.agent(Box, 'b');
    const good: readonly unknown[] = [
      ...[null, true, false, 0, 1.5, -1e-300, 2 ** 53 - 1, -(2 ** 53 - 1), '', 'é🐝\u0000', [], {}, [[]], [null], nested(120)],
      ...[new Date(0), new Date(-1), new Date(8.64e15), new Uint8Array(0), new Uint8Array(70_000).fill(7), 'long'.repeat(5_000)],
      ...[Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`k${at}`, at])), Array.from({ length: 1_000 }, (_, at) => at)],
    ];
    for (const value of good) {
      await box.put({ value });
      expect(await box.get()).toEqual({ value });
    }
  });

  it('makes -0 into 0, and leaves out members that are undefined', async () => {
    await using skep = await openSkep({ memory: true, kinds: [Box] });
    const box = skep.agent(Box, 'b');
    await box.put({ zero: -0, absent: undefined });
    const held = (await box.get()) as { zero: number };
    expect(Object.is(held.zero, 0)).toBe(true);
    expect(Object.keys(held)).toEqual(['zero']);
  });

  it('takes undefined for null where a method is given or returns nothing', async () => {
    await using skep = await openSkep({ memory: true, kinds: [Box] });
    const box = skep.agent(Box, 'b');
    await box.put(undefined);
    expect(await box.get()).toBeNull();
    MAKERS.set('nothing', () => undefined);
    expect(await box.run('nothing')).toBeNull();
  });
});
