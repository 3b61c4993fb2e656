import { agentId } from '@skep/kernel';
import { type Checkpoint, type CheckpointId, type MergeRule, StateEngine, type Tree, treeOf } from '@skep/state';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf, objectOf } from '../arbitrary.js';
import { agent, BRANCHES, histories, originsOf, played } from './histories.js';

const other = agentId({ tenant: 'default', kind: 'counter', name: 'a2' });
const set = (tree: Tree, key: string, value: number) => tree.apply([{ kind: 'create', path: [key], new: value }]);

function start() {
  const engine = new StateEngine();
  const first = engine.createCheckpoint(agent, treeOf({ a: 1, deep: { x: 1, y: 1 }, list: [{ n: 1 }, { n: 2 }] }), 'main', { note: 'first' });
  const commit = (branch: string, change: (tree: Tree) => Tree, cause: string): Checkpoint =>
    engine.createCheckpoint(agent, change(engine.head({ agent, name: branch }).tree), branch, { cause });
  return { engine, graph: engine.versions(agent), first, commit };
}

describe('V1: the version graph', () => {
  test('V1: the log has what a branch comes from, the newest first, merged branches included, and is bounded', () => {
    fc.assert(
      fc.property(histories, fc.integer({ min: 1, max: 20 }), (steps, limit) => {
        const { engine } = played(steps);
        const graph = engine.versions(agent);
        for (const branch of BRANCHES) {
          const head = graph.mustGetHead(branch);
          const expected = [...originsOf(engine, head)].sort((one, two) => two.number - one.number);
          expect(graph.log({ branch, limit })).toEqual(expected.slice(0, limit));
          expect([...graph.ancestors(head)]).toEqual(expected.slice(1));
        }
      }),
      { numRuns: 50 },
    );
  });

  test('V1: ancestors are read as far as somebody looks', () => {
    const { graph, commit, first } = start();
    for (let at = 0; at < 5; at += 1) commit('main', (tree) => set(tree, 'n', at), `event ${at}`);
    const causes: (string | undefined)[] = [];
    for (const { provenance } of graph.ancestors(graph.mustGetHead().id)) {
      causes.push(provenance.cause);
      if (causes.length === 2) break;
    }
    expect(causes).toEqual(['event 3', 'event 2']);
    expect([...graph.ancestors(first)]).toEqual([]);
    expect(graph.log().at(-1)?.provenance).toEqual({ note: 'first' });
  });

  test('V1: tags name checkpoints for good; they are listed by name', () => {
    const { graph, commit, first } = start();
    const second = commit('main', (tree) => set(tree, 'n', 1), 'event');
    expect(graph.tag('stable', first.id)).toEqual({ name: 'stable', checkpoint: first });
    expect(graph.tag('stable', first).checkpoint).toBe(first);
    graph.tag('best', second);
    expect(graph.tags()).toEqual([
      { name: 'best', checkpoint: second },
      { name: 'stable', checkpoint: first },
    ]);
    expect(graph.tagged('best')).toBe(second);
    expect(codeOf(() => graph.tag('best', first))).toBe('invalid-input');
    expect(codeOf(() => graph.tag('', first))).toBe('invalid-id');
    expect(codeOf(() => graph.tag('x'.repeat(200), first))).toBe('invalid-id');
    expect(codeOf(() => graph.tag('other', 'nothing' as CheckpointId))).toBe('unknown-checkpoint');
    expect(graph.untag('best')).toBe(second);
    expect(graph.untag('best')).toBeUndefined();
    expect(graph.tag('best', first).checkpoint).toBe(first);
  });

  test('V1: a head moves only from where it was seen', () => {
    const { engine, graph, commit, first } = start();
    const second = commit('main', (tree) => set(tree, 'n', 1), 'event');
    expect(graph.moveHead('main', { from: first, to: first })).toEqual({ kind: 'conflict', head: second });
    expect(graph.moveHead('main', { from: second.id, to: first.id })).toEqual({ kind: 'moved', checkpoint: first });
    expect(graph.moveHead('new', { from: first, to: second })).toEqual({ kind: 'conflict', head: undefined });
    expect(graph.moveHead('new', { from: undefined, to: second })).toEqual({ kind: 'moved', checkpoint: second });
    expect(graph.moveHead('new', { from: undefined, to: second })).toEqual({ kind: 'conflict', head: second });
    expect(codeOf(() => graph.moveHead('', { from: undefined, to: second }))).toBe('invalid-id');
    const stranger = engine.createCheckpoint(other, treeOf({}));
    expect(codeOf(() => graph.moveHead('main', { from: first, to: stranger }))).toBe('unknown-checkpoint');
    expect(codeOf(() => graph.moveHead('main', { from: first, to: stranger.id }))).toBe('unknown-checkpoint');
  });

  test('V1: branches are listed and deleted; their checkpoints stay', () => {
    const { engine, graph, commit, first } = start();
    engine.branchState(first, 'try');
    const tried = commit('try', (tree) => set(tree, 'n', 1), 'event');
    expect(graph.branches()).toEqual(['main', 'try']);
    expect(graph.deleteBranch('try')).toBe(tried);
    expect(graph.branches()).toEqual(['main']);
    expect(graph.get(tried.id)).toBe(tried);
    expect(codeOf(() => graph.deleteBranch('try'))).toBe('unknown-checkpoint');
    expect(codeOf(() => graph.deleteBranch('main'))).toBe('invalid-input');
    expect(codeOf(() => graph.log({ branch: 'try' }))).toBe('unknown-checkpoint');
    const elsewhere = new StateEngine();
    elsewhere.createCheckpoint(agent, treeOf({}), 'side');
    expect(elsewhere.listBranches(agent)).toEqual(['side']);
  });

  test('V1: a collapse happens only from where the main branch was seen, and can be undone', () => {
    const { engine, commit, first } = start();
    engine.branchState(first.id, 'try');
    const tried = commit('try', (tree) => set(tree, 'n', 1), 'event');
    expect(engine.observeState(tried, { expected: first })).toEqual({ checkpoint: tried, previous: first });
    expect(codeOf(() => engine.observeState(tried, { expected: first.id }))).toBe('version-conflict');
    expect(engine.observeState(first, { expected: tried.id }).checkpoint).toBe(first);
    expect(codeOf(() => engine.observeState(new StateEngine().createCheckpoint(agent, treeOf({}))))).toBe('unknown-checkpoint');
  });
});

