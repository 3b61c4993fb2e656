import { LIMITS, type Value } from '@skep/kernel';
import { type MergeRule, mergeTrees, treeOf } from '@skep/state';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf } from '../arbitrary.js';

type Resolve = MergeRule['resolve'];

/** What becomes of one place under a rule, or `conflict`. Checks that both directions agree where nothing tells ours from theirs. */
function joined(resolve: Resolve, { base, ours, theirs }: { base?: Value; ours?: Value; theirs?: Value }): unknown {
  const of = (value: Value | undefined) => treeOf(value === undefined ? {} : { x: value });
  const rules = [{ path: ['x'], resolve }];
  const { tree, conflicts } = mergeTrees({ base: of(base), target: of(ours), source: of(theirs), rules });
  const back = mergeTrees({ base: of(base), target: of(theirs), source: of(ours), rules });
  expect(back.conflicts.length).toBe(conflicts.length);
  if (conflicts.length > 0) return 'conflict';
  if (resolve !== 'ours' && resolve !== 'theirs' && typeof resolve !== 'function') expect(back.tree.root()).toBe(tree.root());
  return tree.get(['x']);
}

describe('V8: rules decide what both sides changed', () => {
  test('V8: ours and theirs take a side, whole, and only where both changed it', () => {
    const three = { base: { a: 1, b: 1 }, ours: { a: 2, b: 1 }, theirs: { a: 1, b: 2 } };
    expect(joined('ours', three)).toEqual({ a: 2, b: 1 });
    expect(joined('theirs', three)).toEqual({ a: 1, b: 2 });
    expect(joined('theirs', { base: 1, ours: 2 })).toBeUndefined();
    expect(joined('ours', { base: 1, ours: 1, theirs: 2 })).toBe(2);
    expect(joined('theirs', { base: 1, ours: 2, theirs: 1 })).toBe(2);
    expect(joined('ours', { base: { a: 1 }, ours: { a: 2 }, theirs: { a: 2 } })).toEqual({ a: 2 });
  });

  test('V8: the last writer wins by the clock of its side; without one, or with the same, it is a conflict', () => {
    const rules: readonly MergeRule[] = [{ path: ['*'], resolve: 'last-writer' }];
    const [base, source, target] = [treeOf({ x: 1 }), treeOf({ x: 2 }), treeOf({ x: 3 })];
    const at = (ms: number, counter = 0) => ({ ms, counter });
    const merge = (clocks?: { source?: { ms: number; counter: number }; target?: { ms: number; counter: number } }) =>
      mergeTrees({ base, source, target, rules, clocksOf: () => ({ source: clocks?.source, target: clocks?.target }) });
    expect(merge({ source: at(5), target: at(4, 9) }).tree.get(['x'])).toBe(2);
    expect(merge({ source: at(5), target: at(5, 1) }).tree.get(['x'])).toBe(3);
    expect(merge({ source: at(5), target: at(5) }).conflicts).toHaveLength(1);
    expect(merge({ source: at(5) }).conflicts).toHaveLength(1);
    expect(merge().conflicts).toHaveLength(1);
    expect(mergeTrees({ base, source, target, rules }).conflicts).toHaveLength(1);
  });

  test('V8: counters add up what each side counted, also when both counted the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e6, max: 1e6 }), fc.integer({ min: -50, max: 50 }), fc.integer({ min: -50, max: 50 }), (base, one, other) => {
        expect(joined('counter', { base, ours: base + one, theirs: base + other })).toBe(base + one + other);
      }),
      { numRuns: 100 },
    );
    fc.assert(
      fc.property(
        fc.double({ min: -1e3, max: 1e3, noNaN: true }),
        fc.double({ min: -1e3, max: 1e3, noNaN: true }),
        fc.double({ min: -1e3, max: 1e3, noNaN: true }),
        (base, ours, theirs) => {
          // Fractions too have one sum in both directions; `joined` compares them.
          expect(joined('counter', { base, ours, theirs })).toBeCloseTo(ours + theirs - base);
        },
      ),
      { numRuns: 100 },
    );
    expect(joined('counter', { ours: 2, theirs: 3 })).toBe(5);
    expect(joined('counter', { base: -Number.MAX_SAFE_INTEGER, ours: Number.MAX_SAFE_INTEGER, theirs: 0 })).toBe('conflict');
    expect(joined('counter', { base: 1, ours: 2 })).toBe('conflict');
    expect(joined('counter', { base: 1, ours: 2, theirs: 'x' })).toBe('conflict');
    expect(joined('counter', { ours: Number.MAX_SAFE_INTEGER, theirs: 2 })).toBe('conflict');
  });

  test('V8: counters that both sides moved alike are found below equal parts, in lists too', () => {
    const rules: readonly MergeRule[] = [{ path: ['deep', 'list', '*', 'n'], resolve: 'counter' }];
    const of = (n: number, more: readonly Value[] = []) => treeOf({ deep: { list: [{ n }, { n: 0 }, ...more], other: 1 } });
    const same = of(2);
    expect(mergeTrees({ base: of(1), source: same, target: same, rules }).tree.get(['deep', 'list', 0, 'n'])).toBe(3);
    expect(mergeTrees({ base: of(1), source: of(3), target: of(2), rules }).tree.get(['deep', 'list', 0, 'n'])).toBe(4);
    const grown = mergeTrees({ base: of(1, [7]), source: of(2, [7, 8]), target: of(2, [7]), rules });
    expect(grown.tree.get(['deep', 'list'])).toEqual([{ n: 3 }, { n: 0 }, 7, 8]);
    const without = mergeTrees({ base: of(1), source: same, target: same, rules: [{ path: ['other', 'n'], resolve: 'counter' }] });
    expect(without.tree).toBe(same);
  });

  test('V8: sets have what either side added and not what either removed', () => {
    const sets = fc.uniqueArray(fc.oneof(fc.nat(12), fc.constantFrom('a', 'b', '1'), fc.constantFrom(true, null)), { maxLength: 8 });
    fc.assert(
      fc.property(sets, sets, sets, (base, ours, theirs) => {
        const merged = joined('set', { base, ours, theirs }) as readonly Value[];
        const expected = [...new Set([...base, ...ours, ...theirs])].filter((each) =>
          base.includes(each) ? ours.includes(each) && theirs.includes(each) : true,
        );
        expect(new Set(merged)).toEqual(new Set(expected));
        expect(merged).toHaveLength(expected.length);
      }),
      { numRuns: 200 },
    );
    expect(joined('set', { base: ['z', 'a'], ours: ['z', 'a', 10, 'c'], theirs: ['z', 'a', 9, 'b'] })).toEqual(['z', 'a', 'b', 'c', 9, 10]);
    expect(joined('set', { ours: ['a'], theirs: ['b'] })).toEqual(['a', 'b']);
    expect(joined('set', { base: [1], ours: 2, theirs: [3] })).toBe('conflict');
    expect(joined('set', { base: 1, ours: [2], theirs: [3] })).toBe('conflict');
    expect(joined('set', { base: [1], ours: [2] })).toBe('conflict');
  });

  test('V8: members of sets may be anything; equal ones are one', () => {
    const day = new Date(86_400_000);
    const text = 'a text that is too long to stand in the node around it, so it is one of its own';
    const merged = joined('set', { base: [{ a: 1 }, day], ours: [{ a: 1 }, day, [1], text], theirs: [day, [1], text, { b: 1 }] });
    expect(merged).toHaveLength(4);
    expect(merged).toEqual(expect.arrayContaining([day, [1], text, { b: 1 }]));
  });

  test('V8: a custom rule is told the conflict and may decide it, leave it, or take it away', () => {
    const three = { base: 1, ours: 2, theirs: 3 };
    expect(joined(({ base, ours, theirs }) => ({ kind: 'value', value: [base ?? null, ours ?? null, theirs ?? null] }), three)).toEqual([1, 2, 3]);
    expect(joined(() => ({ kind: 'absent' }), three)).toBeUndefined();
    expect(joined(() => ({ kind: 'theirs' }), three)).toBe(3);
    expect(joined(() => ({ kind: 'ours' }), three)).toBe(2);
    expect(joined(() => undefined, three)).toBe('conflict');
    expect(codeOf(() => joined(() => ({ kind: 'value', value: Number.NaN }), three))).toBe('invalid-value');
    const whole = mergeTrees({ base: treeOf(1), source: treeOf(2), target: treeOf(3), rules: [{ path: [], resolve: () => ({ kind: 'absent' }) }] });
    expect(whole.conflicts).toEqual([{ path: [], kind: 'update-update', base: 1, ours: 3, theirs: 2 }]);
  });

  test('V8: the first rule that fits and can decide counts', () => {
    const [base, source, target] = [
      treeOf({ a: { n: 1 }, b: { n: 'x' } }),
      treeOf({ a: { n: 2 }, b: { n: 'y' } }),
      treeOf({ a: { n: 3 }, b: { n: 'z' } }),
    ];
    const rules: readonly MergeRule[] = [
      { path: ['*', 'n'], resolve: 'counter' },
      { path: ['b', '*'], resolve: 'theirs' },
      { path: ['b'], resolve: () => undefined },
    ];
    expect(mergeTrees({ base, source, target, rules }).tree.value()).toEqual({ a: { n: 4 }, b: { n: 'y' } });
    expect(mergeTrees({ base, source, target, rules: [] }).conflicts).toHaveLength(2);
  });

  test('V8: conflicts say what each side did, and resolutions answer them', () => {
    const [base, source] = [treeOf({ a: 1, b: 1, c: 1, l: [{ n: 1 }] }), treeOf({ a: 2, b: 2, d: 1, l: [{ n: 2 }] })];
    const target = treeOf({ a: 3, c: 3, d: 2, l: [{ n: 3 }] });
    const { conflicts, tree } = mergeTrees({ base, source, target });
    expect(conflicts).toEqual([
      { path: ['a'], kind: 'update-update', base: 1, ours: 3, theirs: 2 },
      { path: ['b'], kind: 'delete-update', base: 1, theirs: 2 },
      { path: ['c'], kind: 'update-delete', base: 1, ours: 3 },
      { path: ['d'], kind: 'create-create', ours: 2, theirs: 1 },
      { path: ['l', 0, 'n'], kind: 'update-update', base: 1, ours: 3, theirs: 2 },
    ]);
    expect(tree.root()).toBe(target.root());
    const resolved = mergeTrees({
      base,
      source,
      target,
      resolutions: [
        { path: ['a'], resolution: { kind: 'theirs' } },
        { path: ['b'], resolution: { kind: 'theirs' } },
        { path: ['c'], resolution: { kind: 'absent' } },
        { path: ['d'], resolution: { kind: 'value', value: 9 } },
        { path: ['l', 0, 'n'], resolution: { kind: 'ours' } },
        { path: ['nothing', 'here'], resolution: { kind: 'ours' } },
      ],
    });
    expect(resolved).toMatchObject({ conflicts: [] });
    expect(resolved.tree.value()).toEqual({ a: 2, b: 2, d: 9, l: [{ n: 3 }] });
  });

  test('V8: texts merge by lines, and by words within lines that both changed', () => {
    const base = 'first line\nsecond line\nthird line of some words\n';
    expect(joined('text', { base, ours: `zero\n${base}`, theirs: `${base}fourth` })).toBe(`zero\n${base}fourth`);
    expect(joined('text', { base, ours: base.replace('first', '1st'), theirs: base.replace('third', '3rd').replace('words', 'things') })).toBe(
      '1st line\nsecond line\n3rd line of some things\n',
    );
    expect(joined('text', { base: 'the red fox', ours: 'the green fox', theirs: 'the red dog' })).toBe('the green dog');
    expect(joined('text', { base: 'the red fox', ours: 'the green fox', theirs: 'the blue fox' })).toBe('conflict');
    expect(joined('text', { base: 'a\n', ours: 'a\nb\n', theirs: 'a\nc\n' })).toBe('conflict');
    expect(joined('text', { ours: 'a', theirs: 'a' })).toBe('a');
    expect(joined('text', { base: 'a', ours: 1, theirs: 'b' })).toBe('conflict');
    expect(joined('text', { base: '😀 x', ours: '😁 x', theirs: '😀 y' })).toBe('😁 y');
  });

  test('V8: texts that are too long, or too different, are conflicts', () => {
    const long = 'x\n'.repeat(LIMITS.mergedTextUnits / 2);
    expect(joined('text', { base: long, ours: `a${long}`, theirs: `${long}b` })).toBe('conflict');
    const lines = (word: string) => Array.from({ length: 1_200 }, (_, at) => `${word} ${at}`).join('\n');
    expect(joined('text', { base: lines('a'), ours: lines('b'), theirs: `${lines('a')}c` })).toBe('conflict');
  });

  test('V8: a text that one side changed is that side’s, whatever the other did elsewhere in it', () => {
    const words = fc.array(fc.constantFrom('a', 'b', 'c\n', '\n', ' ', 'dd'), { maxLength: 30 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(words, words, words, (base, ours, theirs) => {
        expect(joined('text', { base, ours, theirs: base })).toBe(ours);
        const apart = joined('text', { base: `${base}\n#\n${base}`, ours: `${ours}\n#\n${base}`, theirs: `${base}\n#\n${theirs}` });
        if (apart !== 'conflict') expect(String(apart).length).toBe(ours.length + theirs.length + 3);
      }),
      { numRuns: 200 },
    );
  });
});
