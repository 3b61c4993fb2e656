import { defineAgent, type Supervision } from '@skep/actor';
import type { Value } from '@skep/kernel';
import { describe, expect, it } from 'vitest';
import { codeOf, Hive, id, type Life } from './hive.js';

/** How often each kind's handler is to fail, and when it ran. */
let failuresLeft = 0;
let ranMs: number[] = [];
let world: Hive;

function worker(kind: string, supervision: Partial<Supervision>) {
  return defineAgent({
    kind,
    initial: { got: [] as Value[] },
    supervision,
    handlers: {
      work(state, what: Value) {
        ranMs.push(world.clock.nowMs());
        state.got.push('half');
        if (failuresLeft > 0) {
          failuresLeft -= 1;
          throw new Error(`${what} cannot be done`);
        }
        state.got[state.got.length - 1] = what;
      },
      timed(_state, afterMs: number, context) {
        context.timer('t', { afterMs }, 'work', 'by timer');
      },
      agentFailed(state, what: Value) {
        state.got.push(what);
      },
      hand(_state, { to, what }: { to: string; what: Value }, context) {
        context.send({ kind, name: to }, 'work', what);
      },
    },
    inputs: {},
  });
}

const Restart = worker('restart', { attemptsMax: 4, backoffMs: 100, backoffMsMax: 300 });
const Resume = worker('resume', { onFailure: 'resume' });
const Stop = worker('stop', { onFailure: 'stop' });
const Escalate = worker('escalate', { onFailure: 'escalate', supervisor: { kind: 'escalate', name: 'boss' } });
const Weary = worker('weary', { failuresMax: 3, windowMs: 1_000 });
const Strict = defineAgent({
  kind: 'strict',
  initial: { got: [] as Value[] },
  supervision: { failuresMax: 1 },
  inputs: {
    work: {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value: unknown) => (value === 'bad' ? { issues: [{ message: 'bad' }] } : { value }),
      },
    },
  },
  handlers: {
    work(state, what: Value) {
      state.got.push(what);
    },
    hand(_state, { to, what }: { to: string; what: Value[] }, context) {
      for (const each of what) context.send({ kind: 'strict', name: to }, 'work', each);
    },
    spread(state, count: number, context) {
      ranMs.push(world.clock.nowMs());
      for (let at = 0; at < count; at += 1) context.send({ kind: 'strict', name: 'asleep' }, 'work', at);
      state.got.push(count);
    },
    askForSpread(_state, count: number, context) {
      context.send({ kind: 'strict', name: 'b' }, 'spread', count);
    },
  },
});

async function hive(failures: number, limits = {}): Promise<Life> {
  failuresLeft = failures;
  ranMs = [];
  world = new Hive([Restart, Resume, Stop, Escalate, Weary, Strict], { limits });
  return world.start();
}

const statusOf = (life: Life, kind: string) => life.node.host.roster.find(id(kind, 'b'))?.ready.status;
const errors = async (kind: string, name = 'b') =>
  (await world.records(id(kind, name)))
    .flatMap((record) => (record.kind === 'turn' ? record.events : []))
    .filter(({ type }) => type === 'error occurred');

describe('O5: a message that fails', () => {
  it('is tried again with growing pauses, in which nothing spins and nothing overtakes', async () => {
    const life = await hive(3);
    await life.call(id('restart', 'a'), 'hand', { to: 'b', what: 1 });
    await life.call(id('restart', 'a'), 'hand', { to: 'b', what: 2 });
    const startMs = world.clock.nowMs();
    const fired = world.clock.fired;
    await world.clock.advance(10_000);
    expect(ranMs.map((ms) => ms - startMs)).toEqual([0, 100, 300, 600, 600]);
    expect(world.clock.fired - fired).toBeLessThan(10);
    expect(await life.state(id('restart', 'b'))).toEqual({ got: [1, 2] });
  });

  it('as often as it may is set aside with an error event, and the next one has its turn', async () => {
    const life = await hive(4);
    await life.call(id('restart', 'a'), 'hand', { to: 'b', what: 1 });
    await life.call(id('restart', 'a'), 'hand', { to: 'b', what: 2 });
    await world.clock.advance(10_000);
    expect(await life.state(id('restart', 'b'))).toEqual({ got: [2] });
    expect(await errors('restart')).toMatchObject([{ data: { method: 'work', code: 'handler-failed', from: id('restart', 'a'), sequence: 1 } }]);
    await world.driven(life.node.host.settleAll());
    expect(life.node.host.roster.find(id('restart', 'a'))?.ready.outbox).toEqual([]);
  });

  it('is set aside at once where the kind says resume', async () => {
    const life = await hive(1);
    await life.call(id('resume', 'a'), 'hand', { to: 'b', what: 1 });
    await life.call(id('resume', 'a'), 'hand', { to: 'b', what: 2 });
    await world.clock.advance(0);
    expect(await life.state(id('resume', 'b'))).toEqual({ got: [2] });
  });

  it('does not hold up readers and operators while it waits to be tried again', async () => {
    const life = await hive(1_000);
    await life.call(id('restart', 'a'), 'hand', { to: 'b', what: 1 });
    await world.clock.advance(50);
    expect(await life.state(id('restart', 'b'))).toEqual({ got: [] });
    await life.setStatus(id('restart', 'b'), 'suspended');
    expect(await codeOf(life.call(id('restart', 'b'), 'work', 5))).toBe('agent-suspended');
    failuresLeft = 0;
    await life.setStatus(id('restart', 'b'), 'active');
    await world.clock.advance(1_000);
    expect(await life.state(id('restart', 'b'))).toEqual({ got: [1] });
  });

  it('by its timer is tried again as well, and then set aside', async () => {
    const life = await hive(2);
    await life.call(id('restart', 'b'), 'timed', 50);
    await world.clock.advance(10_000);
    expect(await life.state(id('restart', 'b'))).toEqual({ got: ['by timer'] });
    failuresLeft = 4;
    await life.call(id('restart', 'b'), 'timed', 50);
    await world.clock.advance(10_000);
    expect(await errors('restart')).toHaveLength(1);
    expect(life.node.host.roster.find(id('restart', 'b'))?.ready.timers.size).toBe(0);
  });

  it('survives a crash between its attempts: it comes again from its sender', async () => {
    const life = await hive(2);
    await life.call(id('restart', 'a'), 'hand', { to: 'b', what: 1 });
    await world.clock.advance(150);
    life.crash();
    const next = await world.start();
    await world.clock.advance(1_000);
    expect(await next.state(id('restart', 'b'))).toEqual({ got: [1] });
  });
});

