import { mergeTrees, treeOf } from '@skep/state';
import { describe, expect, test } from 'vitest';

const merged = (path: readonly string[], [base, source, target]: readonly [unknown, unknown, unknown]) => {
  const { tree, conflicts } = mergeTrees({
    base: treeOf(base),
    source: treeOf(source),
    target: treeOf(target),
    rules: [{ path, resolve: 'sum' }],
  });
  return { value: tree.value(), conflicts };
};

describe('V8: sums', () => {
  test('V8: two sides that add the same to a counter add it twice', () => {
    expect(merged(['n'], [{ n: 1 }, { n: 2 }, { n: 2 }])).toEqual({ value: { n: 3 }, conflicts: [] });
    const [base, side] = [
      { deep: { n: 1, other: 1 }, rest: 0 },
      { deep: { n: 2, other: 5 }, rest: 9 },
    ];
    expect(merged(['deep', 'n'], [base, side, { ...side }])).toEqual({ value: { deep: { n: 3, other: 5 }, rest: 9 }, conflicts: [] });
  });

  test('V8: in lists as well; items that both sides added are still the same item', () => {
    expect(merged(['list', '*'], [{ list: [1, 5] }, { list: [2, 5] }, { list: [2, 5] }])).toEqual({ value: { list: [3, 5] }, conflicts: [] });
    expect(merged(['list', '*'], [{ list: [1] }, { list: [1, 4] }, { list: [1, 4] }])).toEqual({ value: { list: [1, 4] }, conflicts: [] });
  });

  test('V8: what is no number on both sides is no conflict if they agree', () => {
    expect(merged(['n'], [{ n: 1 }, { n: 'x' }, { n: 'x' }])).toEqual({ value: { n: 'x' }, conflicts: [] });
  });
});
