import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Model, type SearchedOperation, searchLinearization } from '../../src/invariants/linearizability.js';

/** A register: `set` writes, without one it reads. */
interface Input {
  readonly set?: number;
}

const REGISTER: Model<number, Input, number> = {
  initial: 0,
  step(state, { set }, output) {
    if (set !== undefined) return set;
    return output === undefined || output === state ? state : undefined;
  },
  keyOf: String,
};

type Operation = SearchedOperation<Input, number>;
const set = (value: number, began: number, ended: number): Operation => ({ began, ended, input: { set: value }, output: 0 });
const get = (value: number | undefined, began: number, ended: number): Operation => ({ began, ended, input: {}, output: value });
const NEVER = Number.POSITIVE_INFINITY;

describe('the search says', () => {
  test('linearizable of what happens one after the other, and of nothing', () => {
    expect(searchLinearization(REGISTER, [])).toBe('linearizable');
    expect(searchLinearization(REGISTER, [set(1, 1, 2), get(1, 3, 4), set(2, 5, 6), get(2, 7, 8)])).toBe('linearizable');
  });

  test('linearizable of overlapping operations that have an order', () => {
    expect(searchLinearization(REGISTER, [set(1, 1, 6), set(2, 2, 5), get(1, 7, 8), get(2, 9, 10)])).toBe('illegal');
    expect(searchLinearization(REGISTER, [set(1, 1, 6), set(2, 2, 5), get(2, 3, 4), get(1, 7, 8)])).toBe('linearizable');
  });

  test('illegal of a stale read and of a read that goes back', () => {
    expect(searchLinearization(REGISTER, [set(1, 1, 2), get(0, 3, 4)])).toBe('illegal');
    expect(searchLinearization(REGISTER, [set(1, 1, 10), get(1, 2, 3), get(0, 4, 5)])).toBe('illegal');
  });

  test('that an operation without an answer may have taken effect, at any later time, or not', () => {
    expect(searchLinearization(REGISTER, [set(1, 1, NEVER), get(0, 2, 3), get(1, 4, 5)])).toBe('linearizable');
    expect(searchLinearization(REGISTER, [set(1, 1, NEVER), get(0, 2, 3)])).toBe('linearizable');
    expect(searchLinearization(REGISTER, [set(1, 4, NEVER), get(1, 2, 3)])).toBe('illegal');
  });

  test('unknown when it takes too long, never that it is right', () => {
    const many = Array.from({ length: 30 }, (_, index) => set(index, 1, 100));
    expect(searchLinearization(REGISTER, [...many, get(99, 101, 102)], { stepsMax: 500 })).toBe('unknown');
  });

  test('the same as trying every order', () => {
    const moment = fc.integer({ min: 0, max: 12 });
    const operation = fc
      .tuple(moment, moment, fc.boolean(), fc.integer({ min: 0, max: 2 }), fc.boolean())
      .map(([one, other, writes, value, open]): Operation => {
        const [began, ended] = [Math.min(one, other), open ? NEVER : Math.max(one, other)];
        return writes ? set(value, began, ended) : get(open ? undefined : value, began, ended);
      });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 6 }), (operations) => {
        expect(searchLinearization(REGISTER, operations)).toBe(everyOrder(operations, 0) ? 'linearizable' : 'illegal');
      }),
      { numRuns: 2_000, seed: 7 },
    );
  });
});

/** Puts first whatever may come first: what nothing else ended before it began. An operation without an answer may be left out. */
function everyOrder(left: readonly Operation[], state: number): boolean {
  if (left.every(({ ended }) => ended === NEVER)) return true;
  return left.some((next, index) => {
    if (left.some(({ ended }) => ended < next.began)) return false;
    const after = REGISTER.step(state, next.input, next.output);
    return after !== undefined && everyOrder(left.toSpliced(index, 1), after);
  });
}
