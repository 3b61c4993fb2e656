import { defineAgent } from '@skep/actor';
import { LIMITS, operationId } from '@skep/kernel';
import type { ReplySlot } from '@skep/protocol';
import { describe, expect, it } from 'vitest';
import { codeOf, Hive, id, type Life } from './hive.js';

const Counter = defineAgent({
  kind: 'counter',
  initial: { count: 0 },
  handlers: {
    add(state, by: number) {
      if (by === 13) throw new Error('unlucky');
      state.count += by;
      return { count: state.count };
    },
  },
});

const A = id('counter', 'a');

async function hive() {
  const world = new Hive([Counter]);
  return { world, life: await world.start() };
}

/** The process that has the agent after something happened to it. */
type Event = (world: Hive, life: Life) => Promise<Life>;
const EVENTS: readonly (readonly [string, Event])[] = [
  ['at once', async (_, life) => life],
  [
    'after a crash',
    async (world, life) => {
      life.crash();
      return world.start();
    },
  ],
  [
    'after a snapshot and a crash',
    async (world, life) => {
      await world.driven(life.node.host.settleAll());
      life.crash();
      return world.start();
    },
  ],
  [
    'after the agent rested',
    async (world, life) => {
      await world.clock.advance(6 * 60_000);
      await world.driven(life.node.host.settleAll());
      await world.driven(life.node.host.settleAll());
      expect(life.node.host.roster.find(A)).toBeUndefined();
      return life;
    },
  ],
];

describe.each(EVENTS)('G4: a call that is sent again %s', (_, event) => {
  it('under its operation id is answered with the same answer and version, and does not run again', async () => {
    const { world, life } = await hive();
    const slot = world.operation();
    await life.call(A, 'add', 1, { slot });
    await life.call(A, 'add', 1);
    const next = await event(world, life);
    expect(await next.call(A, 'add', 1, { slot })).toEqual({ value: { count: 1 }, version: 1, level: 'memory' });
    expect(await next.state(A)).toEqual({ count: 2 });
  });

  it('with another body is refused, and changes nothing', async () => {
    const { world, life } = await hive();
    const slot = world.operation();
    await life.call(A, 'add', 1, { slot });
    const next = await event(world, life);
    expect(await codeOf(next.call(A, 'add', 2, { slot }))).toBe('operation-conflict');
    expect(await next.state(A)).toEqual({ count: 1 });
  });

  it('in a session under its number is answered with the same answer; what was acknowledged is refused', async () => {
    const { world, life } = await hive();
    const slot = (number: number, acknowledged = 0): ReplySlot => ({ kind: 'session', id: 's1', number, acknowledged });
    await life.call(A, 'add', 1, { slot: slot(1) });
    await life.call(A, 'add', 10, { slot: slot(2) });
    const next = await event(world, life);
    expect((await next.call(A, 'add', 10, { slot: slot(2) })).value).toEqual({ count: 11 });
    expect((await next.call(A, 'add', 1, { slot: slot(1) })).value).toEqual({ count: 1 });
    await next.call(A, 'add', 100, { slot: slot(3, 2) });
    expect(await codeOf(next.call(A, 'add', 10, { slot: slot(2, 0) }))).toBe('operation-too-old');
    expect(await codeOf(next.call(A, 'add', 1, { slot: slot(3) }))).toBe('operation-conflict');
    expect(await next.state(A)).toEqual({ count: 111 });
  });
});

