import { readFileSync } from 'node:fs';
import { ExtensionCodec, decode as readIndependently } from '@msgpack/msgpack';
import { decode, decodePrefix, encode, fromHex, isSkepError, LIMITS, normalize, toHex, type Value } from '@skep/kernel';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { objectOf, reversed, values } from './arbitrary.js';

const extensions = new ExtensionCodec();
extensions.register({
  type: 1,
  encode: () => null,
  decode: (bytes) => new Date(Number(new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(0))),
});

const refusal = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (isSkepError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'accepted';
};

describe('G8: one value has one byte string', () => {
  test('G8: what is encoded decodes to an equal value', () => {
    fc.assert(
      fc.property(values, (value) => void expect(decode(encode(value))).toEqual(normalize(value))),
      { numRuns: 500 },
    );
  });

  test('G8: equal values have equal bytes whatever the order in which keys were set', () => {
    fc.assert(
      fc.property(values, (value) => void expect(toHex(encode(reversed(value)))).toBe(toHex(encode(value)))),
      { numRuns: 500 },
    );
  });

  test('G8: an independent reader of MessagePack reads the same value', () => {
    const plainKeys = values.filter((value) => !JSON.stringify(value).includes('__proto__'));
    fc.assert(
      fc.property(plainKeys, (value) => void expect(readIndependently(encode(value), { extensionCodec: extensions })).toEqual(normalize(value))),
      { numRuns: 300 },
    );
  });

  test('G8: golden vectors hold', () => {
    const rows = readFileSync(new URL('./golden/codec.txt', import.meta.url), 'utf8')
      .trim()
      .split('\n');
    const cases = goldenValues();
    expect(rows.map((row) => row.split(' ')[0])).toEqual(Object.keys(cases));
    for (const row of rows) {
      const [name, hex] = row.split(' ') as [string, string];
      expect(`${name} ${toHex(encode(cases[name]))}`).toBe(row);
      expect(encode(decode(fromHex(hex)))).toEqual(fromHex(hex));
    }
  });

  test('G8: numbers, keys and absence are made one', () => {
    expect(toHex(encode(-0))).toBe('00');
    expect(toHex(encode(2.0))).toBe('02');
    expect(encode({ b: undefined, a: 1 })).toEqual(encode({ a: 1 }));
    expect(Object.keys(normalize({ b: 1, c: undefined, a: 2 }) as object)).toEqual(['a', 'b']);
    expect(Object.is(normalize(-0), 0)).toBe(true);
    // By UTF-8 bytes U+FFEE comes before U+1F600, by UTF-16 units after it.
    expect(Object.keys(decode(encode({ '\u{1f600}': 1, '\uffee': 2 })) as object)).toEqual(['\uffee', '\u{1f600}']);
  });

  test('G8: headers stay the shortest when members turn out to be absent', () => {
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, at]));
    for (const present of [3, 14, 15, 16, 17]) {
      const withAbsent = { ...many(present), x1: undefined, x2: undefined, x3: undefined };
      expect(encode(withAbsent)).toEqual(encode(many(present)));
    }
  });

  test('a getter that encodes something does not disturb the value around it', () => {
    const value = {
      a: 1,
      get b() {
        return encode([1, 2, 3]);
      },
      c: 'x',
    };
    expect(decode(encode(value))).toEqual({ a: 1, b: encode([1, 2, 3]), c: 'x' });
  });

  test('__proto__ is a key like any other and sets no prototype', () => {
    const value = decode(encode(objectOf([['__proto__', { polluted: true }]])));
    expect(Object.keys(value as object)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect((value as { polluted?: unknown }).polluted).toBeUndefined();
    expect(Object.getPrototypeOf(normalize(objectOf([['__proto__', 1]])))).toBe(Object.prototype);
  });

  test('large values and large texts come back', () => {
    const large = {
      text: 'é'.repeat(100_000),
      ascii: 'a'.repeat(200_000),
      list: Array.from({ length: 70_000 }, (_, at) => at),
      bytes: new Uint8Array(70_000),
    };
    expect(decode(encode(large))).toEqual(large);
    expect(encode('after')).toEqual(encode(decode(encode('after'))));
  });

  test('records that follow each other are read one by one', () => {
    const parts = [encode({ a: 1 }), encode('two'), encode([3])];
    const whole = Uint8Array.from(parts.flatMap((part) => [...part]));
    const read: Value[] = [];
    for (let offset = 0; offset < whole.length; ) {
      const { value, end } = decodePrefix(whole, offset);
      read.push(value);
      offset = end;
    }
    expect(read).toEqual([{ a: 1 }, 'two', [3]]);
  });
});

