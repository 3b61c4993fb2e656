import { formatPath, type Value } from '@skep/kernel';
import { mergeTrees, type Tree, treeOf } from '@skep/state';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cloned, keys, objectOf, objects, type Plain, put } from '../arbitrary.js';
import { modelMerge } from './model.js';

/** Maps within maps, around 16 entries too, which three versions have much in common of. */
const leaves = fc.oneof(
  fc.nat(2),
  fc.constantFrom<Value>(null, true, 'text', 'a text that is too long to stand in the node around it, as it has 64 bytes'),
);
const mapOf = (values: fc.Arbitrary<Value>, maxLength: number): fc.Arbitrary<Plain> =>
  fc.array(fc.tuple(keys, values), { maxLength, size: 'max' }).map((members) => objectOf(members) as Plain);
const inner = fc.oneof(mapOf(leaves, 4), mapOf(leaves, 20));
const maps = mapOf(fc.oneof({ weight: 4, arbitrary: leaves }, { weight: 1, arbitrary: inner as fc.Arbitrary<Value> }), 24);

interface Edited {
  readonly at: number;
  readonly deep: boolean;
  readonly value: number | null;
}
const edits = fc.array(fc.record({ at: fc.nat(30), deep: fc.boolean(), value: fc.option(fc.nat(3)) }), { maxLength: 5 });

/** A copy with some keys set or taken away, at the top or one level down. */
function edited(base: Plain, changes: readonly Edited[]): Plain {
  const copy = cloned(base) as Plain;
  for (const { at, deep, value } of changes) {
    const names = Object.keys(copy);
    const name = names.length === 0 ? 'new' : (names[at % names.length] as string);
    const inner = copy[name];
    const object = deep && typeof inner === 'object' && inner !== null && Object.getPrototypeOf(inner) === Object.prototype ? (inner as Plain) : copy;
    const key = object === copy ? name : (Object.keys(object)[at % Math.max(1, Object.keys(object).length)] ?? 'new');
    if (value === null) delete object[key];
    else put(object, at % 5 === 0 ? `new-${at % 3}` : key, value);
  }
  return copy;
}

const trees = (...values: readonly Plain[]): readonly Tree[] => values.map((value) => treeOf(value));

