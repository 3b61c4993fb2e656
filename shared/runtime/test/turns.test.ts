import { defineAgent } from '@skep/actor';
import type { Value } from '@skep/kernel';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { codeOf, Door, Hive, id, isSettled } from './hive.js';

interface Document {
  count: number;
  tags: string[];
  deep: { [name: string]: { score: number } };
}

const doors: Door<number>[] = [];
const order: string[] = [];

const Doc = defineAgent({
  kind: 'doc',
  initial: (): Document => ({ count: 0, tags: [], deep: {} }),
  schema: z.object({ count: z.number().max(100), tags: z.array(z.string()), deep: z.record(z.string(), z.object({ score: z.number() })) }),
  inputs: { add: z.number().int() },
  handlers: {
    add(state, by: number) {
      state.count += by;
      return state.count;
    },
    edit(state, name: string, context) {
      state.tags.push(name);
      state.tags[0] = `${state.tags[0]}!`;
      state.deep[name] = { score: 1 };
      context.emit('edited', { name });
    },
    drop(state, name: string) {
      delete state.deep[name];
      state.tags.shift();
    },
    halfway(state) {
      state.count += 1;
      throw new Error('no further');
    },
    tooMuch(state) {
      state.count = 1_000;
    },
    odd() {
      return { when: () => 1 };
    },
    echo(state) {
      return state.tags;
    },
    mutate(state, input: { list: number[] }) {
      input.list.push(state.count);
      return input;
    },
    async slow(state, by: number) {
      order.push(`slow ${by} begins`);
      const door = new Door<number>();
      doors.push(door);
      state.count += await door.passed;
      order.push(`slow ${by} ends`);
      return state.count;
    },
    look(state) {
      return state.count;
    },
  },
  queries: {
    total: (state) => state.count,
    whole: (state) => state,
  },
});

const A = id('doc', 'a');

async function hive() {
  doors.length = 0;
  order.length = 0;
  const world = new Hive([Doc]);
  return { world, life: await world.start() };
}

describe('P1 O6: a turn', () => {
  it('changes the state by one version and one record, with the changes that the handler made', async () => {
    const { world, life } = await hive();
    expect(await life.call(A, 'add', 2)).toEqual({ value: 2, version: 1, level: 'memory' });
    await life.call(A, 'edit', 'x');
    await life.call(A, 'edit', 'y');
    expect((await life.call(A, 'drop', 'x')).version).toBe(4);
    expect(await life.state(A)).toEqual({ count: 2, tags: ['y'], deep: { y: { score: 1 } } });
    expect((await world.records(A)).map(({ kind, version, position }) => [kind, version, position])).toEqual([
      ['turn', 1, 1],
      ['turn', 2, 2],
      ['turn', 3, 3],
      ['turn', 4, 4],
    ]);
  });

  it('P2: tells its events with source, cause, time and field-level changes, old and new', async () => {
    const { world, life } = await hive();
    const slot = world.operation();
    await life.call(A, 'add', 2);
    await life.call(A, 'edit', 'x', { slot, correlation: 'root' });
    await life.call(A, 'edit', 'y');
    const found = await life.node.host.reading(A);
    if (found === undefined) throw new Error('it exists');
    const events = await life.node.host.historian.events(found, { from: 2 });
    expect(events).toEqual([
      {
        id: `${A}#2.0`,
        type: 'edit',
        agent: A,
        position: 2,
        version: 2,
        timeMs: expect.any(Number),
        causationId: slot.id,
        correlationId: 'root',
        source: 'call',
        data: null,
        changes: [
          { kind: 'create', path: ['deep', 'x'], new: { score: 1 } },
          { kind: 'create', path: ['tags', 0], new: 'x!' },
        ],
      },
      expect.objectContaining({ id: `${A}#2.1`, type: 'edited', data: { name: 'x' }, changes: [] }),
      expect.objectContaining({
        id: `${A}#3.0`,
        changes: expect.arrayContaining([{ kind: 'update', path: ['tags', 0], old: 'x!', new: 'x!!' }]),
      }),
      expect.objectContaining({ id: `${A}#3.1` }),
    ]);
  });

  it('that fails changes nothing, and the agent goes on', async () => {
    const { life } = await hive();
    await life.call(A, 'add', 1);
    expect(await codeOf(life.call(A, 'halfway'))).toBe('handler-failed');
    expect(await life.call(A, 'add', 1)).toMatchObject({ value: 2, version: 2 });
  });

  it('whose state, input or result is refused changes nothing and says what is wrong (G13)', async () => {
    const { world, life } = await hive();
    await life.call(A, 'add', 1);
    await expect(life.call(A, 'tooMuch')).rejects.toMatchObject({ code: 'invalid-state', message: expect.stringContaining('count') });
    await expect(life.call(A, 'add', 'one')).rejects.toMatchObject({ code: 'invalid-input', message: expect.stringContaining('doc.add') });
    await expect(life.call(A, 'odd')).rejects.toMatchObject({ code: 'invalid-value' });
    expect(await codeOf(life.call(A, 'nothing'))).toBe('unknown-method');
    expect(await codeOf(life.call(id('ghost', 'a'), 'add', 1))).toBe('unknown-kind');
    expect(await world.records(A)).toHaveLength(1);
  });

  it('that changed nothing makes no record, and its reply says the version that it saw', async () => {
    const { world, life } = await hive();
    await life.call(A, 'add', 3);
    expect(await life.call(A, 'look')).toMatchObject({ value: 3, version: 1 });
    expect(await life.call(A, 'add', 0)).toMatchObject({ value: 3, version: 1 });
    expect(await world.records(A)).toHaveLength(1);
  });

  it('returns a part of its draft as it is at the end', async () => {
    const { life } = await hive();
    await life.call(A, 'edit', 'x');
    expect(await life.ask(A, 'echo')).toEqual(['x!']);
  });

  it('T3: owns its input: what it does to it reaches nobody else', async () => {
    const { life } = await hive();
    const input = { list: [1] };
    expect(await life.ask(A, 'mutate', input)).toEqual({ list: [1, 0] });
    expect(input).toEqual({ list: [1] });
  });
});

