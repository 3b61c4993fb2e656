import { agentId } from '@skep/kernel';
import { type BranchName, type CheckpointId, draftOf, MAIN_BRANCH, mergeTrees, StateEngine, type Tree, treeOf } from '@skep/state';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf, type Plain, STATE_S } from './arbitrary.js';

const agent = agentId({ tenant: 'default', kind: 'counter', name: 'a1' });
const other = agentId({ tenant: 'default', kind: 'counter', name: 'a2' });
const main: BranchName = { agent, name: MAIN_BRANCH };
const set = (tree: Tree, key: string, value: number) => tree.apply([{ kind: 'create', path: [key], new: value }]);

describe('V1: checkpoints', () => {
  test('V1: a checkpoint restores the very state', () => {
    const engine = new StateEngine();
    const first = engine.createCheckpoint(agent, treeOf(STATE_S));
    const draft = draftOf(engine.restoreState(first.id));
    (draft.state as Plain).step = 99;
    const second = engine.createCheckpoint(agent, draft.finish().tree);
    expect(engine.restoreState(first.id).root()).toBe(treeOf(STATE_S).root());
    expect(engine.restoreState(second.id).get(['step'])).toBe(99);
    expect(second.parents).toEqual([first.id]);
  });

  test('V1: a state that did not change makes no new checkpoint', () => {
    const engine = new StateEngine();
    const first = engine.createCheckpoint(agent, treeOf(STATE_S));
    expect(engine.createCheckpoint(agent, first.tree)).toBe(first);
    const draft = draftOf(first.tree);
    (draft.state as Plain).step = 12;
    expect(engine.createCheckpoint(agent, draft.finish().tree)).toBe(first);
    first.tree.root();
    const equal = treeOf(STATE_S);
    equal.root();
    expect(engine.createCheckpoint(agent, equal)).toBe(first);
  });

  test('V2: a checkpoint and a branch hash and copy nothing', () => {
    const engine = new StateEngine();
    const tree = treeOf(STATE_S);
    const { id } = engine.createCheckpoint(agent, tree);
    engine.branchState(id, 'b');
    expect(engine.restoreState(id)).toBe(tree);
    expect(engine.head({ agent, name: 'b' }).tree).toBe(tree);
    expect((tree as unknown as { hex: unknown }).hex).toBeUndefined();
  });

  test('G13: unknown checkpoints, branches and taken names', () => {
    const engine = new StateEngine();
    const { id } = engine.createCheckpoint(agent, treeOf({}));
    engine.branchState(id, 'b');
    expect(codeOf(() => engine.restoreState('nothing' as CheckpointId))).toBe('unknown-checkpoint');
    expect(codeOf(() => engine.branchState('nothing' as CheckpointId, 'c'))).toBe('unknown-checkpoint');
    expect(codeOf(() => engine.branchState(id, 'b'))).toBe('invalid-input');
    expect(codeOf(() => engine.branchState(id, ''))).toBe('invalid-id');
    expect(codeOf(() => engine.head({ agent, name: 'x' }))).toBe('unknown-checkpoint');
    expect(codeOf(() => engine.createCheckpoint(agent, treeOf({}), ''))).toBe('invalid-id');
    engine.createCheckpoint(agent, treeOf({ n: 1 }), 'root');
    // Two beginnings of one agent have nothing in common either.
    expect(codeOf(() => engine.mergeStates({ agent, name: 'root' }, main))).toBe('invalid-input');
    engine.createCheckpoint(other, treeOf({}));
    expect(codeOf(() => engine.mergeStates({ agent: other, name: MAIN_BRANCH }, main))).toBe('invalid-input');
  });
});

