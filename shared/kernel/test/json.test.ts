import { isSkepError, normalize, parseJson, toJson, type Value } from '@skep/kernel';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { values } from './arbitrary.js';

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return isSkepError(error) ? error.code : 'other';
  }
  return 'accepted';
};

describe('Q11: plain JSON in and out', () => {
  test('Q11: every value comes back from its JSON', () => {
    fc.assert(
      fc.property(values, (value) => void expect(parseJson(toJson(value))).toEqual(normalize(value))),
      { numRuns: 500 },
    );
  });

  test('Q11: bytes and dates are marked', () => {
    expect(toJson({ at: new Date(5), data: Uint8Array.of(1, 2, 3) })).toBe('{"at":{"$date":5},"data":{"$bytes":"AQID"}}');
    expect(parseJson('{"$date":-1}')).toEqual(new Date(-1));
    expect(parseJson('[{"$bytes":""}]')).toEqual([new Uint8Array(0)]);
  });

  test('Q11: objects that only look like a mark come back as they were', () => {
    const marks: Value[] = [{ $date: 1 }, { $$date: 1 }, { $bytes: 'AQID' }, { $$$bytes: { $date: 1 } }, { $date: 1, more: 2 }, { $other: 1 }];
    for (const value of marks) expect(parseJson(toJson(value))).toEqual(value);
    expect(toJson({ $date: 1 })).toBe('{"$$date":1}');
  });

  test('__proto__ is a key like any other', () => {
    const value = parseJson('{"__proto__":{"polluted":1}}');
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(toJson(value)).toBe('{"__proto__":{"polluted":1}}');
  });

  test.each([
    '',
    '{',
    "{'a':1}",
    '[1,]',
    '01',
    'NaN',
    '{"a":1,"a":2}',
    '{"a":{"b":1,"c":":","b":2}}',
    '{"$date":"x"}',
    '{"$date":1e300}',
    '{"$bytes":"A"}',
    '{"$bytes":1}',
  ])('G13: %s is refused', (text) => {
    expect(['malformed', 'invalid-value']).toContain(codeOf(() => parseJson(text)));
  });

  test('G13: numbers that would be changed silently are refused', () => {
    for (const text of ['9007199254740993', '-9007199254740993', '1e400', '12345678901234567890'])
      expect(codeOf(() => parseJson(text))).toBe('invalid-value');
    expect(parseJson('[9007199254740991,1.0,-0,1e3]')).toEqual([9007199254740991, 1, 0, 1000]);
  });

  test('G13: deep nesting and lone surrogates are refused', () => {
    expect(codeOf(() => parseJson(`${'['.repeat(200_000)}${']'.repeat(200_000)}`))).toBe('invalid-value');
    expect(codeOf(() => parseJson('"\\ud800"'))).toBe('invalid-value');
    expect(codeOf(() => toJson(Number.NaN))).toBe('invalid-value');
  });
});
