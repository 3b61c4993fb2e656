import type { Path, Value } from '@skep/kernel';
import { type Edit, treeOf } from '@skep/state';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cloned, codeOf, keys, objects, type Plain, put, values } from './arbitrary.js';

/** What an edit means, said as dumbly as possible. */
function applyToModel(root: unknown, edit: Edit): unknown {
  const { path } = edit;
  if (path.length === 0) return edit.kind === 'delete' ? root : cloned(edit.new);
  let holder = root as Plain | unknown[];
  for (const step of path.slice(0, -1)) holder = (holder as Plain)[step as string] as Plain;
  const last = path.at(-1) as string | number;
  if (Array.isArray(holder)) {
    if (edit.kind === 'delete') holder.splice(last as number, 1);
    else holder.splice(last as number, edit.kind === 'create' ? 0 : 1, cloned(edit.new));
  } else if (edit.kind === 'delete') delete holder[last];
  else put(holder, last as string, cloned(edit.new));
  return root;
}

/** A valid edit somewhere in the value, chosen by the numbers. */
function editFor(root: unknown, picks: readonly number[], key: string, value: Value): Edit {
  const path: (string | number)[] = [];
  let here: unknown = root;
  for (const pick of picks) {
    if (typeof here !== 'object' || here === null || here instanceof Date || here instanceof Uint8Array) break;
    const steps: (string | number)[] = Array.isArray(here) ? [...here.keys()] : Object.keys(here);
    const step = steps[pick % (steps.length + 1)];
    if (step === undefined || pick % 5 === 0) {
      const at = Array.isArray(here) ? pick % (here.length + 1) : key;
      return { kind: 'create', path: [...path, at], new: value };
    }
    path.push(step);
    if (pick % 7 === 0) return { kind: 'delete', path };
    here = (here as Plain)[step as string];
  }
  return { kind: 'update', path, new: value };
}

describe('V7: edits', () => {
  test('V7: edits do what they do to a plain object', () => {
    const step = fc.record({ picks: fc.array(fc.nat(1_000), { maxLength: 5 }), key: keys, value: values });
    fc.assert(
      fc.property(objects, fc.array(step, { maxLength: 12, size: 'max' }), (start, steps) => {
        let model = cloned(start);
        let tree = treeOf(start);
        const before = tree.root();
        const first = tree;
        for (const { picks, key, value } of steps) {
          const edit = editFor(model, picks, key, value);
          model = applyToModel(model, edit);
          tree = tree.apply([edit]);
        }
        expect(tree.root()).toBe(treeOf(model).root());
        expect(tree.value()).toEqual(treeOf(model).value());
        expect(first.root()).toBe(before);
        expect(first.value()).toEqual(treeOf(start).value());
      }),
      { numRuns: 300 },
    );
  });

  test('V7: edits in the middle of long lists', () => {
    const edits = fc.array(fc.tuple(fc.constantFrom('create', 'update', 'delete'), fc.nat(5_000)), { maxLength: 12 });
    fc.assert(
      fc.property(fc.constantFrom(30, 33, 1_020, 1_030, 2_500), edits, (length, steps) => {
        const model: Value[] = Array.from({ length }, (_, at) => at);
        let tree = treeOf(model);
        for (const [kind, pick] of steps) {
          const at = pick % (model.length + (kind === 'create' ? 1 : 0));
          if (kind === 'delete') {
            model.splice(at, 1);
            tree = tree.apply([{ kind, path: [at] }]);
          } else {
            model.splice(at, kind === 'create' ? 0 : 1, 'new');
            tree = tree.apply([{ kind: kind as 'create' | 'update', path: [at], new: 'new' }]);
          }
        }
        expect(tree.root()).toBe(treeOf(model).root());
        expect(tree.value()).toEqual(model);
      }),
      { numRuns: 60 },
    );
  });

  test('V7: the empty path replaces the whole, which may be a list or a scalar', () => {
    const tree = treeOf({ a: 1 });
    expect(tree.apply([{ kind: 'update', path: [], new: [1, 2] }]).value()).toEqual([1, 2]);
    expect(tree.apply([{ kind: 'create', path: [], new: 5 }]).get([])).toBe(5);
    expect(
      treeOf([1])
        .apply([{ kind: 'create', path: [1], new: 2 }])
        .value(),
    ).toEqual([1, 2]);
  });

  test('V7: a changed field that is set back gives the old root', () => {
    const tree = treeOf({ a: { b: [1, 2, 3] } });
    const changed = tree.apply([{ kind: 'update', path: ['a', 'b', 1], new: 9 }]);
    expect(changed.root()).not.toBe(tree.root());
    expect(changed.apply([{ kind: 'update', path: ['a', 'b', 1], new: 2 }]).root()).toBe(tree.root());
  });

  const bad: readonly (readonly [string, Edit])[] = [
    ['a missing parent', { kind: 'create', path: ['x', 'y'], new: 1 }],
    ['a key of a list', { kind: 'create', path: ['list', 'a'], new: 1 }],
    ['an index of an object', { kind: 'create', path: [0], new: 1 }],
    ['a member of a scalar', { kind: 'create', path: ['n', 'a'], new: 1 }],
    ['an index beyond the end', { kind: 'create', path: ['list', 3], new: 1 }],
    ['an update at the end', { kind: 'update', path: ['list', 2], new: 1 }],
    ['a negative index', { kind: 'delete', path: ['list', -1] }],
    ['half an index', { kind: 'update', path: ['list', 0.5], new: 1 }],
    ['deleting what is not there', { kind: 'delete', path: ['x'] }],
    ['deleting the whole', { kind: 'delete', path: [] }],
    ['a key with a lone surrogate', { kind: 'create', path: ['\ud800'], new: 1 }],
    ['an inherited member', { kind: 'delete', path: ['constructor'] }],
  ];

  test.each(bad)('G13: %s is refused, and nothing was changed', (_, edit) => {
    const tree = treeOf({ n: 1, list: [1, 2] });
    const before = tree.root();
    expect(codeOf(() => tree.apply([{ kind: 'update', path: ['n'], new: 2 }, edit]))).toBe('invalid-path');
    expect(tree.root()).toBe(before);
    expect(tree.value()).toEqual({ n: 1, list: [1, 2] });
  });

  test('G13: values that cannot be kept are refused at their place', () => {
    const tree = treeOf({ a: {} });
    const edit = (path: Path, value: unknown): Edit => ({ kind: 'create', path, new: value as Value });
    expect(() => tree.apply([edit(['a', 'b'], { c: [1, Number.NaN] })])).toThrow('NaN cannot be kept, at .a.b.c[1]');
    expect(() => tree.apply([edit(['a', 'b'], undefined)])).toThrow('undefined cannot be kept, at .a.b');
    expect(() => treeOf({ x: () => 1 })).toThrow('a function cannot be kept, at .x');
    let deep: Value = 1;
    for (let at = 0; at < 128; at += 1) deep = [deep];
    expect(treeOf(deep).value()).toEqual(deep);
    expect(codeOf(() => tree.apply([edit(['a', 'b'], deep)]))).toBe('invalid-value');
  });
});

