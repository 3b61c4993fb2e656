import { defineAgent } from '@skep/actor';
import type { Value } from '@skep/kernel';
import { describe, expect, it } from 'vitest';
import type { Intercept } from './controlled-ports.js';
import { codeOf, Door, failure, Hive, id, isSettled, type Life } from './hive.js';

let gate: Door | undefined;
let steps: string[] = [];

const Cell = defineAgent({
  kind: 'cell',
  initial: { count: 0, got: [] as Value[] },
  turnDeadlineMs: 600_000,
  handlers: {
    add(state, by: number) {
      state.count += by;
      return state.count;
    },
    addAndSend(state, { to, what }: { to: string; what: Value }, context) {
      state.count += 1;
      context.send({ kind: 'cell', name: to }, 'take', what);
    },
    addAndSendSlow(state, { to, what }: { to: string; what: Value }, context) {
      state.count += 1;
      context.send({ kind: 'cell', name: to }, 'slowTake', what);
    },
    take(state, what: Value) {
      state.got.push(what);
    },
    async slowTake(state, what: Value) {
      await gate?.passed;
      state.got.push(what);
    },
    beat(state) {
      state.got.push('beat');
    },
    setTimer(_state, afterMs: number, context) {
      context.timer('t', { afterMs }, 'beat');
    },
    async work(state, _input: null, context) {
      await context.step('one', () => steps.push('one'));
      await context.step('two', async () => {
        steps.push('two');
        await gate?.passed;
      });
      state.got.push('worked');
    },
    async askSlow(state, to: string, context) {
      state.got.push(await context.ask({ kind: 'cell', name: to }, 'slowAnswer', 1));
    },
    async slowAnswer(state) {
      await gate?.passed;
      state.got.push('answered');
      return 'answer';
    },
  },
  queries: {
    count: (state) => state.count,
    async slowCount(state) {
      const { count } = state;
      await gate?.passed;
      return count;
    },
  },
});

const A = id('cell', 'a');
const B = id('cell', 'b');

async function hive() {
  gate = undefined;
  steps = [];
  const world = new Hive([Cell]);
  return { world, life: await world.start() };
}

/** The disk is full: the log and the directory refuse for certain. */
function fill({ controls }: Life): void {
  const refuse: Intercept = () => Promise.reject(failure('disk-full'));
  controls.append = refuse;
  controls.update = refuse;
  controls.put = refuse;
}

function empty({ controls }: Life): void {
  controls.append = undefined;
  controls.update = undefined;
  controls.put = undefined;
}

