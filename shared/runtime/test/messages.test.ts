import { defineAgent } from '@skep/actor';
import type { AgentId, Value } from '@skep/kernel';
import { describe, expect, it } from 'vitest';
import { Door, Hive, id, isSettled, type Life, written } from './hive.js';

let gate: Door | undefined;

const Bee = defineAgent({
  kind: 'bee',
  initial: { got: [] as Value[] },
  turnDeadlineMs: 600_000,
  mailboxMessages: 8,
  handlers: {
    send(_state, { to, from, count }: { to: string; from: number; count: number }, context) {
      for (let at = 0; at < count; at += 1) context.send({ kind: 'bee', name: to }, 'take', from + at);
    },
    take(state, what: Value) {
      state.got.push(what);
    },
    async slowTake(state, what: Value) {
      await gate?.passed;
      state.got.push(what);
    },
    sendSlow(_state, { to, from }: { to: string; from: number }, context) {
      context.send({ kind: 'bee', name: to }, 'slowTake', from);
    },
    forward(state, what: number, context) {
      state.got.push(what);
      if (what > 0) context.send(context.agent, 'forward', what - 1);
    },
    mutate(state, what: { list: number[] }) {
      what.list.push(9);
      state.got.push(what.list.length);
    },
    sendList(_state, to: string, context) {
      context.send({ kind: 'bee', name: to }, 'mutate', { list: [1] });
    },
    toQuery(_state, _input: null, context) {
      context.send({ kind: 'bee', name: 'b' }, 'size');
    },
    toUnknown(_state, _input: null, context) {
      context.send({ kind: 'wasp', name: 'b' }, 'take');
    },
    sendAndFail(_state, _input: null, context) {
      context.send({ kind: 'bee', name: 'b' }, 'take', 'never');
      throw new Error('after all, no');
    },
  },
  queries: { size: (state) => state.got.length },
});

const A = id('bee', 'a');
const B = id('bee', 'b');

async function hive(options: ConstructorParameters<typeof Hive>[1] = {}) {
  gate = undefined;
  const world = new Hive([Bee], options);
  return { world, life: await world.start() };
}

const got = async (life: Life, agent: AgentId): Promise<Value> => ((await life.state(agent)) as { got: Value }).got;
const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, at) => from + at);
const outboxOf = (life: Life, agent: AgentId) => life.node.host.roster.find(agent)?.state?.outbox ?? [];

describe('O6: a message', () => {
  it('takes effect once, in the order of its pair, and only if the turn that sent it commits', async () => {
    const { world, life } = await hive();
    await life.call(A, 'send', { to: 'b', from: 0, count: 5 });
    await life.call(A, 'send', { to: 'b', from: 5, count: 3 });
    await life.call(A, 'sendAndFail').catch(() => {});
    await world.clock.advance(1_000);
    expect(await got(life, B)).toEqual(numbers(8));
    const causes = (await world.records(B)).map((record) => record.cause);
    expect(causes).toEqual(numbers(8, 1).map((sequence) => ({ kind: 'message', from: A, sequence })));
  });

  it('may go to its sender', async () => {
    const { world, life } = await hive();
    await life.call(A, 'forward', 5);
    await world.clock.advance(0);
    expect(await got(life, A)).toEqual([5, 4, 3, 2, 1, 0]);
  });

  it('to a query, an unknown method or an unknown kind is refused to its sender (G13)', async () => {
    const { world, life } = await hive();
    await expect(life.call(A, 'toQuery')).rejects.toMatchObject({ code: 'unknown-method' });
    await expect(life.call(A, 'toUnknown')).rejects.toMatchObject({ code: 'unknown-kind' });
    expect(await world.records()).toEqual([]);
  });

  it('is not changed by what its receiver does to it', async () => {
    const { life } = await hive();
    await life.call(A, 'sendList', 'b');
    expect(await got(life, B)).toEqual([2]);
    expect(outboxOf(life, A)).toMatchObject([{ input: { list: [1] } }]);
  });

  it('leaves the outbox when its receiver has it for good; the next record, or a snapshot, says so', async () => {
    const { world, life } = await hive();
    await life.call(A, 'send', { to: 'b', from: 0, count: 4 });
    await world.clock.advance(0);
    expect(outboxOf(life, A)).toHaveLength(4);
    await life.call(A, 'send', { to: 'b', from: 4, count: 1 });
    expect(outboxOf(life, A).map((item) => item.sequence)).toEqual([5]);
    await world.driven(life.node.host.settleAll());
    expect(outboxOf(life, A)).toEqual([]);
    expect((await world.entryOf(life.node, A))?.wake).toBe(false);
    const records = written(life, A);
    expect(records).toHaveLength(3);
    expect(records[2]).toMatchObject({ version: 0, events: [], rest: { taken: [[B, 5]] } });
  });

  it('taken is known to a snapshot also when the sender wrote nothing since its last one', async () => {
    const { world, life } = await hive();
    await life.setStatus(B, 'suspended');
    await life.call(A, 'send', { to: 'b', from: 0, count: 1 });
    await world.driven(life.node.host.settleAll());
    expect((await world.entryOf(life.node, A))?.wake).toBe(true);
    await life.setStatus(B, 'active');
    await world.clock.advance(0);
    await world.driven(life.node.host.settleAll());
    expect((await world.entryOf(life.node, A))?.wake).toBe(false);
  });
});

