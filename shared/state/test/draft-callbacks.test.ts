import { draftOf, treeOf } from '@skep/state';
import { describe, expect, test } from 'vitest';
import { codeOf } from './arbitrary.js';

interface Numbers {
  list: number[];
}

describe('V2: code of the handler that runs within a change of a list', () => {
  test('V2: a getter of what is assigned empties the list: no hole comes of it', () => {
    const draft = draftOf<{ list: unknown[] }>(treeOf({ list: [1, 2, 3] }));
    const value = {
      get size(): number {
        draft.state.list.length = 0;
        return 1;
      },
    };
    const { list } = draft.state;
    expect(codeOf(() => Reflect.set(list, 2, value))).toBe('invalid-value');
    const { tree } = draft.finish();
    expect(tree.value()).toEqual({ list: [] });
    expect(tree.root()).toBe(treeOf({ list: [] }).root());
  });

  test('V2: what compares items changes the list: sorted is what was there, as in an array', () => {
    const sorted = (state: Numbers) => {
      state.list.sort((one, other) => {
        state.list.length = 0;
        return one - other;
      });
    };
    const plain: Numbers = { list: [3, 1, 2] };
    const draft = draftOf<Numbers>(treeOf(plain));
    sorted(plain);
    sorted(draft.state);
    const { tree } = draft.finish();
    expect(plain.list).toEqual([1, 2, 3]);
    expect(tree.value()).toEqual(plain);
    expect(tree.root()).toBe(treeOf(plain).root());
  });

  test('G13: what a list cannot hold says how items are put in and taken out', () => {
    const { state } = draftOf<Numbers>(treeOf({ list: [1] }));
    expect(() => Reflect.deleteProperty(state.list, '0')).toThrow(expect.objectContaining({ remedy: expect.stringContaining('splice') }));
    expect(() => Reflect.set(state.list, 5, 1)).toThrow(expect.objectContaining({ remedy: expect.stringContaining('push') }));
  });
});
