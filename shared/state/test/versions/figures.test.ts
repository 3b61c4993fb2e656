import { agentId, LIMITS, SkepError } from '@skep/kernel';
import {
  type Checkpoint,
  type CheckpointId,
  type KeptCheckpoint,
  memoryNodeStore,
  type NodeStore,
  StateEngine,
  type Tree,
  treeOf,
} from '@skep/state';
import { describe, expect, test } from 'vitest';
import { STATE_S } from '../arbitrary.js';
import { nodeStoreSuite } from './node-store-suite.js';

const agent = agentId({ tenant: 'default', kind: 'counter', name: 'a1' });

/** Work that was put off, done when the test says so. */
function deferred() {
  const work: (() => void)[] = [];
  return {
    schedule: (each: () => void) => void work.push(each),
    waiting: () => work.length,
    run: () => {
      for (const each of work.splice(0)) each();
    },
  };
}

function counted(engine: StateEngine, count: number): readonly Checkpoint[] {
  let tree: Tree = treeOf(STATE_S);
  return Array.from({ length: count }, (_, at) => {
    tree = tree.apply([{ kind: 'update', path: ['step'], new: at }]);
    return engine.createCheckpoint(agent, tree);
  });
}

nodeStoreSuite('in memory', () => memoryNodeStore());