describe('G13: a full disk', () => {
  it('fails callers with disk-full, takes their changes back, and goes on by itself when there is room', async () => {
    const { world, life } = await hive();
    await life.call(A, 'add', 1);
    fill(life);
    const calls = [life.call(A, 'add', 10), life.call(A, 'add', 100), life.call(B, 'add', 1), life.call(A, 'add', -1000)].map(codeOf);
    expect(await Promise.all(calls)).toEqual(['disk-full', 'disk-full', 'disk-full', 'disk-full']);
    empty(life);
    expect(await life.call(A, 'count')).toMatchObject({ value: 1, version: 1 });
    expect(await life.call(A, 'add', 1)).toMatchObject({ value: 2, version: 2 });
    expect(await life.call(B, 'add', 1)).toMatchObject({ value: 1, version: 1 });
    life.crash();
    const next = await world.start();
    expect(await next.call(A, 'count')).toMatchObject({ value: 2, version: 2 });
  });

  it('serves agents that wrote nothing, and reads of what was acknowledged', async () => {
    const { life } = await hive();
    await life.call(A, 'add', 1);
    await life.call(B, 'add', 5);
    fill(life);
    expect(await codeOf(life.call(A, 'add', 10))).toBe('disk-full');
    expect(await life.call(B, 'count')).toMatchObject({ value: 5, version: 1 });
  });

  it('shows no reader a state that the log refused, not even when later records are acknowledged', async () => {
    const { world, life } = await hive();
    await life.call(A, 'add', 1);
    await life.call(B, 'add', 1);
    gate = new Door();
    fill(life);
    const write = codeOf(life.call(A, 'add', 10));
    const read = life.call(A, 'slowCount');
    await isSettled(read);
    expect(await write).toBe('disk-full');
    empty(life);
    await life.call(B, 'add', 1);
    gate.open();
    expect(await world.driven(read)).toMatchObject({ value: 1, version: 1 });
  });

  it('takes back the messages of turns that it refused; those of turns before it arrive once', async () => {
    const { world, life } = await hive();
    await life.call(B, 'add', 0);
    await life.call(A, 'addAndSend', { to: 'b', what: 'kept' });
    await world.clock.advance(0);
    fill(life);
    expect(await codeOf(life.call(A, 'addAndSend', { to: 'b', what: 'taken back' }))).toBe('disk-full');
    empty(life);
    await life.call(A, 'addAndSend', { to: 'b', what: 'after' });
    await world.clock.advance(1_000);
    expect(await life.state(B)).toMatchObject({ got: ['kept', 'after'] });
  });

  it('takes them back from a handler that has begun with one and awaits', async () => {
    const { world, life } = await hive();
    await life.call(A, 'add', 1);
    await life.call(B, 'add', 0);
    gate = new Door();
    fill(life);
    expect(await codeOf(life.call(A, 'addAndSendSlow', { to: 'b', what: 'taken back' }))).toBe('disk-full');
    empty(life);
    await life.call(A, 'addAndSend', { to: 'b', what: 'instead' });
    gate.open();
    await world.clock.advance(1_000);
    expect(await life.state(B)).toMatchObject({ got: ['instead'] });
  });

  it('takes back what a refused turn asked of another agent', async () => {
    const { world, life } = await hive();
    await life.call(A, 'add', 1);
    await life.call(B, 'add', 0);
    gate = new Door();
    fill(life);
    const asked = codeOf(life.call(A, 'askSlow', 'b'));
    await isSettled(asked);
    expect(await asked).toBe('disk-full');
    empty(life);
    gate.open();
    await world.clock.advance(1_000);
    expect(await life.state(B)).toMatchObject({ got: [] });
  });

  it('loses no message that waited for an agent which it threw out of memory', async () => {
    const { world, life } = await hive();
    await life.call(A, 'addAndSend', { to: 'b', what: 0 });
    await world.clock.advance(0);
    gate = new Door();
    const slow = codeOf(life.call(B, 'work'));
    await isSettled(slow);
    // Three committed messages wait behind a turn that awaits.
    for (const what of [1, 2, 3]) await life.call(A, 'addAndSend', { to: 'b', what });
    await world.clock.advance(0);
    fill(life);
    gate.open();
    expect(await slow).toBe('disk-full');
    await world.clock.advance(3_000);
    empty(life);
    await world.clock.advance(60_000);
    expect(await life.state(B)).toMatchObject({ got: [0, 'worked', 1, 2, 3] });
    expect(steps.filter((step) => step === 'one')).toHaveLength(1);
  });

  it('brings agents back for their timers, unsent messages and turns, though nobody calls them', async () => {
    const { world, life } = await hive();
    await life.call(A, 'setTimer', 2_000);
    fill(life);
    expect(await codeOf(life.call(A, 'add', 1))).toBe('disk-full');
    await world.clock.advance(10_000);
    expect(life.node.host.roster.find(A)).toBeUndefined();
    empty(life);
    await world.clock.advance(6_000);
    expect(life.node.host.roster.find(A)?.ready.tree.value()).toMatchObject({ got: ['beat'] });
  });

  it('keeps nobody from closing', async () => {
    const { world, life } = await hive();
    await life.call(A, 'add', 1);
    fill(life);
    const call = codeOf(life.call(A, 'add', 1));
    await world.driven(life.node.close());
    expect(['disk-full', 'closed']).toContain(await call);
  });

  it('refuses a start, and the next one finds everything', async () => {
    const { world, life } = await hive();
    await life.call(A, 'add', 1);
    life.crash();
    const { update } = world.ports.registry;
    world.ports.registry.update = () => Promise.reject(failure('disk-full'));
    expect(await codeOf(world.start())).toBe('disk-full');
    world.ports.registry.update = update;
    const next = await world.start();
    expect(await next.call(A, 'count')).toMatchObject({ value: 1 });
  });
});

