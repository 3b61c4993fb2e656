import type { Value } from '@skep/kernel';
import { type MergeOutcome, type MergeRule, mergeTrees, treeOf } from '@skep/state';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shuffled } from '../arbitrary.js';

interface Lists {
  readonly base: readonly Value[];
  readonly ours: readonly Value[];
  readonly theirs: readonly Value[];
}

function merged({ base, ours, theirs }: Lists, rules: readonly MergeRule[] = []): MergeOutcome & { readonly list: Value | undefined } {
  const outcome = mergeTrees({ base: treeOf({ x: base }), target: treeOf({ x: ours }), source: treeOf({ x: theirs }), rules });
  return { ...outcome, list: outcome.tree.get(['x']) };
}

const numbered = (length: number, from = 0) => Array.from({ length }, (_, at) => ({ n: from + at, text: `number ${from + at}` }));

describe('V8: lists without a rule merge as texts do', () => {
  test.each([5, 40, 1_100])('V8: %i items: one side adds at the end, the other edits, removes or inserts before', (length) => {
    const base = numbered(length);
    const theirs = [...base, ...numbered(3, length)];
    for (const ours of [
      base.with(1, { n: 1, text: 'edited' }),
      base.toSpliced(1, 1),
      base.toSpliced(0, 0, { n: -1, text: 'new' }),
      [...base.slice(1, 3).reverse(), ...base.slice(3)],
    ]) {
      for (const sides of [
        { base, ours, theirs },
        { base, ours: theirs, theirs: ours },
      ]) {
        const { list, conflicts } = merged(sides);
        expect(conflicts).toEqual([]);
        expect(list).toEqual([...ours, ...numbered(3, length)]);
      }
    }
  });

  test('V8: growth keeps what it shares, however high the vector', () => {
    const base = treeOf({ x: numbered(1_000) });
    const source = base.apply(numbered(40, 1_000).map((item, at) => ({ kind: 'create', path: ['x', 1_000 + at], new: item })));
    const target = base.apply([{ kind: 'update', path: ['x', 3, 'text'], new: 'edited' }]);
    for (const [one, other] of [
      [source, target],
      [target, source],
    ] as const) {
      const { tree, conflicts } = mergeTrees({ base, source: one, target: other });
      expect(conflicts).toEqual([]);
      expect(tree.root()).toBe(treeOf({ x: numbered(1_040).with(3, { n: 3, text: 'edited' }) }).root());
    }
  });

  test('V8: both add at the end: a conflict of the list, unless they add the same', () => {
    expect(merged({ base: [1], ours: [1, 2], theirs: [1, 3] }).conflicts).toEqual([
      { path: ['x'], kind: 'update-update', base: [1], ours: [1, 2], theirs: [1, 3] },
    ]);
    expect(merged({ base: [1], ours: [1, 1], theirs: [1, 1, 2] }).conflicts).toHaveLength(1);
    expect(merged({ base: [1], ours: [1, 2], theirs: [1, 2] }).list).toEqual([1, 2]);
    expect(merged({ base: [], ours: [1], theirs: [2] }).conflicts).toHaveLength(1);
  });

  test('V8: what moved is not merged with what stood there before', () => {
    const [a = null, b = null, c = null, d = null]: readonly Value[] = numbered(4);
    const changed = { n: 1, text: 'changed' };
    // A window that slid on by one, and an edit of an item that moved with it.
    expect(merged({ base: [a, b, c], ours: [a, changed, c], theirs: [b, c, d] }).conflicts).toHaveLength(1);
    expect(merged({ base: [a, b], ours: [changed, b], theirs: [b, d] }).conflicts).toHaveLength(1);
    expect(merged({ base: [a, b, c, d], ours: [b, a, c, d], theirs: [a, b, d, c] }).conflicts).toHaveLength(1);
    const kept = numbered(1, 9);
    const apart = { base: [a, b, ...kept, c, d], ours: [b, a, ...kept, c, d], theirs: [a, b, ...kept, d, c] };
    expect(merged(apart)).toMatchObject({ conflicts: [], list: [b, a, ...kept, d, c] });
    expect(merged({ base: [a, b, c], ours: [b, a, c], theirs: [a, { n: 1, text: 'x' }, c] }).conflicts).toHaveLength(1);
  });

  test('V8: many items that both sides changed field by field', () => {
    const base = numbered(60);
    const ours = base.map((item) => ({ ...item, mine: 1 }));
    const theirs = base.map((item) => ({ ...item, yours: 2 }));
    expect(merged({ base, ours, theirs }).list).toEqual(base.map((item) => ({ ...item, mine: 1, yours: 2 })));
    const clash = merged({ base, ours, theirs: theirs.with(7, { ...theirs[7], mine: 3 } as never) });
    expect(clash.conflicts).toEqual([{ path: ['x', 7, 'mine'], kind: 'create-create', ours: 1, theirs: 3 }]);
  });

  test('V8: a rule may take an item of a list away', () => {
    const rules: readonly MergeRule[] = [{ path: ['x', '*'], resolve: () => ({ kind: 'absent' }) }];
    expect(merged({ base: [1, 2, 3], ours: [1, 5, 3], theirs: [1, 6, 3] }, rules).list).toEqual([1, 3]);
  });
});

