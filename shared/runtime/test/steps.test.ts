import { describe, expect, it } from 'vitest';
import { codeOf, Door, id, isSettled } from './hive.js';
import { crashAndStart, door, doors, effects, left, names, workers } from './workers.js';

const A = id('worker', 'a');

describe('U2 G12: a step', () => {
  it('is journalled: the log says that the turn began, each result, and how the turn ended', async () => {
    const { world, life } = await workers();
    expect(await life.ask(A, 'twoSteps')).toEqual(['one done', 'two done']);
    expect((await world.records(A)).map((record) => (record.kind === 'step' ? `${record.name}#${record.occurrence}` : record.kind))).toEqual([
      'begun',
      'one#1',
      'two#1',
      'turn',
    ]);
    expect((await world.records(A)).map((record) => record.version)).toEqual([0, 0, 0, 1]);
  });

  it('J1: runs only after everything before it is acknowledged', async () => {
    const { life } = await workers();
    const acknowledged = new Door();
    life.controls.append = async (run) => {
      const result = await run();
      await acknowledged.passed;
      return result;
    };
    const call = life.call(A, 'twoSteps');
    expect(await isSettled(call)).toBe(false);
    expect(names()).toEqual([]);
    acknowledged.open();
    await call;
    expect(names()).toEqual(['one', 'two']);
  });

  it('that throws is recorded: the resumed turn meets the same error and does not run it again', async () => {
    const { world, life } = await workers();
    door('after');
    void life.call(A, 'failing').catch(() => {});
    const next = await crashAndStart(world, life);
    doors.get('after')?.open('x');
    await world.until(() => names().length === 3);
    expect(names()).toEqual(['bad', 'after', 'after']);
    await isSettled(Promise.resolve());
    doors.clear();
    expect(await next.state(A)).toEqual({ log: ['no luck'] });
  });

  it('that cannot be stored, or is too large to be, fails as a step; the handler may go on', async () => {
    const { life } = await workers({ limits: { recordBytes: 10_000 } });
    await life.call(A, 'oddResult');
    await life.call(A, 'large', 9_000);
    await life.call(A, 'large', 20_000);
    expect(await life.state(A)).toEqual({ log: ['invalid-value', 9_000, 'payload-too-large'] });
  });

  it('gives the handler a result of its own: what it does to it is not kept', async () => {
    const { world, life } = await workers();
    door('wait');
    const call = codeOf(life.call(A, 'keeps'));
    const next = await crashAndStart(world, life);
    doors.get('wait')?.open('x');
    expect(await isSettled(call)).toBe(false);
    await world.until(() => names().length === 3);
    expect(names()).toEqual(['list', 'wait', 'wait']);
    await isSettled(Promise.resolve());
    expect(await next.state(A)).toEqual({ log: [[1, 2]] });
  });

  it('is limited in number', async () => {
    const { life } = await workers({ limits: { stepsPerTurn: 20 } });
    await life.call(A, 'tooMany', 20);
    expect(await codeOf(life.call(A, 'tooMany', 21))).toBe('overloaded');
    await life.call(A, 'tooMany', 20);
  });

  it('runs beside others in parallel, and what was recorded of them is not run again', async () => {
    const { world, life } = await workers();
    door('part 1');
    void life.call(A, 'many', 4).catch(() => {});
    await isSettled(Promise.resolve());
    expect(names()).toEqual(['part 0', 'part 1', 'part 2', 'part 3']);
    const next = await crashAndStart(world, life);
    doors.get('part 1')?.open('late');
    await world.until(() => names().length >= 5);
    await isSettled(Promise.resolve());
    expect(names().slice(4)).toEqual(['part 1']);
    expect(effects[4]?.id).toBe(effects[1]?.id);
    expect(await next.state(A)).toEqual({ log: [['part 0 done', 'late', 'part 2 done', 'part 3 done']] });
  });
});

describe('U2: a turn that makes no progress', () => {
  it('fails with turn-timeout after its deadline, changes nothing, and the agent goes on', async () => {
    const { world, life } = await workers();
    const call = codeOf(life.call(A, 'stuck'));
    await world.clock.advance(999);
    expect(await isSettled(call)).toBe(false);
    await world.clock.advance(1);
    expect(await call).toBe('turn-timeout');
    expect(await life.ask(A, 'twoSteps')).toEqual(['one done', 'two done']);
  });

  it('is told from one that takes long but goes on: each step starts the deadline again', async () => {
    const { world, life } = await workers();
    const waiting = [0, 1, 2, 3].map((at) => door(`step ${at}`));
    const call = life.call(A, 'slowSteps', 4);
    for (let at = 0; at < 4; at += 1) {
      await world.clock.advance(900);
      expect(names().at(-1)).toBe(`step ${at}`);
      waiting[at]?.open('x');
      await isSettled(call);
    }
    expect((await call).version).toBe(1);
  });
});

describe('J3: a handler that goes on after its turn ended', () => {
  it('has no effect: no step of it runs, nothing is recorded, sent or changed', async () => {
    const { world, life } = await workers();
    door('first');
    const call = codeOf(life.call(A, 'goesOn'));
    await world.clock.advance(1_000);
    expect(await call).toBe('turn-timeout');
    const records = (await world.records()).length;
    doors.get('first')?.open('late');
    await isSettled(Promise.resolve());
    expect(() => left.escaped?.()).toThrowError(expect.objectContaining({ code: 'closed' }));
    await world.clock.advance(5_000);
    expect(names()).toEqual(['first']);
    expect(await world.records()).toHaveLength(records);
    expect(await life.state(A)).toEqual({ log: [] });
  });

  it('nor has a step that nobody awaited: it does not run, and the log can be read back', async () => {
    const { world, life } = await workers();
    await life.call(A, 'floats');
    await world.clock.advance(100);
    await expect(left.floating).rejects.toMatchObject({ code: 'turn-cancelled' });
    expect(names()).toEqual([]);
    expect((await world.records(A)).map((record) => record.kind)).toEqual(['begun', 'turn']);
    const next = await crashAndStart(world, life);
    expect(await next.state(A)).toEqual({ log: ['done'] });
  });
});

describe('G4: the id of an effect', () => {
  it('is the same for every attempt of an operation, a message or a timer, and no two steps share one', async () => {
    const { world, life } = await workers();
    door('two');
    await life.call(id('worker', 'b'), 'start', 'a');
    // The turn times out after its first step; the message is tried again from its start.
    await world.clock.advance(1_200);
    expect(names()).toEqual(['one', 'two', 'one', 'two']);
    expect(effects[2]?.id).toBe(effects[0]?.id);
    expect(effects[3]?.id).toBe(effects[1]?.id);
    expect(effects[1]?.id).not.toBe(effects[0]?.id);
    const slot = world.operation();
    door('one').refuse(new Error('down'));
    doors.delete('two');
    expect(await codeOf(life.call(id('worker', 'c'), 'twoSteps', null, { slot }))).toBe('handler-failed');
    doors.clear();
    await life.call(id('worker', 'c'), 'twoSteps', null, { slot });
    expect(effects[5]?.id).toBe(effects[4]?.id);
    expect(new Set(effects.map((each) => each.id)).size).toBe(4);
  });
});