describe('V1: frozen, sealed, durable', () => {
  test('V1: a root is computed when it was asked for, together with the others of that moment', async () => {
    const { schedule, waiting, run } = deferred();
    const engine = new StateEngine({ schedule });
    const checkpoints = counted(engine, 600);
    expect(waiting()).toBe(0);
    const roots = checkpoints.map((checkpoint) => checkpoint.root);
    expect(checkpoints[0]?.root).toBe(roots[0]);
    expect(waiting()).toBe(1);
    // In goes, so that others have their turn in between.
    let goes = 0;
    for (; waiting() > 0; goes += 1) run();
    expect(goes).toBe(3);
    expect(await Promise.all(roots)).toEqual(checkpoints.map(({ tree }) => treeOf(tree.value()).root()));
    expect(checkpoints[7]?.seal()).toBe(await checkpoints[7]?.root);
  });

  test('V1: without a schedule of its own an engine seals at the end of the code that runs', async () => {
    const engine = new StateEngine();
    const [checkpoint] = counted(engine, 1);
    expect(await checkpoint?.root).toBe(checkpoint?.tree.root());
    expect(await checkpoint?.durable).toBe('memory');
  });

  test('V1: a damaged part makes its own root fail and no other', async () => {
    const { schedule, run } = deferred();
    const engine = new StateEngine({ schedule });
    const broken = treeOf({ n: 1 });
    broken.root = () => {
      throw new SkepError('corrupt', { message: 'damaged' });
    };
    const [bad, good] = [engine.createCheckpoint(agent, broken), engine.createCheckpoint(agent, treeOf({ n: 2 }))];
    const roots = Promise.allSettled([bad.root, good.root]);
    run();
    expect((await roots).map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });

  test('V1: what becomes durable while the store works goes to it together, in order, on top of what it has', async () => {
    const { schedule, run } = deferred();
    const calls: { readonly kept: readonly KeptCheckpoint[]; readonly done: () => void }[] = [];
    const store: NodeStore = {
      level: 'local',
      put: (kept) => new Promise((done) => calls.push({ kept, done })),
      get: async () => undefined,
    };
    const engine = new StateEngine({ store, schedule });
    const checkpoints = counted(engine, 10) as [Checkpoint, Checkpoint, Checkpoint, Checkpoint, ...Checkpoint[]];
    const first = checkpoints[1].durable;
    run();
    expect(calls.map(({ kept }) => kept.map(({ number }) => number))).toEqual([[2]]);
    const rest = [checkpoints[9], checkpoints[3], checkpoints[2]].map((checkpoint) => checkpoint?.durable);
    calls[0]?.done();
    expect(await first).toBe('local');
    expect(calls[1]?.kept.map(({ number, base }) => [number, base?.id])).toEqual([
      [3, checkpoints[1].id],
      [4, checkpoints[2].id],
      [10, checkpoints[3].id],
    ]);
    expect(calls[0]?.kept[0]).toMatchObject({ parents: [checkpoints[0].id], root: checkpoints[1].seal(), base: undefined });
    calls[1]?.done();
    expect(await Promise.all(rest)).toEqual(['local', 'local', 'local']);
    expect(checkpoints[3].durable).toBe(rest[1]);
  });

  test('V1: what the store refused can be tried again', async () => {
    let isFull = true;
    const inner = memoryNodeStore();
    const store: NodeStore = {
      level: 'local',
      put: async (kept) => {
        if (isFull) throw new SkepError('disk-full', { message: 'no room' });
        await inner.put(kept);
      },
      get: inner.get,
    };
    const engine = new StateEngine({ store });
    const [one, two] = counted(engine, 2) as [Checkpoint, Checkpoint];
    expect((await Promise.allSettled([one.durable, two.durable])).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    isFull = false;
    expect(await one.durable).toBe('local');
    expect((await store.get(one.id))?.root()).toBe(one.seal());
    expect(await store.get(two.id)).toBeUndefined();
  });

  test('V1: what is wrong with one state keeps no other from becoming durable', async () => {
    const damaged = treeOf({ n: 'damaged' });
    damaged.root = () => {
      throw new SkepError('corrupt', { message: 'damaged' });
    };
    const engine = new StateEngine({ store: memoryNodeStore() });
    const other = agentId({ tenant: 'other', kind: 'counter', name: 'a1' });
    const [bad, good] = [engine.createCheckpoint(agent, damaged), engine.createCheckpoint(other, treeOf({ n: 1 }))];
    const [first, second] = await Promise.allSettled([bad.durable, good.durable]);
    expect(first).toMatchObject({ status: 'rejected', reason: { code: 'corrupt' } });
    expect(second).toEqual({ status: 'fulfilled', value: 'memory' });
  });

  test('V1, G13: a state that could not be read again is not called durable', async () => {
    const text = 'x'.repeat(LIMITS.stateBytes / 4);
    const engine = new StateEngine({ store: memoryNodeStore() });
    const checkpoint = engine.createCheckpoint(agent, treeOf([text, text, text, text]));
    await expect(checkpoint.durable).rejects.toMatchObject({ code: 'payload-too-large', id: checkpoint.id });
    engine.createCheckpoint(agent, treeOf(0));
    expect(engine.versions(agent).release(0)).toBe(0);
  });

  test('V1, G13: of a state that was let go nobody is told that memory has it; its root is rejected, and told once it is back', async () => {
    const engine = new StateEngine();
    const [first] = counted(engine, 2) as [Checkpoint];
    expect(engine.versions(agent).release(1)).toBe(1);
    const gone = expect.objectContaining({ code: 'unknown-checkpoint', id: first.id });
    await expect(first.durable).rejects.toEqual(gone);
    await expect(first.root).rejects.toEqual(gone);
    first.hold(treeOf({ n: 1 }));
    expect(await first.root).toBe(treeOf({ n: 1 }).root());
    expect(await first.durable).toBe('memory');
  });

  test('V1: a state is recalled from the store where the engine does not have it', async () => {
    const store = memoryNodeStore();
    const [checkpoint] = counted(new StateEngine({ store }), 1) as [Checkpoint];
    await checkpoint.durable;
    const later = new StateEngine({ store });
    expect((await later.recallState(checkpoint.id)).root()).toBe(checkpoint.seal());
    const own = later.createCheckpoint(agent, treeOf({ n: 1 }));
    expect(await later.recallState(own.id)).toBe(own.tree);
    const nothing = await Promise.allSettled([later.recallState('default/counter/a1#77' as CheckpointId), new StateEngine().recallState(own.id)]);
    expect(nothing.map((each) => (each.status === 'rejected' ? (each.reason as SkepError).code : each.status))).toEqual([
      'unknown-checkpoint',
      'unknown-checkpoint',
    ]);
  });

  test('V1: states are let go but for the newest, heads, tags and merge bases; the store brings them back', async () => {
    const store = memoryNodeStore();
    const engine = new StateEngine({ store });
    const graph = engine.versions(agent);
    const checkpoints = counted(engine, 50);
    const at = (number: number) => checkpoints[number - 1] as Checkpoint;
    engine.branchState(at(20), 'try');
    engine.createCheckpoint(agent, at(20).tree.apply([{ kind: 'update', path: ['goal'], new: 'another' }]), 'try');
    graph.tag('good', at(10));
    expect(graph.release(5)).toBe(0);
    await Promise.all(checkpoints.slice(0, 48).map(({ durable }) => durable));
    // 51 in all: the newest five, the head of main, the base and the tag stay.
    expect(graph.release(5)).toBe(44);
    expect(graph.release(5)).toBe(0);
    expect([10, 20, 47, 50].map((number) => at(number).isHeld)).toEqual([true, true, true, true]);
    expect(engine.mergeStates({ agent, name: 'try' }, { agent, name: 'main' }).kind).toBe('merged');
    expect(() => engine.restoreState(at(7))).toThrow(
      expect.objectContaining({ code: 'unknown-checkpoint', remedy: expect.stringContaining('recall') }),
    );
    for (const work of [
      () => engine.observeState(at(7)),
      () => engine.branchState(at(7), 'old'),
      () => graph.moveHead('main', { from: graph.head(), to: at(7) }),
    ]) {
      expect(work).toThrow(expect.objectContaining({ code: 'unknown-checkpoint' }));
    }
    expect(graph.branches()).toEqual(['main', 'try']);
    const recalled = await engine.recallState(at(7).id);
    expect(recalled.get(['step'])).toBe(6);
    expect(engine.restoreState(at(7))).toBe(recalled);
    expect(graph.log({ limit: 60 })).toHaveLength(52);
    const alone = new StateEngine();
    counted(alone, 10);
    expect(alone.versions(agent).release(1)).toBe(9);
    expect(new StateEngine().versions(agent).release(1)).toBe(0);
  });

  test('V14: a store of trees under an address key needs that key', async () => {
    const addressKey = new Uint8Array(32).fill(7);
    const engine = new StateEngine({ store: memoryNodeStore(addressKey) });
    const checkpoint = engine.createCheckpoint(agent, treeOf(STATE_S, { addressKey }));
    expect(await checkpoint.durable).toBe('memory');
    expect((await memoryNodeStore(addressKey).get(checkpoint.id)) === undefined).toBe(true);
    const withoutKey = memoryNodeStore();
    await withoutKey.put([{ id: checkpoint.id, agent, number: 1, parents: [], root: checkpoint.seal(), tree: checkpoint.tree, base: undefined }]);
    await expect(withoutKey.get(checkpoint.id)).rejects.toMatchObject({ code: 'not-configured' });
  });

  test('V2: ten thousand checkpoints of one state are one; of two, each is its own pointer', () => {
    const engine = new StateEngine();
    const trees = [treeOf(STATE_S), treeOf({ ...STATE_S, step: 1 })] as const;
    for (let at = 0; at < 10_000; at += 1) engine.createCheckpoint(agent, trees[0]);
    expect(engine.head({ agent, name: 'main' }).number).toBe(1);
    for (let at = 1; at < 100; at += 1) engine.createCheckpoint(agent, trees[at % 2] as Tree);
    expect(engine.head({ agent, name: 'main' }).number).toBe(100);
    expect(
      engine
        .versions(agent)
        .log({ limit: 3 })
        .map(({ id }) => id),
    ).toEqual(['default/counter/a1#100', 'default/counter/a1#99', 'default/counter/a1#98']);
  });
});
