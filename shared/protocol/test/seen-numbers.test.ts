import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeenNumbers } from '../src/index.js';

describe('G4: numbers that came already', () => {
  it('no number is new twice, in whatever order they come and however many there were', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 200 }), fc.integer({ min: 1, max: 8 }), (numbers, bound) => {
        const seen = new SeenNumbers(bound);
        const taken = numbers.filter((number) => seen.isNew(number));
        expect(new Set(taken).size).toBe(taken.length);
      }),
    );
  });

  it('every number is new once where none comes later than its bound', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 100 }), (delays) => {
        const late = delays.map((delay, at) => ({ number: at + 1, at: at + delay })).sort((one, other) => one.at - other.at);
        const seen = new SeenNumbers(8);
        expect(late.every(({ number }) => seen.isNew(number) && !seen.isNew(number))).toBe(true);
      }),
    );
  });
});
