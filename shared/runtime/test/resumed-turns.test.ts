import { defineAgent } from '@skep/actor';
import type { Value } from '@skep/kernel';
import { describe, expect, it } from 'vitest';
import { codeOf, id, isSettled } from './hive.js';
import { crashAndStart, door, doors, effects, left, names, workers } from './workers.js';

const A = id('worker', 'a');

describe('U2: a resumed turn', () => {
  it('sees the same time and the same chance, and ends as an undisturbed one would', async () => {
    const { world, life } = await workers();
    door('two');
    void life.call(A, 'twoSteps').catch(() => {});
    await isSettled(Promise.resolve());
    const begunMs = world.clock.nowMs();
    await world.clock.advance(500);
    const next = await crashAndStart(world, life);
    await world.clock.advance(500);
    doors.get('two')?.open('two at last');
    await isSettled(Promise.resolve());
    const { log } = (await next.state(A)) as { log: Value[][] };
    const [begun] = await world.records(A);
    expect(log).toEqual([[begunMs, expect.any(Number), expect.any(Number), begunMs, 'one done', 'two at last']]);
    expect(begun).toMatchObject({ kind: 'begun', ms: begunMs });
    expect(names()).toEqual(['one', 'two', 'two']);
    expect(effects[1]?.id).toBe(effects[2]?.id);
  });

  it('remembers its reply for the caller who asks again under the same operation id', async () => {
    const { world, life } = await workers();
    const slot = world.operation();
    door('two');
    void life.call(A, 'twoSteps', null, { slot }).catch(() => {});
    const next = await crashAndStart(world, life);
    const again = next.call(A, 'twoSteps', null, { slot });
    expect(await isSettled(again)).toBe(false);
    doors.get('two')?.open('2');
    expect(await again).toMatchObject({ value: ['one done', '2'], version: 1 });
    expect(names()).toEqual(['one', 'two', 'two']);
    expect((await next.call(A, 'twoSteps', null, { slot })).value).toEqual(['one done', '2']);
    expect(((await next.state(A)) as { log: Value[] }).log).toHaveLength(1);
  });

  it('joins a caller who asks again while it runs', async () => {
    const { life, world } = await workers();
    const slot = world.operation();
    door('one');
    const calls = [1, 2, 3].map(() => life.call(A, 'twoSteps', null, { slot }));
    await isSettled(Promise.resolve());
    doors.get('one')?.open('1');
    const replies = await Promise.all(calls);
    expect(replies).toEqual(replies.map(() => ({ value: ['1', 'two done'], version: 1, level: 'memory' })));
    expect(names()).toEqual(['one', 'two']);
  });

  it('J2: of changed code is refused with the step named, nothing changed, and the agent goes on', async () => {
    const { world, life } = await workers();
    door('c');
    void life.call(A, 'changing', ['a', 'b', 'c']).catch(() => {});
    await isSettled(Promise.resolve());
    left.code = 2;
    doors.clear();
    const next = await crashAndStart(world, life);
    await world.clock.advance(1_000);
    const records = await world.records(A);
    expect(records.at(-1)).toMatchObject({
      kind: 'turn',
      version: 0,
      events: [{ type: 'error occurred', data: { code: 'turn-diverged', method: 'changing', message: expect.stringContaining('b#1') } }],
    });
    // The new code asks for a alone; nothing that was recorded ran again.
    expect(names()).toEqual(['a', 'b', 'c']);
    await next.call(A, 'changing', ['x', 'y']);
    expect(await next.state(A)).toEqual({ log: [2] });
  });

  it('of a message that diverged is set aside: its recorded steps are not run again', async () => {
    const { world, life } = await workers();
    door('two');
    await life.call(id('worker', 'b'), 'start', 'a');
    await world.until(() => names().includes('two'));
    const Changed = defineAgent({
      kind: 'worker',
      initial: { log: [] as Value[] },
      handlers: { twoSteps: async (state: { log: Value[] }) => void state.log.push('no steps'), start() {} },
    });
    await isSettled(Promise.resolve());
    life.crash();
    const next = await world.start({ kinds: [Changed] });
    await world.clock.advance(60_000);
    expect(names()).toEqual(['one', 'two']);
    expect((await world.records(A)).at(-1)).toMatchObject({ cause: { kind: 'message' }, events: [{ data: { code: 'turn-diverged' } }] });
    expect(await next.state(A)).toEqual({ log: [] });
  });

  it('is resumed at the next start when the node closes in its middle', async () => {
    const { world, life } = await workers();
    door('two');
    const call = codeOf(life.call(A, 'twoSteps'));
    await isSettled(call);
    await world.driven(life.node.close());
    expect(await call).toBe('closed');
    const next = await world.start();
    doors.get('two')?.open('2');
    await isSettled(Promise.resolve());
    expect(names()).toEqual(['one', 'two', 'two']);
    expect(((await next.state(A)) as { log: Value[] }).log).toHaveLength(1);
  });

  it('is resumed from a snapshot that was taken in its middle, too', async () => {
    const { world, life } = await workers();
    door('two');
    void life.call(A, 'twoSteps').catch(() => {});
    await isSettled(Promise.resolve());
    await world.driven(life.node.host.settleAll());
    expect((await world.entryOf(life.node, A))?.wake).toBe(true);
    const next = await crashAndStart(world, life);
    doors.get('two')?.open('2');
    await isSettled(Promise.resolve());
    expect(names()).toEqual(['one', 'two', 'two']);
    expect(((await next.state(A)) as { log: Value[] }).log).toHaveLength(1);
  });

  it('whose kind is not loaded waits for a start that has it', async () => {
    const { world, life } = await workers();
    door('two');
    void life.call(A, 'twoSteps').catch(() => {});
    await isSettled(Promise.resolve());
    life.crash();
    const without = await world.start({ kinds: [] });
    await world.driven(without.node.close());
    const next = await world.start();
    doors.get('two')?.open('2');
    await isSettled(Promise.resolve());
    expect(((await next.state(A)) as { log: Value[] }).log).toHaveLength(1);
  });
});
