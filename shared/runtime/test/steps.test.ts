import { defineAgent } from '@skep/actor';
import type { Value } from '@skep/kernel';
import { describe, expect, it } from 'vitest';
import { codeOf, Door, Hive, id, isSettled, type Life } from './hive.js';

/** The world outside: every effect with its id, in the order in which it was asked for. */
const effects: { readonly name: string; readonly id: string }[] = [];
const doors = new Map<string, Door<Value>>();
let floating: Promise<unknown> | undefined;
let escaped: (() => void) | undefined;

function door(name: string): Door<Value> {
  const made = new Door<Value>();
  doors.set(name, made);
  return made;
}

const Worker = defineAgent({
  kind: 'worker',
  initial: { log: [] as Value[] },
  turnDeadlineMs: 1_000,
  supervision: { backoffMs: 10, attemptsMax: 2 },
  handlers: {
    async twoSteps(state, _input: null, context) {
      const before = [context.now(), context.random()];
      const one = await context.step('one', (info) => effect('one', info.id));
      const two = await context.step('two', (info) => effect('two', info.id));
      state.log.push([...before, context.random(), context.now(), one, two] as Value);
      return [one, two];
    },
    async many(state, count: number, context) {
      const results = await Promise.all(Array.from({ length: count }, (_, at) => context.step('part', (info) => effect(`part ${at}`, info.id))));
      state.log.push(results as Value);
    },
    async failing(state, _input: null, context) {
      try {
        await context.step('bad', (info) => {
          effects.push({ name: 'bad', id: info.id });
          throw new Error('no luck');
        });
      } catch (error) {
        await context.step('after', (info) => effect('after', info.id));
        state.log.push((error as Error).message);
      }
    },
    async changing(state, steps: string[], context) {
      for (const name of versionOfCode === 1 ? steps : steps.slice(0, 1)) await context.step(name, (info) => effect(name, info.id));
      state.log.push(versionOfCode);
    },
    async stuck(state) {
      state.log.push('never');
      await new Promise(() => {});
    },
    async slowSteps(state, count: number, context) {
      for (let at = 0; at < count; at += 1) await context.step(`step ${at}`, (info) => effect(`step ${at}`, info.id));
      state.log.push(count);
    },
    floats(state, _input: null, context) {
      floating = context.step('floating', (info) => effect('floating', info.id));
      state.log.push('done');
    },
    async goesOn(state, _input: null, context) {
      escaped = () => {
        state.log.push('late');
        context.send({ kind: 'worker', name: 'b' }, 'floats');
      };
      await context.step('first', (info) => effect('first', info.id));
      context.send({ kind: 'worker', name: 'b' }, 'floats');
      await context.step('second', (info) => effect('second', info.id));
      state.log.push('late');
    },
    async large(state, bytes: number, context) {
      const got = await context.step('large', () => new Uint8Array(bytes)).catch((error) => (error as { code: string }).code);
      state.log.push(typeof got === 'string' ? got : got.length);
    },
    async oddResult(state, _input: null, context) {
      state.log.push(await context.step('odd', () => (() => 1) as unknown as Value).catch((error) => (error as { code: string }).code));
    },
    async keeps(state, _input: null, context) {
      const got = (await context.step('list', (info) => effect('list', info.id, [1]))) as number[];
      got.push(2);
      await context.step('wait', (info) => effect('wait', info.id));
      state.log.push(got);
    },
    async tooMany(_state, count: number, context) {
      for (let at = 0; at < count; at += 1) await context.step('s', () => at);
    },
    start(_state, to: string, context) {
      context.send({ kind: 'worker', name: to }, 'twoSteps');
    },
  },
  queries: { log: (state) => state.log },
});

let versionOfCode = 1;

async function effect(name: string, effectId: string, result?: Value): Promise<Value> {
  effects.push({ name, id: effectId });
  const waiting = doors.get(name);
  if (waiting === undefined) return result ?? `${name} done`;
  return waiting.passed;
}

const A = id('worker', 'a');
const names = () => effects.map((each) => each.name);

