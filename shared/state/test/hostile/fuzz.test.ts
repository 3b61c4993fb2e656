import { diff, draftOf, mergeTrees, packTree, type Tree, treeOf, unpackTree } from '@skep/state';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { objectOf, STATE_S, values } from '../arbitrary.js';
import { forge, nodesOf, replaced } from './forge.js';
import { judge, refusalOf } from './judge.js';
import { harmed, harms } from './mutate.js';

/** One of each: wide maps, branches of tries, vectors of two heights, chunked text and bytes, dates, short things. */
const LARGE = {
  memory: STATE_S.memory,
  wide: objectOf(Array.from({ length: 60 }, (_, at) => [`key-${at}`, { at, text: `text ${at}` }] as const)),
  long: Array.from({ length: 1_100 }, (_, at) => at * 7),
  texts: Array.from({ length: 40 }, (_, at) => `item ${at}`.repeat(9)),
  text: Array.from({ length: 1_200 }, (_, at) => `line ${at * at}`).join('\n'),
  bytes: Uint8Array.from({ length: 20_000 }, (_, at) => (at * at) >> 3),
  at: new Date(5),
};
const PACKS = [LARGE, STATE_S, LARGE.wide, LARGE.long, LARGE.text, [1, [2, [3, ['x'.repeat(70)]]]]].map((value) => packTree(treeOf(value)));
const NODES = PACKS.map(nodesOf);

const damage = fc.record({ pack: fc.nat(PACKS.length - 1), node: fc.nat(), list: fc.array(harms, { minLength: 1, maxLength: 3 }) });

type Use = (tree: Tree) => unknown;

/** A pack in which one node was harmed and all hashes are right. */
function hostilePack({ pack, node, list }: typeof damage extends fc.Arbitrary<infer Drawn> ? Drawn : never): Uint8Array {
  const nodes = NODES[pack] as Uint8Array[];
  const at = node % nodes.length;
  const donor = nodes[(node >>> 3) % nodes.length] as Uint8Array;
  return forge(
    replaced(
      nodes,
      at,
      list.reduce((bytes, harm) => harmed(bytes, harm, donor), nodes[at] as Uint8Array),
    ),
  );
}

describe('G11: hostile packs', { timeout: 120_000 }, () => {
  test('G11: what was not harmed is accepted, also when it was forged anew', () => {
    for (const [at, pack] of PACKS.entries()) {
      expect(judge(pack)).toBe('accepted');
      expect(unpackTree(forge(NODES[at] as Uint8Array[])).root()).toBe(unpackTree(pack).root());
    }
  });

  test('G11: damaged bytes of a pack, anywhere', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(fc.nat(PACKS.length - 1), fc.array(harms, { minLength: 1, maxLength: 4 }), fc.nat(), (pack, list, other) => {
        const donor = PACKS[other % PACKS.length] as Uint8Array;
        const outcome = judge(list.reduce((bytes, harm) => harmed(bytes, harm, donor), PACKS[pack] as Uint8Array));
        seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
      }),
      { numRuns: 400 },
    );
    expect([...seen.keys()].sort()).toContain('corrupt');
  });

  test('G11: a harmed node whose hash is right and is told right by all above it', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(damage, (drawn) => {
        const outcome = judge(hostilePack(drawn));
        seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
      }),
      { numRuns: 800 },
    );
    for (const outcome of ['accepted', 'malformed', 'corrupt']) expect(seen.get(outcome) ?? 0).toBeGreaterThan(0);
  });

  test('G11: any value, any harm', () => {
    fc.assert(
      fc.property(values, fc.nat(), harms, (value, pick, harm) => {
        const nodes = nodesOf(packTree(treeOf(value)));
        const at = pick % nodes.length;
        judge(forge(replaced(nodes, at, harmed(nodes[at] as Uint8Array, harm, nodes[0] as Uint8Array))));
      }),
      { numRuns: 500 },
    );
  });

  test('G11, V2: a harmed part that is met late, by whatever is done with the tree', () => {
    const good = treeOf(LARGE);
    const uses: readonly Use[] = [
      (tree) => tree.get(['wide', 'key-7', 'text']),
      (tree) => tree.has(['long', 1_050]),
      (tree) => packTree(tree),
      (tree) => diff(good, tree),
      (tree) => diff(tree, good),
      (tree) => mergeTrees({ base: good, source: tree, target: good.apply([{ kind: 'update', path: ['at'], new: 1 }]) }),
      (tree) => tree.apply([{ kind: 'create', path: ['wide', 'key-200'], new: 1 }]).root(),
      (tree) => tree.apply([{ kind: 'delete', path: ['long', 3] }]).root(),
      (tree) => tree.apply([{ kind: 'update', path: ['texts', 39], new: null }]).byteLength,
      (tree) => {
        const { state } = draftOf<Partial<typeof LARGE>>(tree);
        state.long?.push?.(1);
        state.texts?.reverse?.();
        return JSON.stringify(state.wide);
      },
      (tree) => {
        const draft = draftOf<Partial<typeof LARGE>>(tree);
        draft.state.memory?.splice?.(3, 2);
        return draft.finish().tree.root();
      },
    ];
    fc.assert(
      fc.property(damage, fc.integer({ min: 0, max: uses.length - 1 }), (drawn, use) => {
        const pack = hostilePack({ ...drawn, pack: 0 });
        // What is accepted is judged above; here it is about what is refused later than by `unpackTree`.
        if (refusalOf(() => unpackTree(pack)) !== undefined || refusalOf(() => unpackTree(pack).value()) === undefined) return;
        const tree = unpackTree(pack);
        // The harm may have changed the shape of the state as well: then an edit has no place to go.
        refusalOf(() => (uses[use] as Use)(tree), ['invalid-path']);
      }),
      { numRuns: 300 },
    );
  });
});

