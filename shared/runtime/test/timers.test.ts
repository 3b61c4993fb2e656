import { defineAgent, type TimerOptions } from '@skep/actor';
import { describe, expect, it } from 'vitest';
import { codeOf, Door, Hive, id, isSettled, type Life } from './hive.js';

const ODD: readonly TimerOptions[] = [
  {},
  { everyMs: 9 },
  { everyMs: Number.NaN },
  { afterMs: Number.POSITIVE_INFINITY },
  { afterMs: 1, everyMs: Number.POSITIVE_INFINITY },
];

let gate: Door | undefined;
const Clock = defineAgent({
  kind: 'clock',
  initial: { beats: [] as string[] },
  mailboxMessages: 4,
  turnDeadlineMs: 600_000,
  handlers: {
    set(_state, { name, ...options }: { name: string; afterMs?: number; atMs?: number; everyMs?: number }, context) {
      context.timer(name, options, 'beat', name);
    },
    setOdd(_state, which: number, context) {
      context.timer('odd', ODD[which] ?? {}, 'beat', 'odd');
    },
    many(_state, count: number, context) {
      for (let at = 0; at < count; at += 1) context.timer(`t${at}`, { afterMs: 1_000 + at }, 'beat', `t${at}`);
    },
    cancel(_state, name: string, context) {
      context.cancelTimer(name);
    },
    beat(state, name: string, context) {
      state.beats.push(`${name} ${context.now() - START}`);
      if (name === 'again' && state.beats.length < 3) context.timer('again', { afterMs: 100 }, 'beat', 'again');
      if (name === 'last') context.cancelTimer('last');
    },
    async hold(_state, _input: null, context) {
      await context.step('hold', () => gate?.passed);
    },
    async slowBeat(state, _input: null, context) {
      await context.step('slow', () => gate?.passed);
      state.beats.push('slow');
    },
    setSlow(_state, _input: null, context) {
      context.timer('slow', { everyMs: 100 }, 'slowBeat');
      context.timer('other', { everyMs: 100 }, 'beat', 'other');
    },
  },
});

const START = Date.UTC(2026, 0, 1);
const A = id('clock', 'a');

async function hive() {
  gate = undefined;
  const world = new Hive([Clock]);
  return { world, life: await world.start() };
}

const beats = async (life: Life) => ((await life.state(A)) as { beats: string[] }).beats;

