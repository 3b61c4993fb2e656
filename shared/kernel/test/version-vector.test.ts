import {
  compareVectors,
  decode,
  dotOf,
  encode,
  includesDot,
  increment,
  mergeVectors,
  parseVector,
  type Value,
  VECTOR_ZERO,
  type VersionVector,
  vectorToValue,
} from '@skep/kernel';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const vectors: fc.Arbitrary<VersionVector> = fc
  .dictionary(fc.constantFrom('a', 'b', 'c', '__proto__'), fc.integer({ min: 1, max: 4 }), { noNullPrototype: false })
  .map((object) => new Map(Object.entries(object)));
const same = (one: VersionVector, other: VersionVector) => compareVectors(one, other) === 'equal';

describe('Q3: version vectors', () => {
  test('Q3: merging is commutative, associative and idempotent', () => {
    fc.assert(
      fc.property(vectors, vectors, vectors, (a, b, c) => {
        expect(same(mergeVectors(a, b), mergeVectors(b, a))).toBe(true);
        expect(same(mergeVectors(mergeVectors(a, b), c), mergeVectors(a, mergeVectors(b, c)))).toBe(true);
        expect(same(mergeVectors(a, a), a)).toBe(true);
      }),
    );
  });

  test('Q3: the merge is the least that knows both', () => {
    fc.assert(
      fc.property(vectors, vectors, vectors, (a, b, c) => {
        const merged = mergeVectors(a, b);
        const includes = (whole: VersionVector, part: VersionVector) => ['equal', 'after'].includes(compareVectors(whole, part));
        expect(includes(merged, a) && includes(merged, b)).toBe(true);
        if (includes(c, a) && includes(c, b)) expect(includes(c, merged)).toBe(true);
      }),
    );
  });

  test('Q3: comparison is a partial order, and concurrent edits are told apart', () => {
    const opposite = { equal: 'equal', before: 'after', after: 'before', concurrent: 'concurrent' } as const;
    fc.assert(fc.property(vectors, vectors, (a, b) => void expect(compareVectors(a, b)).toBe(opposite[compareVectors(b, a)])));
    fc.assert(
      fc.property(vectors, vectors, vectors, (a, b, c) => {
        if (compareVectors(a, b) === 'before' && compareVectors(b, c) === 'before') expect(compareVectors(a, c)).toBe('before');
      }),
    );
    expect(compareVectors(increment(VECTOR_ZERO, 'a'), increment(VECTOR_ZERO, 'b'))).toBe('concurrent');
    expect(compareVectors(VECTOR_ZERO, increment(VECTOR_ZERO, 'b'))).toBe('before');
  });

  test('Q3: an event is included from the moment it was counted', () => {
    fc.assert(
      fc.property(vectors, fc.constantFrom('a', 'b', 'z'), (vector, replica) => {
        const later = increment(vector, replica);
        const dot = dotOf(later, replica);
        expect(dot !== undefined && includesDot(later, dot) && !includesDot(vector, dot)).toBe(true);
        expect(compareVectors(vector, later)).toBe('before');
      }),
    );
    expect(dotOf(VECTOR_ZERO, 'a')).toBeUndefined();
  });

  test('Q3: vectors come back from their canonical form', () => {
    fc.assert(fc.property(vectors, (vector) => void expect(same(parseVector(decode(encode(vectorToValue(vector)))), vector)).toBe(true)));
  });

  test('G13: what is no version vector is refused', () => {
    const foreign: Value[] = [null, 1, 'a', [], { a: 0 }, { a: -1 }, { a: 1.5 }, { a: 'x' }, { a: null }, { '': 1 }, new Date(0), new Uint8Array(1)];
    for (const value of foreign) expect(() => parseVector(value)).toThrow('version vector');
  });
});