describe('T1: turns of one agent', () => {
  it('come one after the other, in the order of their calls, also when nobody awaits', async () => {
    const { life } = await hive();
    const replies = await Promise.all(Array.from({ length: 200 }, (_, at) => life.call(A, 'add', at % 2)));
    expect(replies.map((reply) => reply.value)).toEqual(Array.from({ length: 200 }, (_, at) => Math.floor((at + 1) / 2)));
  });

  it('wait for one that awaits, while other agents go on', async () => {
    const { life } = await hive();
    const slow = [life.call(A, 'slow', 1), life.call(A, 'slow', 2)];
    const after = life.call(A, 'add', 5);
    expect((await life.call(id('doc', 'b'), 'add', 1)).value).toBe(1);
    expect(await isSettled(after)).toBe(false);
    expect(order).toEqual(['slow 1 begins']);
    doors[0]?.open(10);
    await slow[0];
    expect(await isSettled(after)).toBe(false);
    doors[1]?.open(20);
    expect((await after).value).toBe(35);
    expect(order).toEqual(['slow 1 begins', 'slow 1 ends', 'slow 2 begins', 'slow 2 ends']);
  });
});

describe('Q3: queries', () => {
  it('during an awaiting turn see the last committed state', async () => {
    const { life } = await hive();
    await life.call(A, 'add', 1);
    const slow = life.call(A, 'slow', 1);
    await isSettled(slow);
    expect(await life.call(A, 'total')).toMatchObject({ value: 1, version: 1 });
    expect(await life.state(A)).toMatchObject({ count: 1 });
    doors[0]?.open(4);
    await slow;
    expect(await life.call(A, 'total')).toMatchObject({ value: 5, version: 2 });
  });

  it('see the calls that were made before them, awaited or not', async () => {
    const { life } = await hive();
    void life.call(A, 'add', 1);
    void life.call(A, 'add', 1);
    expect(await life.ask(A, 'total')).toBe(2);
  });

  it('do not wait behind a turn that begins to await: neither they nor who asked them would ever end', async () => {
    const { life } = await hive();
    await life.call(A, 'add', 1);
    const slow = life.call(A, 'slow', 1);
    const query = life.call(A, 'total');
    expect((await query).value).toBe(1);
    doors[0]?.open(1);
    await slow;
  });

  it('of an agent that does not exist answer from its initial state at version 0, and create nothing', async () => {
    const { world, life } = await hive();
    expect(await life.call(A, 'whole')).toEqual({ value: { count: 0, tags: [], deep: {} }, version: 0, level: 'memory' });
    expect(await life.state(A)).toEqual({ count: 0, tags: [], deep: {} });
    expect(await world.ports.registry.list('directory/')).toEqual([]);
    expect(await world.records()).toEqual([]);
  });

  it('of an agent that was only refused something still say version 0, also after it rested', async () => {
    const { world, life } = await hive();
    expect(await codeOf(life.call(A, 'halfway'))).toBe('handler-failed');
    expect(await life.call(A, 'total')).toMatchObject({ value: 0, version: 0 });
    await world.clock.advance(10 * 60_000);
    await life.node.host.settleAll();
    await world.clock.advance(0);
    expect(life.node.host.roster.find(A)).toBeUndefined();
    expect(await life.call(A, 'total')).toMatchObject({ value: 0, version: 0 });
    expect(await life.call(A, 'add', 1)).toMatchObject({ value: 1, version: 1 });
  });
});

describe('V1: agents', () => {
  it('are named by any text: dots, spaces, wildcards, words that file systems reserve, the longest names', async () => {
    const names = ['a.b', 'a b', '*', '>', 'con', '..', '__proto__', 'ä€😀', '/', '\u0000', '='.repeat(128), '😀'.repeat(32)];
    const { world, life } = await hive();
    await Promise.all(names.map((name, at) => life.call(id('doc', name), 'add', at)));
    life.crash();
    const next = await world.start();
    expect(await Promise.all(names.map((name) => next.ask(id('doc', name), 'total')))).toEqual(names.map((_, at) => at));
    expect(() => id('doc', '😀'.repeat(33))).toThrowError(expect.objectContaining({ code: 'invalid-id' }));
  });

  it('take new code with their next turn, and end the turn under way on the old', async () => {
    const { life } = await hive();
    const Next = defineAgent({
      kind: 'doc',
      initial: {} as { count: number },
      handlers: {
        add(state) {
          state.count = 77;
        },
      },
    });
    const slow = life.call(A, 'slow', 1);
    await isSettled(slow);
    life.node.setKinds([Next]);
    doors[0]?.open(2);
    expect((await slow).value).toBe(2);
    await life.call(A, 'add', 1 as Value);
    expect(await life.state(A)).toMatchObject({ count: 77 });
    expect(() => life.node.setKinds([Next, Next])).toThrowError(expect.objectContaining({ code: 'invalid-input' }));
    expect(life.node.kindList).toEqual([Next]);
  });
});
