import { defineAgent } from '@skep/actor';
import type { Value } from '@skep/kernel';
import { describe, expect, it } from 'vitest';
import { crashEverywhere } from './crash-points.js';
import { codeOf, id } from './hive.js';

/** Effects on the outside world, which survives every crash; results that the log acknowledged before the next effect. */
let effects: { readonly step: string; readonly id: string }[] = [];

const Agent = defineAgent({
  kind: 'agent',
  initial: { turns: 0, log: [] as Value[], clock: [] as number[] },
  handlers: {
    async work(state, tag: string, context) {
      const begun = [context.now(), context.random()];
      const plan = await context.step('plan', (info) => outside(`${tag} plan`, info.id));
      const parts = await Promise.all([1, 2].map((at) => context.step('part', (info) => outside(`${tag} part ${at}`, info.id))));
      const told = await context.ask({ kind: 'agent', name: 'other' }, 'note', `${tag} asks`);
      const end = await context.step('end', (info) => outside(`${tag} end`, info.id));
      state.turns += 1;
      state.log.push([tag, plan, ...parts, told, end] as Value);
      state.clock.push(...begun);
      return state.turns;
    },
    note(state, text: string) {
      state.turns += 1;
      state.log.push(text);
      return `noted ${state.turns}`;
    },
    hand(_state, tag: string, context) {
      context.send({ kind: 'agent', name: 'main' }, 'work', tag);
    },
  },
});

async function outside(step: string, effectId: string): Promise<string> {
  effects.push({ step, id: effectId });
  return `did ${step}`;
}

const MAIN = id('agent', 'main');
const OTHER = id('agent', 'other');
const whole = (tag: string) => [tag, `did ${tag} plan`, `did ${tag} part 1`, `did ${tag} part 2`, 'noted 1', `did ${tag} end`];

/** One id a step; a step that was begun again was the last one begun before the crash, or ran beside it. */
function judge(tag: string, point: string): void {
  const ids = new Map<string, Set<string>>();
  for (const { step, id: effectId } of effects) ids.set(step, (ids.get(step) ?? new Set()).add(effectId));
  for (const [step, found] of ids) expect([point, step, found.size]).toEqual([point, step, 1]);
  expect([...ids.keys()].sort()).toEqual([`${tag} end`, `${tag} part 1`, `${tag} part 2`, `${tag} plan`]);
  const repeated = effects.length - ids.size;
  expect([point, repeated <= 2]).toEqual([point, true]);
}

describe('U2 G4 G12: a turn of steps and an ask, whose process dies at every point of its way', () => {
  it('takes effect once, with one id a step and one answer, when the caller asks again under its operation id', async () => {
    const points = await crashEverywhere({
      kinds: [Agent],
      prepare: async () => {
        effects = [];
      },
      work: (life, world) => {
        operation = world.operation();
        return life.call(MAIN, 'work', 't', { slot: operation });
      },
      finish: async (life, world) => {
        expect(await world.driven(life.call(MAIN, 'work', 't', { slot: operation }))).toMatchObject({ value: 1, version: 1 });
        expect(await world.driven(life.call(MAIN, 'work', 't', { slot: operation }))).toMatchObject({ value: 1, version: 1 });
        expect(await codeOf(world.driven(life.call(MAIN, 'work', 'other body', { slot: operation })))).toBe('operation-conflict');
      },
      check: async ({ life, point, world }) => {
        judge('t', point);
        expect([point, await life.state(MAIN)]).toMatchObject([point, { turns: 1, log: [whole('t')] }]);
        expect([point, await life.state(OTHER)]).toMatchObject([point, { turns: 1, log: ['t asks'] }]);
        const begun = (await world.records(MAIN)).find((record) => record.kind === 'begun');
        expect([point, (await life.state(MAIN)) as { clock: number[] }]).toMatchObject([point, { clock: [begun?.ms, expect.any(Number)] }]);
      },
    });
    expect(points).toBeGreaterThan(12);
  });

  it('takes effect once when a message set it off, and nobody asks again', async () => {
    await crashEverywhere({
      kinds: [Agent],
      prepare: async () => {
        effects = [];
      },
      work: async (life, world) => {
        await life.call(id('agent', 'source'), 'hand', 'm');
        await world.until(() => !life.controls.isAlive || effects.some((each) => each.step === 'm end'));
        await world.clock.advance(100);
      },
      finish: async (life, world) => {
        // What was not acknowledged may be lost; its caller would know.
        if ((await world.records(id('agent', 'source'))).length === 0) await world.driven(life.call(id('agent', 'source'), 'hand', 'm'));
        await world.until(() => effects.some((each) => each.step === 'm end'));
        await world.clock.advance(1_000);
      },
      check: async ({ life, point }) => {
        judge('m', point);
        expect([point, await life.state(MAIN)]).toMatchObject([point, { turns: 1, log: [whole('m')] }]);
        expect([point, await life.state(OTHER)]).toMatchObject([point, { turns: 1 }]);
      },
    });
  });
});

let operation: { readonly kind: 'operation'; readonly id: string };
