/** A kind whose handlers take steps of every sort. */
import { defineAgent } from '@skep/actor';
import type { Value } from '@skep/kernel';
import { Door, Hive, type Life } from './hive.js';

/** The world outside: every effect with its id, in the order in which it was asked for; doors at which steps wait. */
export const effects: { readonly name: string; readonly id: string }[] = [];
export const doors = new Map<string, Door<Value>>();
/** What handlers left behind, and which code they are. */
export const left: { floating?: Promise<unknown>; escaped?: () => void; code: 1 | 2 } = { code: 1 };

export function door(name: string): Door<Value> {
  const made = new Door<Value>();
  doors.set(name, made);
  return made;
}

export const Worker = defineAgent({
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
      for (const name of left.code === 1 ? steps : steps.slice(0, 1)) await context.step(name, (info) => effect(name, info.id));
      state.log.push(left.code);
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
      left.floating = context.step('floating', (info) => effect('floating', info.id));
      state.log.push('done');
    },
    async goesOn(state, _input: null, context) {
      left.escaped = () => {
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

async function effect(name: string, effectId: string, result?: Value): Promise<Value> {
  effects.push({ name, id: effectId });
  const waiting = doors.get(name);
  if (waiting === undefined) return result ?? `${name} done`;
  return waiting.passed;
}

export const names = () => effects.map((each) => each.name);

export async function workers(options: ConstructorParameters<typeof Hive>[1] = {}): Promise<{ world: Hive; life: Life }> {
  effects.length = 0;
  doors.clear();
  left.code = 1;
  const world = new Hive([Worker], options);
  return { world, life: await world.start() };
}

export async function crashAndStart(world: Hive, life: Life): Promise<Life> {
  await world.clock.advance(0);
  life.crash();
  return world.start();
}