describe('O6: back-pressure', () => {
  it('a full mailbox refuses calls with mailbox-full, and what waits is not lost', async () => {
    const { life } = await hive();
    gate = new Door();
    const slow = life.call(B, 'slowTake', 'first');
    await isSettled(slow);
    const calls = numbers(9).map((at) => life.call(B, 'take', at));
    await expect(calls[8]).rejects.toMatchObject({ code: 'mailbox-full', retry: 'later', id: B });
    gate.open();
    await Promise.all(calls.slice(0, 8));
    expect(await got(life, B)).toEqual(['first', ...numbers(8)]);
  });

  it('a full mailbox keeps messages in the outbox: nothing is dropped, nothing overtakes, and there is no spinning', async () => {
    const { world, life } = await hive();
    gate = new Door();
    const slow = life.call(B, 'slowTake', 'first');
    await isSettled(slow);
    await life.call(A, 'send', { to: 'b', from: 0, count: 50 });
    const before = world.clock.fired;
    await world.clock.advance(60_000);
    expect(world.clock.fired - before).toBeLessThan(30);
    expect(life.node.host.roster.find(B)?.mailbox.size).toBe(8);
    gate.open();
    await slow;
    // There is room again: the rest follows at once, not after the longest pause.
    await world.clock.advance(1);
    expect(await got(life, B)).toEqual(['first', ...numbers(50)]);
  });

  it('messages behind one whose turn awaits wait in the mailbox, not for a pause', async () => {
    const { world, life } = await hive();
    gate = new Door();
    await life.call(A, 'sendSlow', { to: 'b', from: 1 });
    await world.clock.advance(0);
    await life.call(A, 'send', { to: 'b', from: 2, count: 2 });
    await world.clock.advance(0);
    gate.open();
    await world.clock.advance(0);
    expect(await got(life, B)).toEqual([1, 2, 3]);
  });

  it('a full outbox refuses the turn that sends too much; what receivers took counts no more', async () => {
    const { world, life } = await hive({ limits: { outboxMessages: 20 } });
    await life.setStatus(B, 'suspended');
    await life.call(A, 'send', { to: 'b', from: 0, count: 20 });
    await expect(life.call(A, 'send', { to: 'b', from: 20, count: 1 })).rejects.toMatchObject({ code: 'outbox-full', retry: 'later' });
    await life.setStatus(B, 'active');
    await world.clock.advance(0);
    await life.call(A, 'send', { to: 'b', from: 20, count: 20 });
    await world.clock.advance(0);
    expect(await got(life, B)).toEqual(numbers(40));
  });
});

describe('O1 O6: a receiver that takes no messages', () => {
  it.each(['suspended', 'stopped', 'quarantined'] as const)('because it is %s gets them all, in order, when it is resumed', async (status) => {
    const { world, life } = await hive();
    await life.call(A, 'send', { to: 'b', from: 0, count: 3 });
    await life.setStatus(B, status);
    await life.call(A, 'send', { to: 'b', from: 3, count: 3 });
    await world.clock.advance(60_000);
    expect(await got(life, B)).toEqual(numbers(3));
    await life.setStatus(B, 'active');
    await world.clock.advance(0);
    expect(await got(life, B)).toEqual(numbers(6));
  });

  it('loses none that come between its suspension and its resumption in one mailbox', async () => {
    const { world, life } = await hive();
    gate = new Door();
    const slow = life.call(B, 'slowTake', 'x');
    await isSettled(slow);
    const suspended = life.setStatus(B, 'suspended');
    void life.call(A, 'send', { to: 'b', from: 0, count: 1 });
    await isSettled(slow);
    const resumed = life.setStatus(B, 'active');
    void life.call(A, 'send', { to: 'b', from: 1, count: 2 });
    await isSettled(slow);
    gate.open();
    await Promise.all([slow, suspended, resumed]);
    await world.clock.advance(1_000);
    expect(await got(life, B)).toEqual(['x', 0, 1, 2]);
  });

  it('keeps that through a crash and a rest of either', async () => {
    const { world, life } = await hive();
    await life.setStatus(B, 'suspended');
    await life.call(A, 'send', { to: 'b', from: 0, count: 3 });
    await world.clock.advance(10 * 60_000);
    await world.driven(life.node.host.settleAll());
    await isSettled(Promise.resolve());
    expect(life.node.host.roster.find(B)).toBeUndefined();
    life.crash();
    const next = await world.start();
    await world.clock.advance(1_000);
    await next.setStatus(B, 'active');
    await world.clock.advance(1_000);
    expect(await got(next, B)).toEqual(numbers(3));
  });

  it('because it is terminated: they are taken, and its history says that they were refused', async () => {
    const { world, life } = await hive();
    await life.call(B, 'take', 'once');
    await life.setStatus(B, 'terminated');
    await life.call(A, 'send', { to: 'b', from: 0, count: 2 });
    await world.clock.advance(0);
    expect(await got(life, B)).toEqual(['once']);
    expect((await world.records(B)).slice(2)).toMatchObject([
      { version: 1, events: [{ type: 'message refused', data: { from: A, method: 'take', why: 'agent-terminated' } }] },
      { version: 1, cause: { sequence: 2 } },
    ]);
    await world.driven(life.node.host.settleAll());
    expect(outboxOf(life, A)).toEqual([]);
  });

  it('because its kind is not loaded gets them when it is', async () => {
    const { world, life } = await hive();
    const Queen = defineAgent({
      kind: 'queen',
      initial: {},
      handlers: { order: (_state, _input: null, context) => context.send(B, 'take', 'order') },
    });
    life.crash();
    const both = await world.start({ kinds: [Bee, Queen] });
    both.controls.append = async (run) => {
      const result = await run();
      both.crash();
      return result;
    };
    void both.call(id('queen', 'q'), 'order');
    await isSettled(Promise.resolve());
    const queenAlone = await world.start({ kinds: [Queen] });
    await world.clock.advance(60_000);
    queenAlone.crash();
    const next = await world.start({ kinds: [Bee, Queen] });
    await world.clock.advance(1_000);
    expect(await got(next, B)).toEqual(['order']);
  });
});