describe('O1 O5: an agent that fails', () => {
  it('is stopped where its kind says stop, until it is resumed; what was sent meanwhile is kept', async () => {
    const life = await hive(1);
    await life.call(id('stop', 'a'), 'hand', { to: 'b', what: 1 });
    await world.clock.advance(0);
    expect(statusOf(life, 'stop')).toBe('stopped');
    expect(await codeOf(life.call(id('stop', 'b'), 'work', 2))).toBe('agent-stopped');
    await life.call(id('stop', 'a'), 'hand', { to: 'b', what: 3 });
    life.crash();
    const next = await world.start();
    expect(await codeOf(next.call(id('stop', 'b'), 'work', 2))).toBe('agent-stopped');
    await next.setStatus(id('stop', 'b'), 'active');
    await world.clock.advance(1_000);
    expect(await next.state(id('stop', 'b'))).toEqual({ got: [3] });
  });

  it('is quarantined and told of where its kind says escalate', async () => {
    const life = await hive(1);
    expect(await codeOf(life.call(id('escalate', 'b'), 'work', 1))).toBe('handler-failed');
    await world.clock.advance(0);
    expect(await codeOf(life.call(id('escalate', 'b'), 'work', 2))).toBe('agent-quarantined');
    expect(await life.state(id('escalate', 'boss'))).toEqual({
      got: [{ agent: id('escalate', 'b'), method: 'work', code: 'handler-failed', message: expect.stringContaining('1 cannot be done') }],
    });
  });

  it('too often within its window is quarantined, whoever called; resumed, it begins anew', async () => {
    const life = await hive(100);
    const codes: string[] = [];
    for (let at = 0; at < 5; at += 1) codes.push(await codeOf(life.call(id('weary', 'b'), 'work', at)));
    expect(codes).toEqual(['handler-failed', 'handler-failed', 'handler-failed', 'handler-failed', 'agent-quarantined']);
    await life.setStatus(id('weary', 'b'), 'active');
    for (let at = 0; at < 8; at += 1) {
      expect(await codeOf(life.call(id('weary', 'b'), 'work', at))).toBe('handler-failed');
      await world.clock.advance(400);
    }
    failuresLeft = 0;
    expect(await codeOf(life.call(id('weary', 'b'), 'work', 1))).toBe('done');
  });
});

describe('O5 G13: a refusal is no failure', () => {
  it('of calls does not count, however many', async () => {
    const life = await hive(0);
    for (let at = 0; at < 10; at += 1) expect(await codeOf(life.call(id('strict', 'b'), 'work', 'bad'))).toBe('invalid-input');
    expect(await codeOf(life.call(id('strict', 'b'), 'work', 'good'))).toBe('done');
    expect(await errors('strict')).toEqual([]);
  });

  it('of a message sets it aside at once, with an error event, and does not count', async () => {
    const life = await hive(0);
    await life.call(id('strict', 'a'), 'hand', { to: 'b', what: ['bad', 1, 'bad', 2, 'bad', 3] });
    await world.clock.advance(0);
    expect(await life.state(id('strict', 'b'))).toEqual({ got: [1, 2, 3] });
    expect(await errors('strict')).toHaveLength(3);
    expect(statusOf(life, 'strict')).toBe('active');
  });

  it('because receivers are too slow holds the message back until they are not: nothing is dropped', async () => {
    const life = await hive(0, { outboxMessages: 10 });
    await life.setStatus(id('strict', 'asleep'), 'suspended');
    await life.call(id('strict', 'a'), 'askForSpread', 8);
    await life.call(id('strict', 'a'), 'askForSpread', 8);
    await world.clock.advance(120_000);
    expect(await life.state(id('strict', 'b'))).toEqual({ got: [8] });
    expect(ranMs.length).toBeLessThan(40);
    await life.setStatus(id('strict', 'asleep'), 'active');
    await world.clock.advance(20_000);
    expect(await life.state(id('strict', 'b'))).toEqual({ got: [8, 8] });
    expect(await life.state(id('strict', 'asleep'))).toEqual({ got: [0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7] });
  });
});