describe('V1: branches', () => {
  test('V1: what one branch does is seen by no other, and not by its checkpoints', () => {
    const step = fc.record({ branch: fc.nat(3), key: fc.constantFrom('a', 'b', 'c'), value: fc.nat(5) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const engine = new StateEngine();
        const { id } = engine.createCheckpoint(agent, treeOf({}));
        const models: Record<string, number>[] = [{}, {}, {}, {}];
        for (let at = 0; at < 4; at += 1) engine.branchState(id, `b${at}`);
        const kept: [CheckpointId, string][] = [];
        for (const { branch, key, value } of steps) {
          const name = { agent, name: `b${branch}` };
          const tree = set(engine.head(name).tree, key, value);
          (models[branch] as Record<string, number>)[key] = value;
          const checkpoint = engine.createCheckpoint(agent, tree, name.name);
          kept.push([checkpoint.id, treeOf(models[branch]).root()]);
        }
        for (const [at, model] of models.entries()) expect(engine.head({ agent, name: `b${at}` }).tree.value()).toEqual(treeOf(model).value());
        for (const [checkpoint, root] of kept) expect(engine.restoreState(checkpoint).root()).toBe(root);
        expect(engine.restoreState(id).value()).toEqual({});
        expect(engine.listBranches(agent)).toEqual(['main', 'b0', 'b1', 'b2', 'b3']);
      }),
      { numRuns: 100 },
    );
  });

  test('V1: observing a branch makes it the state of the agent, and can be undone', () => {
    const engine = new StateEngine();
    const first = engine.createCheckpoint(agent, treeOf({ n: 1 }));
    const branch = engine.branchState(first.id, 'try');
    const tried = engine.createCheckpoint(agent, treeOf({ n: 2 }), branch.name);
    const { previous } = engine.observeState(tried.id);
    expect(engine.head(main)).toBe(tried);
    expect(previous).toBe(first);
    engine.observeState(first.id);
    expect(engine.head(main)).toBe(first);
  });
});