describe('V8: laws of merges', () => {
  test('V8: maps merge as plain objects do, with the same conflicts, sealed or not, and sharing or not', () => {
    fc.assert(
      fc.property(maps, edits, edits, fc.boolean(), (base, one, other, isSealed) => {
        const [ours, theirs] = [edited(base, one), edited(base, other)];
        const [from, target, source] = trees(base, ours, theirs) as [Tree, Tree, Tree];
        if (isSealed) for (const tree of [from, target, source]) tree.root();
        const { tree, conflicts } = mergeTrees({ base: from, source, target });
        // As trees hold them: -0 is 0.
        const model = modelMerge(from.value(), target.value(), source.value());
        expect(tree.root()).toBe(treeOf(model.value).root());
        expect(conflicts.map(({ path }) => formatPath(path)).sort()).toEqual(model.conflicts.map(formatPath).sort());
        expect(source.root()).toBe(treeOf(theirs).root());
        expect(target.root()).toBe(treeOf(ours).root());
      }),
      { numRuns: 300 },
    );
  });

  test('V8: merging a state with itself, with the base, and into the base', () => {
    fc.assert(
      fc.property(objects, objects, (base, changed) => {
        const [from, to] = trees(base, changed) as [Tree, Tree];
        const again = treeOf(changed);
        expect(mergeTrees({ base: from, source: to, target: to })).toEqual({ tree: to, conflicts: [] });
        expect(mergeTrees({ base: from, source: from, target: to })).toEqual({ tree: to, conflicts: [] });
        expect(mergeTrees({ base: from, source: to, target: from })).toEqual({ tree: to, conflicts: [] });
        const { tree, conflicts } = mergeTrees({ base: from, source: again, target: to });
        expect(conflicts).toEqual([]);
        expect(tree.root()).toBe(to.root());
        const back = mergeTrees({ base: treeOf(base), source: treeOf(base), target: to });
        expect(back.conflicts).toEqual([]);
        expect(back.tree.root()).toBe(to.root());
      }),
      { numRuns: 100 },
    );
  });

  test('V8: what has no conflict is the same in both directions, lists included', () => {
    const lists = fc.array(fc.oneof(fc.nat(4), fc.record({ n: fc.nat(3), m: fc.nat(2) })), { maxLength: 40, size: 'max' });
    const changes = fc.array(fc.record({ at: fc.nat(40), kind: fc.constantFrom('set', 'insert', 'remove', 'push'), value: fc.nat(9) }), {
      maxLength: 3,
    });
    let clean = 0;
    fc.assert(
      fc.property(lists, changes, changes, fc.boolean(), (list, one, other, isKnown) => {
        const base = treeOf({ list });
        const make = (steps: typeof one): Tree => {
          let tree = base;
          for (const { at, kind, value } of steps) {
            const { length } = tree.get(['list']) as readonly unknown[];
            if (kind === 'push') tree = tree.apply([{ kind: 'create', path: ['list', length], new: value }]);
            else if (kind === 'insert') tree = tree.apply([{ kind: 'create', path: ['list', at % (length + 1)], new: { n: value, m: 9 } }]);
            else if (length > 0 && kind === 'set') tree = tree.apply([{ kind: 'update', path: ['list', at % length], new: value }]);
            else if (length > 0) tree = tree.apply([{ kind: 'delete', path: ['list', at % length] }]);
          }
          // Made anew it shares nothing, and equality has to be found out.
          return isKnown ? tree : treeOf(tree.value());
        };
        const [source, target] = [make(one), make(other)];
        const there = mergeTrees({ base, source, target });
        const back = mergeTrees({ base, source: target, target: source });
        expect(there.conflicts.length).toBe(back.conflicts.length);
        if (there.conflicts.length > 0) return;
        clean += 1;
        expect(there.tree.root()).toBe(back.tree.root());
      }),
      { numRuns: 600 },
    );
    expect(clean).toBeGreaterThan(200);
  });

  test('V8: edits at different places are all in the result', () => {
    const wide = objectOf(Array.from({ length: 300 }, (_, at) => [`key-${at}`, { at, list: [at, at + 1, at + 2] }] as const));
    const base = treeOf(wide);
    const places = fc.uniqueArray(fc.nat(299), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(places, fc.nat(20), (chosen, cut) => {
        const of = (some: readonly number[]) => base.apply(some.map((at) => ({ kind: 'update', path: [`key-${at}`, 'list', at % 3], new: -1 })));
        const [one, other] = [chosen.slice(0, cut), chosen.slice(cut)];
        const { tree, conflicts } = mergeTrees({ base, source: of(one), target: of(other) });
        expect(conflicts).toEqual([]);
        expect(tree.root()).toBe(of(chosen).root());
      }),
      { numRuns: 100 },
    );
  });

  test('V8: conflicts come in the order of their places', () => {
    const of = (value: number) =>
      treeOf(objectOf(Array.from({ length: 40 }, (_, at) => [`k${(at * 7) % 40}`, { b: [value, value], a: value }] as const)));
    const { conflicts } = mergeTrees({ base: of(0), source: of(1), target: of(2) });
    const paths = conflicts.map(({ path }) => path);
    expect(paths).toHaveLength(120);
    expect(paths.slice(0, 4)).toEqual([
      ['k0', 'a'],
      ['k0', 'b', 0],
      ['k0', 'b', 1],
      ['k1', 'a'],
    ]);
    expect(mergeTrees({ base: of(0), source: of(1), target: of(2) }).conflicts).toEqual(conflicts);
  });

  test('V8: a part that one side changed is taken as it is, unread', () => {
    const base = treeOf({ a: { list: [1] }, b: { list: [1] } });
    const source = base.apply([{ kind: 'create', path: ['a', 'list', 1], new: 2 }]);
    const target = base.apply([{ kind: 'create', path: ['b', 'list', 1], new: 2 }]);
    const { tree } = mergeTrees({ base, source, target });
    expect(tree.get(['a'])).toBe(source.get(['a']));
    expect(tree.get(['b'])).toBe(target.get(['b']));
  });
});