describe('V8: no edit of a list is lost', () => {
  const edits = fc.array(fc.record({ at: fc.nat(99), kind: fc.constantFrom('insert', 'remove', 'push') }), { maxLength: 4 });
  const forms = fc.constantFrom<(n: number) => Value>(
    (n) => n,
    (n) => ({ n, text: `number ${n}` }),
  );

  function edited(base: readonly number[], steps: readonly { readonly at: number; readonly kind: string }[], from: number): number[] {
    const list = base.slice();
    for (const [index, { at, kind }] of steps.entries()) {
      if (kind === 'push') list.push(from + index);
      else if (kind === 'insert') list.splice(at % (list.length + 1), 0, from + index);
      else if (list.length > 0) list.splice(at % list.length, 1);
    }
    return list;
  }

  test('V8: what either side added is there, what either removed is not, and each side’s order stands', () => {
    let clean = 0;
    fc.assert(
      fc.property(fc.nat(70), edits, edits, forms, (length, one, other, form) => {
        const base = Array.from({ length }, (_, at) => at);
        const [ours, theirs] = [edited(base, one, 1_000), edited(base, other, 2_000)];
        const { list, conflicts } = merged({ base: base.map(form), ours: ours.map(form), theirs: theirs.map(form) });
        if (conflicts.length > 0) return;
        clean += 1;
        const numbers = (list as readonly (number | { n: number })[]).map((item) => (typeof item === 'number' ? item : item.n));
        const all = [...new Set([...base, ...ours, ...theirs])].filter((n) => (n < 1_000 ? ours.includes(n) && theirs.includes(n) : true));
        expect(numbers.toSorted((left, right) => left - right)).toEqual(all.toSorted((left, right) => left - right));
        for (const side of [ours, theirs]) expect(numbers.filter((n) => side.includes(n))).toEqual(side.filter((n) => numbers.includes(n)));
      }),
      { numRuns: 500 },
    );
    expect(clean).toBeGreaterThan(100);
  });
});