describe('G13: what cannot be kept is refused, and the place named', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  class Point {}
  class Pile extends Array {}
  const sparse = [1, 2, 3];
  delete sparse[1];
  const cases: readonly (readonly [string, unknown, string])[] = [
    ['NaN', { memory: [0, 1, 2, { score: Number.NaN }] }, 'invalid-value: NaN cannot be kept, at .memory[3].score'],
    ['infinities', [Number.NEGATIVE_INFINITY], 'invalid-value: -Infinity cannot be kept, at [0]'],
    ['undefined in a list', { a: [undefined] }, 'invalid-value: undefined cannot be kept, at .a[0]'],
    ['undefined at the top', undefined, 'invalid-value: undefined cannot be kept, at the top'],
    ['holes', { a: sparse }, 'invalid-value: a hole in a list cannot be kept, at .a[1]'],
    ['functions', { a: () => 1 }, 'invalid-value: a function cannot be kept, at .a'],
    ['symbols', { 'odd key': Symbol('x') }, 'invalid-value: a symbol cannot be kept, at ["odd key"]'],
    ['big integers', [1n], 'invalid-value: a bigint cannot be kept, at [0]'],
    ['numbers beyond 2^53 - 1', { n: 2 ** 53 }, 'invalid-value: the number 9007199254740992 (beyond 2^53 - 1) cannot be kept, at .n'],
    ['lone surrogates', ['a\ud800'], 'invalid-value: text with a lone surrogate cannot be kept, at [0]'],
    ['lone surrogates in long texts', [`${'é'.repeat(100)}\udc00`], 'invalid-value: text with a lone surrogate cannot be kept, at [0]'],
    ['lone surrogates in keys', { a: { '\ud800': 1 } }, 'invalid-value: a key with a lone surrogate cannot be kept, at .a["\\ud800"]'],
    [
      'lone surrogates in keys of absent members',
      { '\ud800': undefined },
      'invalid-value: a key with a lone surrogate cannot be kept, at ["\\ud800"]',
    ],
    ['class instances', { p: new Point() }, 'invalid-value: an instance of Point cannot be kept, at .p'],
    ['maps', { p: new Map() }, 'invalid-value: an instance of Map cannot be kept, at .p'],
    ['other typed arrays', [new Float64Array(1)], 'invalid-value: an instance of Float64Array cannot be kept, at [0]'],
    ['subclasses of lists', { p: new Pile() }, 'invalid-value: an instance of Pile cannot be kept, at .p'],
    ['invalid dates', { at: new Date(Number.NaN) }, 'invalid-value: an invalid date cannot be kept, at .at'],
    ['false dates', { at: Object.create(Date.prototype) }, 'invalid-value: an invalid date cannot be kept, at .at'],
  ];

  test.each(cases)('G13: %s', (_, value, message) => {
    expect(refusal(() => encode(value))).toBe(message);
    expect(refusal(() => normalize(value))).toBe(message);
    expect(encode(1)).toEqual(Uint8Array.of(1));
  });

  test('G13: values that hold themselves, and nesting beyond the limit', () => {
    for (const act of [encode, normalize]) expect(refusal(() => act(cyclic))).toContain('nesting deeper than 128');
    const nested = (depth: number): Value => (depth === 0 ? 1 : [nested(depth - 1)]);
    expect(decode(encode(nested(LIMITS.valueDepth)))).toEqual(nested(LIMITS.valueDepth));
    expect(refusal(() => encode(nested(LIMITS.valueDepth + 1)))).toContain('nesting deeper');
  });

  test('objects without a prototype and Buffers are kept', () => {
    expect(encode(Object.assign(Object.create(null), { a: 1 }))).toEqual(encode({ a: 1 }));
    expect(encode(Buffer.from([1, 2]))).toEqual(encode(Uint8Array.of(1, 2)));
    expect(decode(encode(Buffer.from([1, 2])))).toEqual(Uint8Array.of(1, 2));
  });
});

