/** Versions that share parts: what is passed over because it is shared must never be what differs. */
import { encode, HashWriter } from '@skep/kernel';
import { diff, draftOf, type Tree, treeOf } from '@skep/state';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { isEqual } from '../src/equal.js';
import { cloned, values } from './arbitrary.js';

type Step = { readonly kind: 'set' | 'push' | 'cut' | 'insert' | 'swap'; readonly at: number; readonly count: number };

const steps = fc.array(
  fc.record({
    kind: fc.constantFrom<Step['kind']>('set', 'push', 'cut', 'insert', 'swap'),
    at: fc.nat(5_000),
    count: fc.integer({ min: 1, max: 40 }),
  }),
  { minLength: 1, maxLength: 4 },
);
/** Around the lengths at which lists get another level. */
const lengths = fc.oneof(fc.nat(70), fc.integer({ min: 1_000, max: 1_060 }), fc.nat(3_000));
const itemOf = (kind: number, at: number) => [at, `item ${at}`, { at, text: 'x'.repeat(at % 90) }][kind % 3];

function changed(tree: Tree, listSteps: readonly Step[], kind: number): Tree {
  const draft = draftOf<unknown[]>(tree);
  const list = draft.state;
  for (const { kind: step, at, count } of listSteps) {
    const place = list.length === 0 ? 0 : at % list.length;
    const fresh = Array.from({ length: count }, (_, more) => itemOf(kind, 100_000 + at + more));
    if (step === 'push') list.push(...fresh);
    else if (step === 'cut') list.splice(Math.max(0, list.length - count), count);
    else if (step === 'insert') list.splice(place, 0, ...fresh);
    else if (list.length > 0) {
      for (let more = 0; more < count; more += 1) {
        const to = (place + more * 31) % list.length;
        list[to] = step === 'swap' ? list[(to * 7) % list.length] : fresh[more];
      }
    }
  }
  return draft.finish().tree;
}

describe('versions that share parts', () => {
  test('V7: a diff of versions of a long list leads from the one to the other, sealed or not', () => {
    fc.assert(
      fc.property(lengths, fc.nat(2), steps, fc.boolean(), (length, kind, listSteps, isSealed) => {
        const from = treeOf(Array.from({ length }, (_, at) => itemOf(kind, at)));
        if (isSealed) from.root();
        const to = changed(from, listSteps, kind);
        if (isSealed) to.root();
        expect(from.apply(diff(from, to)).root()).toBe(to.root());
        expect(to.apply(diff(to, from)).root()).toBe(from.root());
      }),
      { numRuns: 150 },
    );
  });

  test('V7: what was appended to a long list, or changed in many of its places, is all that a diff tells', () => {
    const long = treeOf(Array.from({ length: 5_000 }, (_, at) => ({ at })));
    const draft = draftOf<{ at: number }[]>(long);
    draft.state.push({ at: 1 }, { at: 2 });
    expect(diff(long, draft.finish().tree).map(({ kind, path }) => [kind, path])).toEqual([
      ['create', [5_000]],
      ['create', [5_001]],
    ]);
    const places = Array.from({ length: 60 }, (_, at) => at * 80);
    const next = long.apply(places.map((at) => ({ kind: 'update', path: [at, 'at'], new: -1 - at })));
    expect(diff(long, next).map(({ path }) => path)).toEqual(places.map((at) => [at, 'at']));
  });

  test('V7, G8: a diff of versions of a large map tells each key that differs once, in order', () => {
    const names = fc.uniqueArray(fc.nat(400), { minLength: 1, maxLength: 60, size: 'max' });
    fc.assert(
      fc.property(fc.integer({ min: 17, max: 300 }), names, names, fc.boolean(), (count, set, gone, isSealed) => {
        const from = treeOf(Object.fromEntries(Array.from({ length: count }, (_, at) => [`key ${at}`, at])));
        if (isSealed) from.root();
        const draft = draftOf<Record<string, number>>(from);
        for (const at of set) draft.state[`key ${at}`] = at + 1_000;
        for (const at of gone) delete draft.state[`key ${at}`];
        const to = draft.finish().tree;
        const changes = diff(from, to);
        const differ = new Set([...set.filter((at) => !gone.includes(at)), ...gone.filter((at) => at < count)]);
        expect(changes.map(({ path }) => path[0])).toEqual([...differ].map((at) => `key ${at}`).sort());
        expect(from.apply(changes).root()).toBe(to.root());
      }),
      { numRuns: 150 },
    );
  });

  test('G8: parts are equal exactly if their roots are, whether or not they were sealed', () => {
    const check = (one: Tree, other: Tree) => {
      const known = isEqual(one.item, other.item);
      expect(known).toBe(treeOf(one.value()).root() === treeOf(other.value()).root());
      one.root();
      other.root();
      expect(isEqual(one.item, other.item)).toBe(known);
    };
    fc.assert(
      fc.property(values, values, fc.nat(), (value, other, at) => {
        check(treeOf(value), treeOf(other));
        check(treeOf(value), treeOf(cloned(value)));
        const list = treeOf(Array.from({ length: 100 + (at % 1_000) }, (_, index) => index));
        const place = at % (100 + (at % 1_000));
        check(list, list.apply([{ kind: 'update', path: [place], new: -1 }]));
        const wide = treeOf(Object.fromEntries(Array.from({ length: 40 + (at % 100) }, (_, index) => [`key ${index}`, { index }])));
        const edited = wide.apply([{ kind: 'update', path: [`key ${at % 40}`, 'index'], new: -1 }]);
        check(wide, edited);
        check(wide, edited.apply([{ kind: 'update', path: [`key ${at % 40}`, 'index'], new: at % 40 }]));
      }),
      { numRuns: 60 },
    );
  });

  test('V2, T3: sealing a thousand versions in a row hashes what they share once', () => {
    const versions: Tree[] = [treeOf({ list: Array.from({ length: 1_000 }, (_, at) => ({ at, text: `item ${at}` })) })];
    for (let to = 1; to <= 1_000; to += 1) {
      versions.push((versions[to - 1] as Tree).apply([{ kind: 'update', path: ['list', (to * 37) % 1_000, 'at'], new: -to }]));
    }
    const hashed = vi.spyOn(HashWriter.prototype, 'hashTo');
    try {
      versions[0]?.root();
      const whole = hashed.mock.calls.length;
      for (const version of versions) version.root();
      // A leaf, the vector and the root of each.
      expect(hashed.mock.calls.length - whole).toBe(3 * 1_000);
      for (const version of versions) version.root();
      expect(hashed.mock.calls.length - whole).toBe(3 * 1_000);
    } finally {
      hashed.mockRestore();
    }
  });

  test('V1: the lengths that sealing notes are those of the encoding, in all parts', () => {
    fc.assert(
      fc.property(values, values, (one, other) => {
        const wide = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`key ${at}`, at % 7 === 0 ? one : `text ${at}`]));
        const tree = treeOf({ wide, list: Array.from({ length: 1_100 }, (_, at) => (at % 97 === 0 ? other : at)), one });
        tree.root();
        expect(tree.byteLength).toBe(encode(tree.value()).length);
        // Counted again from the lengths that the parts noted.
        const next = tree.apply([
          { kind: 'update', path: ['list', 1_050], new: 'new' },
          { kind: 'create', path: ['wide', 'key 60'], new: other },
        ]);
        expect(next.byteLength).toBe(encode(next.value()).length);
      }),
      { numRuns: 40 },
    );
  });
});