async function hive(options: ConstructorParameters<typeof Hive>[1] = {}) {
  effects.length = 0;
  doors.clear();
  floating = undefined;
  versionOfCode = 1;
  const world = new Hive([Worker], options);
  return { world, life: await world.start() };
}

async function crashAndStart(world: Hive, life: Life): Promise<Life> {
  await world.clock.advance(0);
  life.crash();
  return world.start();
}

describe('U2 G12: a step', () => {
  it('is journalled: the log says that the turn began, each result, and how the turn ended', async () => {
    const { world, life } = await hive();
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
    const { life } = await hive();
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
    const { world, life } = await hive();
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
    const { life } = await hive({ limits: { recordBytes: 10_000 } });
    await life.call(A, 'oddResult');
    await life.call(A, 'large', 9_000);
    await life.call(A, 'large', 20_000);
    expect(await life.state(A)).toEqual({ log: ['invalid-value', 9_000, 'payload-too-large'] });
  });

  it('gives the handler a result of its own: what it does to it is not kept', async () => {
    const { world, life } = await hive();
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
    const { life } = await hive({ limits: { stepsPerTurn: 20 } });
    await life.call(A, 'tooMany', 20);
    expect(await codeOf(life.call(A, 'tooMany', 21))).toBe('overloaded');
    await life.call(A, 'tooMany', 20);
  });

  it('runs beside others in parallel, and what was recorded of them is not run again', async () => {
    const { world, life } = await hive();
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

describe('U2: a resumed turn', () => {
  it('sees the same time and the same chance, and ends as an undisturbed one would', async () => {
    const { world, life } = await hive();
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
    const { world, life } = await hive();
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
    const { life, world } = await hive();
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
    const { world, life } = await hive();
    door('c');
    void life.call(A, 'changing', ['a', 'b', 'c']).catch(() => {});
    await isSettled(Promise.resolve());
    versionOfCode = 2;
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
    const { world, life } = await hive();
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
    const { world, life } = await hive();
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
    const { world, life } = await hive();
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
    const { world, life } = await hive();
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

describe('U2: a turn that makes no progress', () => {
  it('fails with turn-timeout after its deadline, changes nothing, and the agent goes on', async () => {
    const { world, life } = await hive();
    const call = codeOf(life.call(A, 'stuck'));
    await world.clock.advance(999);
    expect(await isSettled(call)).toBe(false);
    await world.clock.advance(1);
    expect(await call).toBe('turn-timeout');
    expect(await life.ask(A, 'twoSteps')).toEqual(['one done', 'two done']);
  });

  it('is told from one that takes long but goes on: each step starts the deadline again', async () => {
    const { world, life } = await hive();
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
    const { world, life } = await hive();
    door('first');
    const call = codeOf(life.call(A, 'goesOn'));
    await world.clock.advance(1_000);
    expect(await call).toBe('turn-timeout');
    const records = (await world.records()).length;
    doors.get('first')?.open('late');
    await isSettled(Promise.resolve());
    expect(() => escaped?.()).toThrowError(expect.objectContaining({ code: 'closed' }));
    await world.clock.advance(5_000);
    expect(names()).toEqual(['first']);
    expect(await world.records()).toHaveLength(records);
    expect(await life.state(A)).toEqual({ log: [] });
  });

  it('nor has a step that nobody awaited: it does not run, and the log can be read back', async () => {
    const { world, life } = await hive();
    await life.call(A, 'floats');
    await world.clock.advance(100);
    await expect(floating).rejects.toMatchObject({ code: 'turn-cancelled' });
    expect(names()).toEqual([]);
    expect((await world.records(A)).map((record) => record.kind)).toEqual(['begun', 'turn']);
    const next = await crashAndStart(world, life);
    expect(await next.state(A)).toEqual({ log: ['done'] });
  });
});

describe('G4: the id of an effect', () => {
  it('is the same for every attempt of an operation, a message or a timer, and no two steps share one', async () => {
    const { world, life } = await hive();
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