describe('O6: timers', () => {
  it('fire once, at their time, and are gone', async () => {
    const { world, life } = await hive();
    await life.call(A, 'set', { name: 'one', afterMs: 500 });
    await life.call(A, 'set', { name: 'two', atMs: START + 300 });
    await world.clock.advance(299);
    expect(await beats(life)).toEqual([]);
    await world.clock.advance(60_000);
    expect(await beats(life)).toEqual(['two 300', 'one 500']);
    expect(life.node.host.roster.find(A)?.ready.timers.size).toBe(0);
  });

  it('that repeat keep their rhythm; beats that were missed are left out', async () => {
    const { world, life } = await hive();
    await life.call(A, 'set', { name: 'r', everyMs: 100 });
    await world.clock.advance(350);
    expect(await beats(life)).toEqual(['r 100', 'r 200', 'r 300']);
    life.crash();
    await world.clock.advance(275);
    const next = await world.start();
    await world.clock.advance(100);
    expect((await beats(next)).slice(3)).toEqual([expect.stringMatching(/^r 6[23]\d$/), 'r 700']);
  });

  it('can be set again, by themselves as well, and cancelled', async () => {
    const { world, life } = await hive();
    await life.call(A, 'set', { name: 'again', afterMs: 100 });
    await life.call(A, 'set', { name: 'moved', afterMs: 100 });
    await life.call(A, 'set', { name: 'moved', afterMs: 250 });
    await life.call(A, 'set', { name: 'gone', afterMs: 100 });
    await life.call(A, 'cancel', 'gone');
    await life.call(A, 'cancel', 'never set');
    await life.call(A, 'set', { name: 'last', everyMs: 400 });
    await world.clock.advance(10_000);
    expect(await beats(life)).toEqual(['again 100', 'again 200', 'moved 250', 'again 300', 'last 400']);
  });

  it('are durable: a crash loses none, and one that came due meanwhile fires at the start', async () => {
    const { world, life } = await hive();
    await life.call(A, 'set', { name: 'due', afterMs: 100 });
    await life.call(A, 'set', { name: 'later', afterMs: 100_000 });
    await world.driven(life.node.host.settleAll());
    life.crash();
    await world.clock.advance(5_000);
    const next = await world.start();
    await world.clock.advance(1);
    expect(await beats(next)).toHaveLength(1);
    await world.clock.advance(100_000);
    expect((await beats(next))[1]).toBe('later 100000');
  });

  it('keep their agent in memory; one without any rests', async () => {
    const { world, life } = await hive();
    await life.call(A, 'set', { name: 'far', afterMs: 3_600_000 });
    await life.call(id('clock', 'b'), 'cancel', 'x');
    await world.driven(life.node.host.settleAll());
    await world.clock.advance(10 * 60_000);
    await world.driven(life.node.host.settleAll());
    expect(life.node.host.roster.find(A)).toBeDefined();
    expect(life.node.host.roster.find(id('clock', 'b'))).toBeUndefined();
    await world.clock.advance(3_600_000);
    expect(await beats(life)).toEqual(['far 3600000']);
  });

  it('of a suspended agent wait until it is resumed', async () => {
    const { world, life } = await hive();
    await life.call(A, 'set', { name: 'one', afterMs: 100 });
    await life.setStatus(A, 'suspended');
    const fired = world.clock.fired;
    await world.clock.advance(1_000);
    expect(world.clock.fired - fired).toBeLessThan(5);
    expect(await beats(life)).toEqual([]);
    await life.setStatus(A, 'active');
    await world.clock.advance(0);
    expect(await beats(life)).toEqual(['one 1000']);
    await life.call(A, 'set', { name: 'never', afterMs: 10 });
    await life.setStatus(A, 'terminated');
    await world.clock.advance(1_000);
    expect(await beats(life)).toEqual(['one 1000']);
  });

  it('many of them fire each, also through a full mailbox, and nothing spins while it is full', async () => {
    const { world, life } = await hive();
    gate = new Door();
    await life.call(A, 'many', 200);
    const hold = life.call(A, 'hold');
    await isSettled(hold);
    const calls = [1, 2, 3, 4].map(() => life.call(A, 'cancel', 'x'));
    const fired = world.clock.fired;
    await world.clock.advance(5_000);
    expect(world.clock.fired - fired).toBeLessThan(250);
    gate.open();
    await Promise.all([hold, ...calls]);
    await world.clock.advance(0);
    expect(await beats(life)).toHaveLength(200);
  });

  it('do not fire again while their own turn awaits', async () => {
    const { world, life } = await hive();
    gate = new Door();
    await life.call(A, 'setSlow');
    const fired = world.clock.fired;
    await world.clock.advance(1_050);
    expect(world.clock.fired - fired).toBeLessThan(30);
    gate.open();
    await world.clock.advance(0);
    expect((await beats(life)).filter((beat) => beat === 'slow')).toHaveLength(1);
    await world.clock.advance(60);
    expect((await beats(life)).filter((beat) => beat === 'slow')).toHaveLength(2);
  });

  it('that make no sense are refused (G13)', async () => {
    const { life } = await hive();
    for (let at = 0; at < ODD.length; at += 1) expect([at, await codeOf(life.call(A, 'setOdd', at))]).toEqual([at, 'invalid-input']);
    expect(await codeOf(life.call(A, 'many', 1_024))).toBe('done');
    expect(await codeOf(life.call(A, 'set', { name: 'one more', afterMs: 5 }))).toBe('overloaded');
    expect(await codeOf(life.call(A, 'set', { name: 't7', afterMs: 5 }))).toBe('done');
  });
});