describe('V2: reading', () => {
  test('V2: get and has follow paths', () => {
    const tree = treeOf({ a: [{ b: 1 }], n: null });
    expect(tree.get(['a', 0, 'b'])).toBe(1);
    expect(tree.get(['n'])).toBeNull();
    expect(tree.has(['n'])).toBe(true);
    for (const path of [
      ['x'],
      ['a', 1],
      ['a', '0'],
      ['a', -1],
      ['a', 0.5],
      [0],
      ['n', 'x'],
      ['constructor'],
      ['__proto__'],
      ['a', 'length'],
    ] as Path[]) {
      expect(tree.get(path)).toBeUndefined();
      expect(tree.has(path)).toBe(false);
    }
  });

  test('V2: what is read is frozen all the way down, and no later change is seen in it', () => {
    const given = { a: [{ b: 1 }] };
    const tree = treeOf(given);
    const value = tree.value() as typeof given;
    (given.a[0] as { b: number }).b = 2;
    expect(value).toEqual({ a: [{ b: 1 }] });
    expect(() => value.a.push({ b: 3 })).toThrow(TypeError);
    expect(() => Object.assign(value.a[0] as object, { b: 3 })).toThrow(TypeError);
  });

  test('V2: after a change only the changed path is another object', () => {
    const tree = treeOf({ a: { x: 1 }, b: { y: { z: 1 } }, wide: Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`k${at}`, { at }])) });
    const before = tree.value() as Plain;
    const after = tree.apply([{ kind: 'update', path: ['b', 'y', 'z'], new: 2 }]).value() as Plain;
    expect(after.a).toBe(before.a);
    expect(after.wide).toBe(before.wide);
    expect(after.b).not.toBe(before.b);
    expect(tree.value()).toBe(before);
    const wide = tree.apply([{ kind: 'update', path: ['wide', 'k1', 'at'], new: 7 }]).get(['wide']) as Plain;
    expect(wide.k2).toBe((before.wide as Plain).k2);
    expect(wide.k1).toEqual({ at: 7 });
  });

  test('V2: dates and bytes that a reader changes are as they were for the next one', () => {
    const bytes = Uint8Array.of(1, 2);
    const tree = treeOf({ at: new Date(5), list: [{ bytes }] });
    bytes[0] = 9;
    const read = tree.value() as { at: Date; list: { bytes: Uint8Array }[] };
    read.at.setTime(6);
    (read.list[0] as { bytes: Uint8Array }).bytes[0] = 7;
    (tree.get(['list', 0, 'bytes']) as Uint8Array)[0] = 8;
    expect(tree.value()).toEqual({ at: new Date(5), list: [{ bytes: Uint8Array.of(1, 2) }] });
    expect(tree.root()).toBe(treeOf({ at: new Date(5), list: [{ bytes: Uint8Array.of(1, 2) }] }).root());
  });
});