describe('G11: bytes that encode would not have made are refused', () => {
  const foreign: readonly (readonly [string, string])[] = [
    ['nothing at all', ''],
    ['trailing bytes', '0000'],
    ['0 as uint8', 'cc00'],
    ['255 as uint16', 'cd00ff'],
    ['65535 as uint32', 'ce0000ffff'],
    ['2^32 - 1 as uint64', 'cf00000000ffffffff'],
    ['2^53 as uint64', 'cf0020000000000000'],
    ['-1 as int8', 'd0ff'],
    ['-32 as int8', 'd0e0'],
    ['1 as int8', 'd001'],
    ['-128 as int16', 'd1ff80'],
    ['200 as int16', 'd100c8'],
    ['-32768 as int32', 'd2ffff8000'],
    ['-2^31 as int64', 'd3ffffffff80000000'],
    ['-2^53 as int64', 'd3ffe0000000000000'],
    ['float32', 'ca3fc00000'],
    ['a float that is an integer', 'cb3ff0000000000000'],
    ['-0', 'cb8000000000000000'],
    ['NaN', 'cb7ff8000000000000'],
    ['infinity', 'cb7ff0000000000000'],
    ['a large float', 'cb7e37e43c8800759c'],
    ['a long header for a short text', 'd90161'],
    ['a longer one', 'da000161'],
    ['the longest', 'db0000000161'],
    ['a long header for short bytes', 'c5000101'],
    ['a long header for a short list', 'dc000101'],
    ['a long header for a short map', 'de0001a16101'],
    ['keys out of order', '82a16201a16101'],
    ['a key twice', '82a16101a16102'],
    ['a key that is no text', '810101'],
    ['text that is no UTF-8', 'a1ff'],
    ['an encoded surrogate', 'a3eda080'],
    ['an overlong form', 'a2c080'],
    ['a truncated text', 'a461'],
    ['a truncated list', '9201'],
    ['a list that claims 4 billion members', 'ddffffffff'],
    ['a map that claims 4 billion members', 'dfffffffff'],
    ['a text that claims 4 GB', 'dbffffffff'],
    ['bytes that claim 4 GB', 'c6ffffffff'],
    ['an unknown extension', 'd70200000000000000ff'],
    ['a date in another form', 'c70801000000000000000a'],
    ['a date out of range', 'd7017fffffffffffffff'],
    ['a timestamp of MessagePack', 'd6ff00000000'],
    ['the unused head', 'c1'],
  ];

  test.each(foreign)('G11: %s', (_, hex) => {
    expect(refusal(() => decode(fromHex(hex)))).toContain('malformed');
  });

  test('G11: a depth bomb', () => {
    expect(refusal(() => decode(new Uint8Array(1_000_000).fill(0x91)))).toContain('malformed');
    expect(refusal(() => decode(new Uint8Array(1_000_000).fill(0xdd)))).toContain('malformed');
  });

  test('G11: a byte order mark is text', () => {
    expect(decode(encode('\ufeffa'))).toBe('\ufeffa');
  });

  test('G11: mutated bytes are refused, or are the bytes of another value', () => {
    const mutation = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(values, mutation, (value, changes) => {
        const bytes = encode(value);
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        expectExact(bytes);
      }),
      { numRuns: 2_000 },
    );
  });

  test('G11: so are random bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), expectExact), { numRuns: 3_000 });
  });
});

function expectExact(bytes: Uint8Array): void {
  let value: Value;
  try {
    value = decode(bytes);
  } catch (error) {
    if (!isSkepError(error, 'malformed')) throw error;
    return;
  }
  expect(toHex(encode(value))).toBe(toHex(bytes));
}

function goldenValues(): Record<string, Value> {
  return {
    null: null,
    true: true,
    zero: 0,
    'fix-max': 127,
    uint8: 200,
    uint16: 40_000,
    uint32: 3_000_000_000,
    'int-max': Number.MAX_SAFE_INTEGER,
    'fix-negative': -32,
    int8: -100,
    int16: -30_000,
    int32: -2_000_000_000,
    'int-min': Number.MIN_SAFE_INTEGER,
    fraction: 0.1,
    'empty-text': '',
    unicode: 'Bienenkorb \u{1f41d}',
    text32: 'a'.repeat(32),
    bytes: Uint8Array.of(0, 1, 255),
    date: new Date(1_700_000_000_000),
    'date-before-1970': new Date(-1),
    list: [1, [2, []]],
    map: { b: 1, a: { '\u{1f600}': 1, '\uffee': 2 } },
    proto: objectOf([['__proto__', 1]]),
    record: ['default/counter/a1', 1, 17, 1_700_000_000_000, 3, [['increment', [[['count'], 2]]]], null],
  };
}