describe('V1: blame', () => {
  test('V1: names the checkpoint that wrote what is at a path, with its cause', () => {
    const { graph, commit, first } = start();
    const x = commit('main', (tree) => tree.apply([{ kind: 'update', path: ['deep', 'x'], new: 2 }]), 'event x');
    const n = commit('main', (tree) => set(tree, 'n', 1), 'event n');
    const gone = commit('main', (tree) => tree.apply([{ kind: 'delete', path: ['a'] }]), 'event a');
    expect(graph.blame(['deep', 'x'])).toBe(x);
    expect(graph.blame(['deep'])?.provenance.cause).toBe('event x');
    expect(graph.blame(['deep', 'y'])).toBe(first);
    expect(graph.blame(['n'])).toBe(n);
    expect(graph.blame(['a'])).toBe(gone);
    expect(graph.blame([])).toBe(gone);
    expect(graph.blame(['nothing'])).toBeUndefined();
    expect(graph.blame(['list', 1, 'n'])).toBe(first);
  });

  test('V1: follows whichever branch had it before a merge, and the merge itself where it had to be joined', () => {
    const { engine, graph, commit, first } = start();
    engine.branchState(first, 'try');
    const theirs = commit('try', (tree) => tree.apply([{ kind: 'update', path: ['deep', 'x'], new: 5 }]), 'there');
    const ours = commit('main', (tree) => tree.apply([{ kind: 'update', path: ['deep', 'y'], new: 6 }]), 'here');
    engine.mergeStates({ agent, name: 'try' }, { agent, name: 'main' }, { provenance: { note: 'joined' } });
    expect(graph.blame(['deep', 'x'])).toBe(theirs);
    expect(graph.blame(['deep', 'y'])).toBe(ours);
    expect(graph.blame(['deep'])?.provenance).toEqual({ note: 'joined' });
    expect(graph.blame(['a'])).toBe(first);
    expect(graph.blame(['deep', 'x'], 'try')).toBe(theirs);
  });

  test('V8: the last writer is told by the place, not by who wrote anything last', () => {
    const engine = new StateEngine();
    const at = (ms: number) => ({ clock: { ms, counter: 0 } });
    const first = engine.createCheckpoint(agent, treeOf({ a: 1, b: 1, list: [{ id: 'x', n: 1 }] }), 'main', at(1));
    engine.branchState(first, 'try');
    const write = (branch: string, ms: number, path: (string | number)[], value: number) => {
      const { tree } = engine.head({ agent, name: branch });
      engine.createCheckpoint(agent, tree.apply([{ kind: 'update', path, new: value }]), branch, at(ms));
    };
    write('main', 2, ['a'], 2);
    write('try', 3, ['a'], 3);
    write('try', 4, ['b'], 4);
    write('main', 5, ['list', 0, 'n'], 5);
    write('try', 6, ['list', 0, 'n'], 6);
    write('main', 7, ['b'], 7);
    const rules: readonly MergeRule[] = [
      { path: ['list'], resolve: { kind: 'list-by-id', key: 'id' } },
      { path: ['*'], resolve: 'last-writer' },
      { path: ['list', '*', 'n'], resolve: 'last-writer' },
    ];
    expect(engine.mergeStates({ agent, name: 'try' }, { agent, name: 'main' }, { rules }).kind).toBe('merged');
    expect(engine.head({ agent, name: 'main' }).tree.value()).toEqual({ a: 3, b: 7, list: [{ id: 'x', n: 6 }] });
  });

  test('V1: as a dumb search finds it, in any history', () => {
    const changes = fc.array(fc.record({ key: fc.nat(19), value: fc.option(fc.nat(2)), branch: fc.nat(1), merge: fc.boolean() }), { maxLength: 30 });
    fc.assert(
      fc.property(changes, (steps) => {
        const engine = new StateEngine();
        const first = engine.createCheckpoint(agent, treeOf(objectOf(Array.from({ length: 20 }, (_, at) => [`k${at}`, 0] as const))));
        engine.branchState(first, 'b1');
        for (const { key, value, branch, merge } of steps) {
          const [here, there] = branch === 0 ? ['main', 'b1'] : ['b1', 'main'];
          if (merge) engine.mergeStates({ agent, name: there }, { agent, name: here }, { rules: [{ path: ['*'], resolve: 'theirs' }] });
          else {
            const { tree } = engine.head({ agent, name: here });
            const path = [`k${key}`];
            if (value !== null) engine.createCheckpoint(agent, tree.apply([{ kind: 'create', path, new: value }]), here);
            else if (tree.has(path)) engine.createCheckpoint(agent, tree.apply([{ kind: 'delete', path }]), here);
          }
        }
        const graph = engine.versions(agent);
        for (let key = 0; key < 20; key += 1) {
          const path = [`k${key}`];
          let expected: Checkpoint | undefined = graph.mustGetHead();
          for (;;) {
            const value: unknown = expected.tree.get(path);
            const same: CheckpointId | undefined = expected.parents.find((parent) => graph.get(parent).tree.get(path) === value);
            if (same === undefined) break;
            expected = graph.get(same);
          }
          expect(graph.blame(path)).toBe(expected);
        }
      }),
      { numRuns: 60 },
    );
  });
});
