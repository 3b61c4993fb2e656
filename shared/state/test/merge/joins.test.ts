import type { Value } from '@skep/kernel';
import { mergeTrees, packTree, type Tree, treeOf, unpackTree } from '@skep/state';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { haveMoved } from '../../src/merge/moved.js';
import { type Item, isList, isMap, loadedItem } from '../../src/node.js';
import { objectOf, type Plain, values } from '../arbitrary.js';
import { modelMerge } from './model.js';

interface Step {
  readonly at: number;
  readonly kind: string;
  readonly value: number;
}

const steps = (kinds: readonly string[]): fc.Arbitrary<readonly Step[]> =>
  fc.array(fc.record({ at: fc.oneof(fc.nat(9), fc.nat(5_000)), kind: fc.constantFrom(...kinds), value: fc.nat(2) }), { maxLength: 8, size: 'max' });

/** As it was made, sealed, or read from a pack, so that parts are links. */
const forms = fc.constantFrom('made', 'sealed', 'read');

function inForm(tree: Tree, form: string): Tree {
  const { addressKey } = tree.space;
  if (form === 'read') return unpackTree(packTree(tree), addressKey === undefined ? {} : { addressKey });
  if (form === 'sealed') tree.root();
  return tree;
}

describe('V8: sides that have most parts in common with the base', () => {
  /** Of few different addresses, so that tries are deep and end in buckets. */
  const addressKey = new Uint8Array(32).fill(41);
  const anchor = treeOf(null, { addressKey });
  const computeAddress = (key: string) => ({ high: (Number(key.slice(1)) % 7) << 28, low: Number(key.slice(1)) % 23 });
  Object.assign(anchor.space, { computeAddress });

  test('V8: large maps merge as plain objects do, whatever their tries share', () => {
    const options = fc.constantFrom({}, { addressKey });
    const counts = fc.oneof(fc.integer({ min: 15, max: 22 }), fc.nat(300));
    const changes = steps(['set', 'set', 'delete', 'add']);
    // A space lives as long as one of its trees.
    expect(treeOf(null, { addressKey }).space).toBe(anchor.space);
    fc.assert(
      fc.property(options, counts, changes, changes, forms, (space, count, one, other, form) => {
        const members = objectOf(Array.from({ length: count }, (_, at) => [`k${at}`, at] as const)) as Plain;
        const base = inForm(treeOf(members, space), form);
        const make = (side: readonly Step[]): Tree => {
          let tree = base;
          for (const { at, kind, value } of side) {
            const path = [kind === 'add' ? `k${count + (at % 30)}` : `k${at % Math.max(1, count)}`];
            if (kind !== 'delete') tree = tree.apply([{ kind: 'update', path, new: -1 - value }]);
            else if (tree.has(path)) tree = tree.apply([{ kind: 'delete', path }]);
          }
          return inForm(tree, form);
        };
        const [source, target] = [make(one), make(other)];
        const { tree, conflicts } = mergeTrees({ base, source, target });
        const model = modelMerge(base.value(), target.value(), source.value());
        expect(tree.root()).toBe(treeOf(model.value, space).root());
        expect(conflicts.map(({ path }) => String(path[0]))).toEqual(model.conflicts.map(([key]) => String(key)).sort());
      }),
      { numRuns: 500 },
    );
  });

  test('V8: conflicts come in the order of their keys, however the trie has them', () => {
    const keys = Array.from({ length: 100 }, (_, at) => `k${at}`);
    const base = treeOf(objectOf(keys.map((key) => [key, 0])));
    const [source, target] = [1, 2].map((value) => base.apply(keys.map((key) => ({ kind: 'update', path: [key], new: value })))) as [Tree, Tree];
    expect(mergeTrees({ base, source, target }).conflicts.map(({ path }) => path[0])).toEqual(keys.toSorted());
  });

  test('V8: long lists of one length merge place by place', () => {
    const lengths = fc.oneof(fc.nat(100), fc.nat(3_000));
    fc.assert(
      fc.property(lengths, steps(['set']), steps(['set']), forms, (length, one, other, form) => {
        const base = inForm(treeOf(Array.from({ length }, (_, at) => at)), form);
        const make = (side: readonly Step[]): Tree => {
          let tree = base;
          for (const { at, value } of side) if (length > 0) tree = tree.apply([{ kind: 'update', path: [at % length], new: -1 - value }]);
          return inForm(tree, form);
        };
        const [source, target] = [make(one), make(other)];
        const { tree, conflicts } = mergeTrees({ base, source, target });
        const byIndex = (each: Tree) => ({ ...(each.value() as readonly Value[]) });
        const model = modelMerge(byIndex(base), byIndex(target), byIndex(source));
        expect(tree.root()).toBe(treeOf(Object.values(model.value as Plain)).root());
        expect(conflicts.map(({ path }) => path)).toEqual(model.conflicts.map(([index]) => [Number(index)]));
      }),
      { numRuns: 300 },
    );
  });

  test('V8: parts that only one side changed are that side’s, and what nobody changed is shared', () => {
    const base = treeOf({
      list: Array.from({ length: 100 }, (_, at) => ({ at })),
      map: objectOf(Array.from({ length: 100 }, (_, at) => [`k${at}`, { at }])),
    });
    const source = base.apply([
      { kind: 'update', path: ['list', 3, 'at'], new: -1 },
      { kind: 'update', path: ['map', 'k3', 'at'], new: -1 },
    ]);
    const target = base.apply([
      { kind: 'update', path: ['list', 99, 'at'], new: -2 },
      { kind: 'update', path: ['map', 'k99', 'at'], new: -2 },
    ]);
    const { tree } = mergeTrees({ base, source, target });
    for (const path of [
      ['list', 3],
      ['map', 'k3'],
    ])
      expect(tree.get(path)).toBe(source.get(path));
    for (const path of [
      ['list', 99],
      ['map', 'k99'],
    ])
      expect(tree.get(path)).toBe(target.get(path));
    for (const path of [
      ['list', 50],
      ['map', 'k50'],
    ])
      expect(tree.get(path)).toBe(base.get(path));
  });
});

describe('V8: what stands where another one stood has moved', () => {
  const item = (value: Value, form: string): Item => inForm(treeOf([value]), form).item;
  const memberOf = (list: Item): Item => {
    const found = loadedItem(list);
    if (!isList(found) || found.kind !== 'list') throw new Error('a list of one item');
    return found.items[0] as Item;
  };

  test('V8: any two objects or lists that changed places, of few items and of many', () => {
    fc.assert(
      fc.property(values, values, fc.constantFrom(0, 15), forms, forms, (one, other, more, form, sideForm) => {
        const rest = Array.from({ length: more }, (_, at) => at);
        const side = [other, one, ...rest.map((at) => at + 100)].map((value) => memberOf(item(value as Value, sideForm)));
        const base = [one, other, ...rest].map((value) => memberOf(item(value as Value, form)));
        const isContainer = (value: Item) => isMap(loadedItem(value)) || isList(loadedItem(value));
        const areDifferent = treeOf(one).root() !== treeOf(other).root();
        expect(haveMoved(base, side, treeOf(null).space)).toBe(areDifferent && side.slice(0, 2).some(isContainer));
        expect(haveMoved(base, base, treeOf(null).space)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});