describe('L8: an append whose outcome is unknown', () => {
  it.each(['it happened', 'it did not'] as const)('is settled by the log when %s: each call takes effect once', async (truth) => {
    const { world, life } = await hive();
    await life.call(A, 'add', 1);
    let doubts = 0;
    life.controls.append = async (run) => {
      doubts += 1;
      if (doubts > 3) return run();
      if (truth === 'it happened') await run();
      throw failure('outcome-unknown');
    };
    const calls = Promise.all([life.call(A, 'add', 1), life.call(B, 'add', 1), life.call(A, 'add', 1)]);
    expect(await world.driven(calls)).toMatchObject([{ value: 2 }, { value: 1 }, { value: 3 }]);
    life.crash();
    const next = await world.start();
    expect(await next.call(A, 'count')).toMatchObject({ value: 3, version: 3 });
    expect((await world.records(A)).map((record) => record.position)).toEqual([1, 2, 3]);
  });

  it('followed by a certain refusal of the second attempt is still settled by what the log says', async () => {
    const { world, life } = await hive();
    await life.call(A, 'add', 1);
    let attempts = 0;
    life.controls.append = async (run) => {
      attempts += 1;
      if (attempts === 1) throw failure('outcome-unknown');
      if (attempts < 5) throw failure('disk-full');
      return run();
    };
    expect(await world.driven(life.call(A, 'add', 1))).toMatchObject({ value: 2, version: 2 });
  });
});

describe('G11: the blob store', () => {
  it('that fails loses nothing: the log keeps everything until a snapshot succeeds', async () => {
    const { world, life } = await hive();
    await life.call(A, 'add', 1);
    life.controls.put = () => Promise.reject(failure('unavailable'));
    await world.driven(life.node.host.settleAll());
    await life.call(A, 'add', 1);
    expect((await world.entryOf(life.node, A))?.snapshot).toBeNull();
    life.controls.put = undefined;
    await world.driven(life.node.host.settleAll());
    expect((await world.entryOf(life.node, A))?.snapshot).toMatchObject({ position: 2, version: 2 });
    life.crash();
    expect(await (await world.start()).call(A, 'count')).toMatchObject({ value: 2 });
  });

  it('that cannot be read for a while fails calls with its error; the agent is served as soon as it can', async () => {
    const { world, life } = await hive();
    await life.call(A, 'add', 1);
    await world.driven(life.node.host.settleAll());
    life.crash();
    const { get } = world.ports.blob;
    world.ports.blob.get = () => Promise.reject(failure('unavailable'));
    const next = await world.start();
    expect(await codeOf(next.call(A, 'add', 1))).toBe('unavailable');
    expect(await codeOf(next.call(A, 'add', 1))).toBe('unavailable');
    expect(await codeOf(next.state(A))).toBe('unavailable');
    world.ports.blob.get = get;
    expect(await next.call(A, 'add', 1)).toMatchObject({ value: 2, version: 2 });
  });

  it('that lost a snapshot stops that agent with an alarm, every time, and no other', async () => {
    const { world, life } = await hive();
    await life.call(A, 'add', 1);
    await life.call(B, 'add', 1);
    await world.driven(life.node.host.settleAll());
    const blob = (await world.entryOf(life.node, A))?.snapshot?.blob;
    if (blob === undefined) throw new Error('it was settled');
    await world.ports.blob.delete(blob);
    life.crash();
    const next = await world.start();
    expect(await codeOf(next.call(A, 'add', 1))).toBe('agent-corrupt');
    expect(await codeOf(next.call(A, 'count'))).toBe('agent-corrupt');
    expect(next.node.alarms.get(A)).toMatchObject({ code: 'agent-corrupt' });
    expect(await next.call(B, 'add', 1)).toMatchObject({ value: 2 });
  });
});
