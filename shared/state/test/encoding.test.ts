/** Nodes that are sealed by patching what they were sealed as before have the bytes of nodes that are written whole. */
import { LIMITS, type Value } from '@skep/kernel';
import { draftOf, encodingsBytes, packTree, type Tree, treeOf, unpackTree } from '@skep/state';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/** Long enough that nodes of every kind are remembered. */
const text = (length: number, of: number) => `${of}`.padEnd(length, 'abcdefgh');
const fields = (of: number) =>
  Object.fromEntries(Array.from({ length: 14 }, (_, at) => [`field ${at} ${'of a name that is long '.repeat(2)}`, text(20, of + at)]));
const START = {
  flat: fields(0),
  wide: Object.fromEntries(Array.from({ length: 700 }, (_, at) => [`key ${at}`, text(30, at)])),
  few: Array.from({ length: 30 }, (_, at) => ({ text: text(25, at), at })),
  many: Array.from({ length: 1_200 }, (_, at) => (at % 5 === 0 ? fields(at) : text(25, at))),
};
type State = { flat: Record<string, unknown>; wide: Record<string, unknown>; few: unknown[]; many: unknown[] };

/** What takes another place than what stood there: shorter, longer, a link, nothing of its own, a value with a link inside. */
const members = fc.oneof(
  fc.constantFrom<Value>(null, true, 7, 70_000, 0.5),
  fc.nat(90).map((length) => text(length, length)),
  fc.nat(40).map((length) => Array.from({ length }, (_, at) => at)),
  fc.constantFrom<Value>([text(70, 1)], { inner: text(300, 2) }, { date: new Date(5), bytes: new Uint8Array(30) }),
  fc.constant(0).map(() => fields(3)),
);
const steps = fc.record({
  part: fc.constantFrom<keyof State>('flat', 'wide', 'few', 'many'),
  at: fc.nat(1_199),
  count: fc.constantFrom(1, 1, 1, 2, 5, 20),
  what: fc.constantFrom<'set' | 'add' | 'delete'>('set', 'set', 'set', 'set', 'add', 'delete'),
  member: members,
  /** A version before it from which another branch begins. */
  from: fc.constantFrom(0, 0, 0, 0, 1, 2, 5),
  isSealed: fc.boolean(),
});

function change(
  state: State,
  { part, at, count, what, member }: Pick<typeof steps extends fc.Arbitrary<infer Step> ? Step : never, 'part' | 'at' | 'count' | 'what' | 'member'>,
): void {
  const to = state[part];
  for (let more = 0; more < count; more += 1) {
    const place = at + more * 7;
    if (Array.isArray(to)) {
      if (what === 'add') to.push(member);
      else if (what === 'delete') to.pop();
      else if (to.length > 0) to[place % to.length] = member;
    } else {
      const names = part === 'flat' ? Object.keys(START.flat) : Object.keys(START.wide);
      const name = names[place % names.length] as string;
      if (what === 'add') to[`another ${place}`] = member;
      else if (what === 'delete') delete to[name];
      else to[name] = member;
    }
  }
}

describe('V1, G8: what was sealed before does not show', () => {
  test('G8: after any edits, branches and orders of sealing the root is that of the same content made anew', () => {
    fc.assert(
      fc.property(fc.array(steps, { minLength: 1, maxLength: 25, size: 'max' }), (edits) => {
        const versions: Tree[] = [treeOf(START)];
        versions[0]?.root();
        for (const step of edits) {
          const draft = draftOf<State>(versions[Math.max(0, versions.length - 1 - step.from)] as Tree);
          change(draft.state, step);
          const { tree } = draft.finish();
          if (step.isSealed) tree.root();
          versions.push(tree);
        }
        for (const tree of versions) {
          const anew = treeOf(tree.value());
          expect(tree.root()).toBe(anew.root());
          expect(tree.byteLength).toBe(anew.byteLength);
        }
        const last = versions.at(-1) as Tree;
        expect(unpackTree(packTree(last)).value()).toEqual(last.value());
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  test('G8: a part that stands below another version of itself', () => {
    type Twins = { one: unknown[]; other: unknown[] };
    const step = (tree: Tree, change: (state: Twins) => void) => {
      const draft = draftOf<Twins>(tree);
      change(draft.state);
      const next = draft.finish().tree;
      expect(next.root()).toBe(treeOf(next.value()).root());
      return next;
    };
    let tree = treeOf({ one: Array.from({ length: 30 }, (_, at) => text(30, at)), other: [] });
    tree.root();
    for (let to = 0; to < 3; to += 1) {
      tree = step(tree, ({ one }) => {
        one[to] = text(30, 100 + to);
      });
    }
    tree = step(tree, (state) => {
      state.other = state.one;
    });
    step(tree, ({ one, other }) => {
      one[7] = 'below';
      other[9] = one;
    });
  });

  test('G8: siblings that got different keys in the same place', () => {
    const base = treeOf(Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`key ${at}`, text(40, at)])));
    base.root();
    const remembered = base.apply([{ kind: 'update', path: ['key 3'], new: text(40, 33) }]);
    remembered.root();
    for (let at = 0; at < 60; at += 1) {
      const sibling = remembered.apply([{ kind: 'create', path: [`another ${at}`], new: text(40, at) }]);
      expect(sibling.root()).toBe(treeOf(sibling.value()).root());
    }
  });

  test('V10: encodings of many states together stay within their limit, and the roots are right', () => {
    const trees = Array.from({ length: 3_000 }, (_, of) => treeOf({ of, list: Array.from({ length: 200 }, (_unused, at) => text(60, at)) }));
    const set = (tree: Tree, at: number, to: string) => tree.apply([{ kind: 'update', path: ['list', at], new: to }]);
    const changed = trees.map((tree, of) => {
      tree.root();
      let next = tree;
      for (let to = 0; to < 14; to += 1) {
        next = set(next, (to * 31) % 200, text(60, of + to));
        next.root();
      }
      return next;
    });
    expect(encodingsBytes()).toBeGreaterThan(LIMITS.encodingsBytes - 1024 * 1024);
    expect(encodingsBytes()).toBeLessThanOrEqual(LIMITS.encodingsBytes);
    for (let of = 0; of < changed.length; of += 97) {
      const next = set(changed[of] as Tree, 5, 'five');
      expect(next.root()).toBe(treeOf(next.value()).root());
    }
  }, 60_000);
});