describe('G4: operation ids', () => {
  it('of calls that were refused or failed may be used again: nothing took effect', async () => {
    const { world, life } = await hive();
    const slot = world.operation();
    expect(await codeOf(life.call(A, 'add', 13, { slot }))).toBe('handler-failed');
    expect(await life.call(A, 'add', 1, { slot })).toMatchObject({ value: { count: 1 } });
  });

  it('older than the window, or from the future, are refused', async () => {
    const { world, life } = await hive();
    const nowMs = world.clock.nowMs();
    expect(await codeOf(life.call(A, 'add', 1, { slot: world.operation(nowMs - LIMITS.operationWindowMs - 1) }))).toBe('operation-too-old');
    expect(await codeOf(life.call(A, 'add', 1, { slot: world.operation(nowMs + LIMITS.clockDriftMs + 1) }))).toBe('invalid-id');
    expect(await codeOf(life.call(A, 'add', 1, { slot: world.operation(nowMs - LIMITS.operationWindowMs) }))).toBe('done');
    expect(await codeOf(life.call(A, 'add', 1, { slot: world.operation(nowMs + LIMITS.clockDriftMs) }))).toBe('done');
  });

  it('that were forgotten are refused, never run again', async () => {
    const { world, life } = await hive();
    const slot = world.operation();
    await life.call(A, 'add', 1, { slot });
    await world.clock.advance(LIMITS.operationWindowMs + 1);
    await life.call(A, 'add', 1, { slot: world.operation() });
    expect(await codeOf(life.call(A, 'add', 1, { slot }))).toBe('operation-too-old');
    expect(await life.state(A)).toEqual({ count: 2 });
  });

  it('in great number are remembered up to the limit; all are refused or answered, none runs twice', async () => {
    const { world, life } = await hive();
    const slots = Array.from({ length: LIMITS.operationsPerAgent + 500 }, (_, at) => ({
      kind: 'operation' as const,
      id: operationId(world.clock.nowMs() + Math.floor(at / 10), world.random.bytes(10)),
    }));
    for (let at = 0; at < slots.length; at += 1_000) {
      await world.clock.advance(100);
      await Promise.all(slots.slice(at, at + 1_000).map((slot) => life.call(A, 'add', 1, { slot })));
    }
    const codes: string[] = [];
    for (const slot of slots) codes.push(await codeOf(life.call(A, 'add', 1, { slot })));
    expect(codes.filter((code) => code === 'operation-too-old')).toHaveLength(500);
    expect(codes.filter((code) => code === 'done')).toHaveLength(LIMITS.operationsPerAgent);
    expect(await life.state(A)).toEqual({ count: slots.length });
  });

  it('of a client whose clock is ahead do not make those of others too old', async () => {
    const { world, life } = await hive();
    const ahead = Array.from({ length: 100 }, () => world.operation(world.clock.nowMs() + 50_000));
    await Promise.all(ahead.map((slot) => life.call(A, 'add', 1, { slot })));
    for (let round = 0; round < 5; round += 1) {
      const slots = Array.from({ length: 1_000 }, () => world.operation());
      await world.clock.advance(1);
      await Promise.all(slots.map((slot) => life.call(A, 'add', 1, { slot })));
    }
    expect(await codeOf(life.call(A, 'add', 1, { slot: world.operation() }))).toBe('done');
    expect(await life.state(A)).toEqual({ count: 5_101 });
  });
});

describe('G4: sessions', () => {
  it('are limited in what they leave unacknowledged, counted from what the call itself acknowledges', async () => {
    const { life } = await hive();
    const slot = (number: number, acknowledged: number): ReplySlot => ({ kind: 'session', id: 's', number, acknowledged });
    expect(await codeOf(life.call(A, 'add', 1, { slot: slot(1, 0) }))).toBe('done');
    expect(await codeOf(life.call(A, 'add', 1, { slot: slot(LIMITS.sessionWindow + 1, 0) }))).toBe('overloaded');
    expect(await codeOf(life.call(A, 'add', 1, { slot: slot(LIMITS.sessionWindow + 1, 1) }))).toBe('done');
    expect(await codeOf(life.call(A, 'add', 1, { slot: slot(0, 0) }))).toBe('invalid-input');
    expect(await codeOf(life.call(A, 'add', 1, { slot: slot(1.5, 0) }))).toBe('invalid-input');
  });

  it('that may have been forgotten are refused; new ones go on', async () => {
    const { world, life } = await hive();
    const slot = (session: string, number = 1): ReplySlot => ({ kind: 'session', id: session, number, acknowledged: 0 });
    const first = operationId(world.clock.nowMs(), world.random.bytes(10));
    await life.call(A, 'add', 1, { slot: slot(first) });
    for (let at = 1; at < LIMITS.sessionsPerAgent; at += 1) await life.call(A, 'add', 1, { slot: slot(`s${at}`) });
    expect(await codeOf(life.call(A, 'add', 1, { slot: slot('one too many') }))).toBe('overloaded');
    await world.clock.advance(LIMITS.operationWindowMs + 1);
    const fresh = operationId(world.clock.nowMs(), world.random.bytes(10));
    expect(await codeOf(life.call(A, 'add', 1, { slot: slot(fresh) }))).toBe('done');
    expect(await codeOf(life.call(A, 'add', 1, { slot: slot(first) }))).toBe('operation-too-old');
    expect(await codeOf(life.call(A, 'add', 1, { slot: slot('nobody knows when') }))).toBe('operation-too-old');
    life.crash();
    const next = await world.start();
    expect(await codeOf(next.call(A, 'add', 1, { slot: slot(first) }))).toBe('operation-too-old');
    expect(await next.state(A)).toEqual({ count: LIMITS.sessionsPerAgent + 1 });
  });
});

describe('G3: an expected version', () => {
  it('that is not the present one refuses the call', async () => {
    const { life } = await hive();
    await life.call(A, 'add', 1, { expectedVersion: 0 });
    expect(await codeOf(life.call(A, 'add', 1, { expectedVersion: 0 }))).toBe('version-conflict');
    expect(await life.call(A, 'add', 1, { expectedVersion: 1 })).toMatchObject({ version: 2 });
  });
});