describe('V8: lists by id', () => {
  const rules: readonly MergeRule[] = [{ path: ['x'], resolve: { kind: 'list-by-id', key: 'id' } }];
  const ids = (value: Value | undefined) => (value as readonly { id: string | number }[]).map(({ id }) => id);
  const of = (...all: readonly (string | number)[]) => all.map((id) => ({ id, n: 0 }));

  test('V8: members merge field by field wherever they stand', () => {
    const base = [
      { id: 'a', n: 1, m: 1 },
      { id: 'b', n: 1, m: 1 },
      { id: 'c', n: 1, m: 1 },
    ];
    const ours = [base[2], { id: 'a', n: 2, m: 1 }, base[1], { id: 'x', n: 0 }] as Value[];
    const theirs = [{ id: 'a', n: 1, m: 2 }, base[2], { id: 'y', n: 0 }] as Value[];
    const expected = [base[2], { id: 'y', n: 0 }, { id: 'a', n: 2, m: 2 }, { id: 'x', n: 0 }];
    expect(merged({ base, ours, theirs }, rules)).toMatchObject({ conflicts: [], list: expected });
    expect(merged({ base, ours: theirs, theirs: ours }, rules).list).toEqual(expected);
  });

  test('V8: additions stand behind what they were added behind; at one place they are ordered by id', () => {
    expect(ids(merged({ base: of(1, 2), ours: of(0, 1, 9, 2), theirs: of(1, 'z', 2, 5) }, rules).list)).toEqual([0, 1, 9, 'z', 2, 5]);
    expect(ids(merged({ base: of(1), ours: of(1, 7, 3), theirs: of(1, 5, 7) }, rules).list)).toEqual([1, 5, 7, 3]);
    expect(ids(merged({ base: [], ours: of('b'), theirs: of('a') }, rules).list)).toEqual(['a', 'b']);
  });

  test('V8: conflicts name the member by its id, and rules reach into it', () => {
    const sides = { base: [{ id: 'a', n: 1 }], ours: [{ id: 'a', n: 2 }], theirs: [{ id: 'a', n: 3 }] };
    expect(merged(sides, rules).conflicts).toEqual([{ path: ['x', 'a', 'n'], kind: 'update-update', base: 1, ours: 2, theirs: 3 }]);
    expect(merged(sides, [...rules, { path: ['x', '*', 'n'], resolve: 'counter' }]).list).toEqual([{ id: 'a', n: 4 }]);
    const counted = { base: [{ id: 'a', n: 1 }], ours: [{ id: 'a', n: 2 }], theirs: [{ id: 'a', n: 2 }] };
    expect(merged(counted, [...rules, { path: ['x', '*', 'n'], resolve: 'counter' }]).list).toEqual([{ id: 'a', n: 3 }]);
    const long = (n: number, m: number) => [{ id: 'an id that is too long to stand in the node around it, as it has more than 62 bytes', n, m }];
    expect(merged({ base: long(0, 0), ours: long(1, 0), theirs: long(0, 1) }, rules).list).toEqual(long(1, 1));
    const removed = { base: of('a', 'b'), ours: of('b'), theirs: [{ id: 'a', n: 5 }, ...of('b')] };
    expect(merged(removed, rules).conflicts).toMatchObject([{ path: ['x', 'a'], kind: 'delete-update' }]);
    expect(ids(merged(removed, [...rules, { path: ['x', '*'], resolve: 'theirs' }]).list)).toEqual(['a', 'b']);
  });

  test('V8: members that both sides moved, and lists that have no ids, are left to the other rules', () => {
    const moved = { base: of(1, 2, 3), ours: of(2, 1, 3), theirs: of(3, 1, 2) };
    expect(merged(moved, rules).conflicts).toHaveLength(1);
    expect(merged(moved, [...rules, { path: ['x'], resolve: 'ours' }]).list).toEqual(moved.ours);
    for (const bad of [[{ n: 1 }], [1], of('a', 'a'), [{ id: true }]]) {
      expect(merged({ base: bad, ours: [...bad, 2], theirs: [...bad, 3] }, rules).conflicts).toHaveLength(1);
    }
    const noList = mergeTrees({ base: treeOf({ x: 1 }), target: treeOf({ x: of(1) }), source: treeOf({ x: of(2) }), rules });
    expect(noList.conflicts).toHaveLength(1);
  });

  test('V8: as maps merge that have the ids for keys, in both directions the same', () => {
    const members = fc.uniqueArray(fc.record({ id: fc.oneof(fc.nat(9), fc.constantFrom('a', 'b')), n: fc.nat(2) }), {
      selector: ({ id }) => id,
      maxLength: 8,
    });
    let clean = 0;
    fc.assert(
      fc.property(members, members, members, fc.nat(), (base, one, other, seed) => {
        const [ours, theirs] = [shuffled(one, seed), other];
        const there = merged({ base, ours, theirs }, rules);
        const back = merged({ base, ours: theirs, theirs: ours }, rules);
        expect(back.conflicts.length).toBe(there.conflicts.length);
        if (there.conflicts.length > 0) return;
        clean += 1;
        expect(back.tree.root()).toBe(there.tree.root());
        const asMap = (list: typeof base) => treeOf({ x: Object.fromEntries(list.map((each) => [`${typeof each.id} ${each.id}`, each])) });
        const map = mergeTrees({ base: asMap(base), target: asMap(ours), source: asMap(theirs) });
        expect(asMap(there.list as unknown as typeof base).root()).toBe(map.tree.root());
      }),
      { numRuns: 500 },
    );
    expect(clean).toBeGreaterThan(50);
  });
});