describe('G11: an index that lies', () => {
  const [pack] = PACKS as [Uint8Array, ...Uint8Array[]];
  const count = new DataView(pack.buffer, pack.byteOffset).getUint32(34);
  const lying = (lie: (view: DataView, pack: Uint8Array) => void) => {
    const copy = pack.slice();
    lie(new DataView(copy.buffer), copy);
    return copy;
  };
  const offsetAt = (at: number) => 38 + at * 20 + 16;

  test('G11: every entry leads to the next one’s record, nowhere, or into the middle of a record', () => {
    for (const offset of [(at: number) => (at + 1) % count, () => 0xffff_ffff, () => pack.length, (at: number) => at * 3 + 1]) {
      const harm = lying((view) => {
        const offsets = Array.from({ length: count }, (_, at) => view.getUint32(offsetAt(at)));
        for (let at = 0; at < count; at += 1) view.setUint32(offsetAt(at), offsets[offset(at)] ?? offset(at));
      });
      expect(judge(harm)).toMatch(/^(corrupt|malformed)$/);
    }
  });

  test('G11: all entries lead to the root, as if it held itself', () => {
    const root = new DataView(pack.buffer, pack.byteOffset);
    const hash = Buffer.from(pack.subarray(2, 18));
    const at = Array.from({ length: count }, (_, index) => index).find((index) => hash.equals(pack.subarray(38 + index * 20, 38 + index * 20 + 16)));
    const offset = root.getUint32(offsetAt(at ?? 0));
    const harm = lying((view) => {
      for (let index = 0; index < count; index += 1) view.setUint32(offsetAt(index), offset);
    });
    expect(judge(harm)).toBe('corrupt');
  });

  test('G11: entries out of order, twice, or none; a count that is too small or too large', () => {
    const entries = Array.from({ length: count }, (_, at) => pack.slice(38 + at * 20, 58 + at * 20));
    const reversed = lying((_, bytes) => {
      for (const [at, entry] of entries.toReversed().entries()) bytes.set(entry, 38 + at * 20);
    });
    const twice = lying((_, bytes) => {
      for (let at = 0; at < count; at += 1) bytes.set(entries[0] as Uint8Array, 38 + at * 20);
    });
    for (const harm of [reversed, twice]) expect(judge(harm)).toBe('corrupt');
    for (const wrong of [0, 1, count - 1, count + 1, 0x7fff_ffff, 0xffff_ffff]) {
      expect(judge(lying((view) => view.setUint32(34, wrong)))).toMatch(/^(corrupt|malformed)$/);
    }
  });
});
