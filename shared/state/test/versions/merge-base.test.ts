import { type Checkpoint, type MergeRule, StateEngine, type Tree, treeOf } from '@skep/state';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { agent, BRANCHES, histories, originsOf, played } from './histories.js';

describe('V8: what merges compare with', () => {
  test('V8: the best common ancestors are those of a dumb search, in any history', () => {
    fc.assert(
      fc.property(histories, (steps) => {
        const { engine } = played(steps);
        const graph = engine.versions(agent);
        for (const one of BRANCHES) {
          for (const other of BRANCHES) {
            const [left, right] = [graph.mustGetHead(one), graph.mustGetHead(other)];
            const common = [...originsOf(engine, left)].filter((each) => originsOf(engine, right).has(each));
            const best = common.filter((each) => !common.some((newer) => newer !== each && originsOf(engine, newer).has(each)));
            expect(graph.mergeBases(left, right)).toEqual(best.sort((a, b) => a.number - b.number));
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test('V8: however branches were merged, every count is in the result once (criss-cross histories included)', () => {
    fc.assert(
      fc.property(histories, (steps) => {
        const { engine, added } = played(steps);
        for (const name of BRANCHES) {
          const head = engine.head({ agent, name });
          let total = 0;
          for (const each of originsOf(engine, head)) total += added.get(each) ?? 0;
          expect(head.tree.get(['n'])).toBe(total);
        }
      }),
      { numRuns: 150 },
    );
  });

  test('V8: a hundred merges crosswise, one above the other', () => {
    const steps = Array.from({ length: 100 }, (_, at) => at).flatMap((at) => [
      { kind: 'count' as const, branch: 0, by: 1 },
      { kind: 'count' as const, branch: 1, by: 1 },
      ...crossing(at % 2),
    ]);
    const { engine } = played(steps);
    for (const name of ['main', 'b1']) expect(engine.head({ agent, name }).tree.get(['n'])).toBe(200);
  });
});

/** Both branches take the other's head as it was: the second merges a branch that was left there. */
function crossing(first: number) {
  return [
    { kind: 'merge' as const, from: first, into: 2 },
    { kind: 'merge' as const, from: 1 - first, into: first },
    { kind: 'merge' as const, from: 2, into: 1 - first },
  ];
}

describe('V8: criss-cross merges', () => {
  const rules: readonly MergeRule[] = [];

  /** main and b1 change the same state apart, then each is merged into the other, and resolved as told. */
  function crossed(changes: { readonly main: (tree: Tree) => Tree; readonly b1: (tree: Tree) => Tree }, resolved: { main?: Tree; b1?: Tree } = {}) {
    const engine = new StateEngine();
    const first = engine.createCheckpoint(agent, treeOf({ a: 1, b: 1, c: { x: 1, y: 1 } }));
    engine.branchState(first, 'b1');
    const one = engine.createCheckpoint(agent, changes.main(first.tree));
    const other = engine.createCheckpoint(agent, changes.b1(first.tree), 'b1');
    engine.branchState(one, 'one');
    const merge = (from: string, into: string, tree?: Tree) => {
      const resolutions = tree === undefined ? [] : [{ path: ['a'], resolution: { kind: 'value' as const, value: tree.get(['a']) ?? null } }];
      return engine.mergeStates({ agent, name: from }, { agent, name: into }, { rules, resolutions });
    };
    const results = [merge('b1', 'main', resolved.main), merge('one', 'b1', resolved.b1)];
    return { engine, one, other, results };
  }
  const set = (key: string, value: number) => (tree: Tree) => tree.apply([{ kind: 'update', path: [key], new: value }]);
  const commit = (engine: StateEngine, branch: string, change: (tree: Tree) => Tree): Checkpoint =>
    engine.createCheckpoint(agent, change(engine.head({ agent, name: branch }).tree), branch);

  test('V8: both best common ancestors count, whichever is the newer one', () => {
    const { engine, one, other } = crossed({ main: set('a', 2), b1: set('b', 2) });
    expect(engine.versions(agent).mergeBases(engine.head({ agent, name: 'main' }), engine.head({ agent, name: 'b1' }))).toEqual([one, other]);
    // Undone on one side: compared with the newer ancestor alone, it would come back from the other side.
    commit(engine, 'main', set('a', 1));
    commit(engine, 'b1', set('b', 1));
    const plan = engine.planMerge({ agent, name: 'b1' }, { agent, name: 'main' });
    expect(plan).toMatchObject({ kind: 'merged', bases: [one.id, other.id] });
    engine.mergeStates({ agent, name: 'b1' }, { agent, name: 'main' });
    expect(engine.head({ agent, name: 'main' }).tree.value()).toEqual({ a: 1, b: 1, c: { x: 1, y: 1 } });
  });

  test('V8: where the ancestors contradict each other, different resolutions of it are a conflict that tells no base', () => {
    const { engine, results } = crossed({ main: set('a', 2), b1: set('a', 3) }, { main: treeOf({ a: 1 }), b1: treeOf({ a: 9 }) });
    expect(results.map(({ kind }) => kind)).toEqual(['merged', 'merged']);
    commit(engine, 'main', set('b', 7));
    const plan = engine.planMerge({ agent, name: 'b1' }, { agent, name: 'main' });
    expect(plan).toMatchObject({ kind: 'conflicts', conflicts: [{ path: ['a'], kind: 'update-update', ours: 1, theirs: 9 }] });
    expect((plan as { conflicts: readonly object[] }).conflicts[0]).not.toHaveProperty('base');
    const before = engine.head({ agent, name: 'main' });
    expect(engine.mergeStates({ agent, name: 'b1' }, { agent, name: 'main' }).kind).toBe('conflicts');
    expect(engine.head({ agent, name: 'main' })).toBe(before);
  });

  test('V8: the same resolution on both sides is none', () => {
    const { engine } = crossed({ main: set('a', 2), b1: set('a', 3) }, { main: treeOf({ a: 5 }), b1: treeOf({ a: 5 }) });
    commit(engine, 'main', set('b', 7));
    expect(engine.mergeStates({ agent, name: 'b1' }, { agent, name: 'main' }).kind).toBe('merged');
    expect(engine.head({ agent, name: 'main' }).tree.value()).toEqual({ a: 5, b: 7, c: { x: 1, y: 1 } });
  });

  test('V8: one side changed what was undecided further: still both are asked about', () => {
    const { engine } = crossed({ main: set('a', 2), b1: set('a', 3) }, { main: treeOf({ a: 2 }), b1: treeOf({ a: 3 }) });
    commit(engine, 'b1', set('a', 4));
    expect(engine.planMerge({ agent, name: 'b1' }, { agent, name: 'main' })).toMatchObject({
      kind: 'conflicts',
      conflicts: [{ path: ['a'], ours: 2, theirs: 4 }],
    });
  });

  test('V8: the last writer is known among ancestors, too', () => {
    const engine = new StateEngine();
    const clock = (ms: number) => ({ clock: { ms, counter: 0 } });
    const first = engine.createCheckpoint(agent, treeOf({ a: 1 }), 'main', clock(1));
    engine.branchState(first, 'b1');
    const one = engine.createCheckpoint(agent, treeOf({ a: 2 }), 'main', clock(2));
    engine.createCheckpoint(agent, treeOf({ a: 3 }), 'b1', clock(3));
    engine.branchState(one, 'one');
    const options = { rules: [{ path: ['a'], resolve: 'last-writer' as const }] };
    engine.mergeStates({ agent, name: 'b1' }, { agent, name: 'main' }, { ...options, provenance: clock(4) });
    engine.mergeStates({ agent, name: 'one' }, { agent, name: 'b1' }, { ...options, provenance: clock(5) });
    expect(engine.head({ agent, name: 'main' }).tree.get(['a'])).toBe(3);
    engine.createCheckpoint(agent, treeOf({ a: 6 }), 'main', clock(6));
    expect(engine.mergeStates({ agent, name: 'b1' }, { agent, name: 'main' }, options).kind).toBe('merged');
    expect(engine.head({ agent, name: 'main' }).tree.get(['a'])).toBe(6);
  });
});