describe('V8: merges', () => {
  const start = () => {
    const engine = new StateEngine();
    const base = engine.createCheckpoint(agent, treeOf({ a: 1, b: 1, list: [1, 2, 3], deep: { x: 1, y: 1 } }));
    return { engine, base, branch: engine.branchState(base.id, 'try') };
  };
  const commit = (engine: StateEngine, branch: BranchName, work: (state: Plain) => void) => {
    const draft = draftOf(engine.head(branch).tree);
    work(draft.state as Plain);
    return engine.createCheckpoint(agent, draft.finish().tree, branch.name);
  };

  test('V8: nothing new, fast-forward, three-way', () => {
    const { engine, branch } = start();
    expect(engine.mergeStates(branch, main).kind).toBe('unchanged');
    const tried = commit(engine, branch, (state) => Object.assign(state, { a: 2 }));
    expect(engine.planMerge(branch, main)).toEqual({ kind: 'fast-forward', checkpoint: tried });
    expect(engine.mergeStates(branch, main)).toEqual({ kind: 'fast-forward', checkpoint: tried });
    expect(engine.head(main)).toBe(tried);
    commit(engine, branch, (state) => Object.assign(state, { b: 2 }));
    commit(engine, main, (state) => Object.assign(state.deep as Plain, { x: 2 }));
    const merged = engine.mergeStates(branch, main);
    expect(merged.kind).toBe('merged');
    expect(engine.head(main).tree.value()).toEqual({ a: 2, b: 2, list: [1, 2, 3], deep: { x: 2, y: 1 } });
    expect(engine.head(main).parents).toHaveLength(2);
    expect(engine.mergeStates(branch, main).kind).toBe('unchanged');
    expect(engine.mergeStates(main, branch).kind).toBe('fast-forward');
  });

  test('V8: conflicts are data, and nothing was changed', () => {
    const { engine, branch } = start();
    commit(engine, branch, (state) => Object.assign(state, { a: 2, b: 5, c: 1 }));
    const before = commit(engine, main, (state) => {
      Object.assign(state, { a: 3, c: 2 });
      delete state.b;
    });
    const result = engine.mergeStates(branch, main);
    expect(result).toMatchObject({
      kind: 'conflicts',
      conflicts: [
        { path: ['a'], kind: 'update-update', base: 1, theirs: 2, ours: 3 },
        { path: ['b'], kind: 'delete-update', base: 1, theirs: 5 },
        { path: ['c'], kind: 'create-create', theirs: 1, ours: 2 },
      ],
    });
    expect(engine.head(main)).toBe(before);
  });

  test('V8: rules decide conflicts by path', () => {
    const { engine, branch } = start();
    commit(engine, branch, (state) => {
      Object.assign(state, { a: 11, b: 5 });
      Object.assign(state.deep as Plain, { x: 7, y: 7 });
    });
    commit(engine, main, (state) => {
      Object.assign(state, { a: 101, b: 6 });
      Object.assign(state.deep as Plain, { x: 8, y: 8 });
    });
    const result = engine.mergeStates(branch, main, {
      rules: [
        { path: ['a'], resolve: 'counter' },
        { path: ['deep', 'x'], resolve: 'theirs' },
        { path: ['deep', '*'], resolve: 'ours' },
        { path: ['b'], resolve: ({ theirs, ours }) => ({ kind: 'value', value: [theirs ?? null, ours ?? null] }) },
      ],
    });
    expect(result.kind).toBe('merged');
    expect(engine.head(main).tree.value()).toEqual({ a: 111, b: [5, 6], list: [1, 2, 3], deep: { x: 7, y: 8 } });
  });

  test('V8: lists merge where each side changed another place', () => {
    const { engine, branch } = start();
    commit(engine, branch, (state) => (state.list as number[]).push(4));
    commit(engine, main, (state) => (state.list as number[]).shift());
    expect(engine.mergeStates(branch, main).kind).toBe('merged');
    expect(engine.head(main).tree.get(['list'])).toEqual([2, 3, 4]);
    commit(engine, branch, (state) => (state.list as number[]).push(5));
    commit(engine, main, (state) => (state.list as number[]).push(6));
    const result = engine.mergeStates(branch, main);
    expect(result).toMatchObject({ kind: 'conflicts', conflicts: [{ path: ['list'] }] });
  });

  test('V8: items that both sides changed merge field by field, and what moved stays moved', () => {
    const items = [1, 2, 3, 4].map((n) => ({ n, text: 'x', score: 0 }));
    const base = treeOf({ items });
    const edited = (work: (state: { items: { n: number; text: string; score: number }[] }) => void) => {
      const draft = draftOf(base);
      work(draft.state as { items: typeof items });
      return draft.finish().tree;
    };
    const source = edited((state) => {
      (state.items[1] as { score: number }).score = 5;
      state.items.push({ n: 5, text: 'x', score: 0 });
    });
    const target = edited((state) => {
      (state.items[1] as { text: string }).text = 'y';
      state.items.shift();
    });
    const { tree, conflicts } = mergeTrees({ base, source, target });
    expect(conflicts.length).toBeLessThanOrEqual(1);
    const apart = mergeTrees({ base, source, target: edited((state) => ((state.items[1] as { text: string }).text = 'y')) });
    expect(apart.conflicts).toEqual([]);
    expect(apart.tree.get(['items', 1])).toEqual({ n: 2, text: 'y', score: 5 });
    expect(apart.tree.get(['items', 4])).toEqual({ n: 5, text: 'x', score: 0 });
    expect(base.value()).toEqual({ items });
    expect(tree.get(['items'])).toBeDefined();
    const clash = mergeTrees({ base, source, target: edited((state) => ((state.items[1] as { score: number }).score = 6)) });
    expect(clash.conflicts).toEqual([{ path: ['items', 1, 'score'], kind: 'update-update', base: 0, theirs: 5, ours: 6 }]);
    expect(codeOf(() => mergeTrees({ base, source, target: treeOf(1, { addressKey: new Uint8Array(32) }) }))).toBe('invalid-input');
  });

  test('V8: a merge holds what either side changed alone, and does not depend on the direction but for conflicts', () => {
    const edits = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.nat(3), { noNullPrototype: true });
    fc.assert(
      fc.property(edits, edits, edits, (base, one, two) => {
        const sides = [one, two].map((edit) => ({ ...base, ...edit }));
        const merged = [0, 1].map((first) => {
          const engine = new StateEngine();
          const branch = engine.branchState(engine.createCheckpoint(agent, treeOf({ ...base })).id, 'try');
          engine.createCheckpoint(agent, treeOf(sides[first]), 'try');
          engine.createCheckpoint(agent, treeOf(sides[1 - first]));
          return engine.mergeStates(branch, main);
        });
        expect(merged[0]?.kind === 'conflicts').toBe(merged[1]?.kind === 'conflicts');
        const [left, right] = merged.map((result) => ('checkpoint' in result ? result.checkpoint.tree.root() : ''));
        expect(left).toBe(right);
        for (const key of ['a', 'b', 'c', 'd', 'e']) {
          const [result] = merged;
          if (result === undefined || !('checkpoint' in result)) continue;
          const mine = sides[0]?.[key];
          const expected = mine === base[key] ? sides[1]?.[key] : mine;
          expect(result.checkpoint.tree.get([key])).toBe(expected);
        }
      }),
      { numRuns: 200 },
    );
  });
});
