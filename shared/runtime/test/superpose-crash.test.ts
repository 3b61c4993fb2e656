import { defineAgent } from '@skep/actor';
import type { Value } from '@skep/kernel';
import { decodeBatch } from '@skep/lane';
import { decodeRecord } from '@skep/protocol';
import { describe, expect, it } from 'vitest';
import { crashEverywhere } from './crash-points.js';
import { type Hive, id, type Life } from './hive.js';

/** Effects on the outside world, which survives every crash; by step, the ids under which it was tried. */
let effects = new Map<string, string[]>();
let results: Value[] = [];
let firstLife: Life;
let recordedMost = 0;

/** Effects whose results the log held when the process died. */
async function recordedBefore({ ports }: Hive): Promise<readonly string[]> {
  const lanes = new Set(firstLife.controls.appends.map(({ lane }) => lane));
  const entries = (await Promise.all([...lanes].map((lane) => ports.log.read(lane, 0)))).flat();
  return entries
    .flatMap(({ bytes }) => decodeBatch(bytes).records)
    .filter(({ agent }) => agent === SOLVER)
    .map(({ body }) => decodeRecord(body, SOLVER))
    .flatMap((record) => (record.kind === 'step' ? effectOf(record.name) : []));
}

const Solver = defineAgent({
  kind: 'solver',
  initial: { turns: 0, best: '', log: [] as Value[] },
  handlers: {
    async work(state, keep: 'score' | 'weight' | 'first', ctx) {
      state.turns += 1;
      const plan = await ctx.step('plan', (info) => outside('plan', info.id));
      const { winner, value, branches } = await ctx.superpose(
        3,
        async (branch) => {
          const chance = branch.random();
          const thought = await branch.step('think', (info) => outside(`think ${branch.index}`, info.id));
          branch.state.best = `${thought} at ${branch.now()} by ${chance}`;
          const checked = await branch.superpose(2, async (leaf) => {
            leaf.state.log.push(await leaf.step('check', (info) => outside(`check ${branch.index} ${leaf.index}`, info.id)));
            leaf.score(leaf.index);
          });
          if (branch.index === 2) branch.fail('not this one');
          branch.weight(branch.index === 1 ? 0.9 : 0.1);
          if (keep === 'score') branch.score(branch.index);
          return checked.winner;
        },
        { keep, concurrency: 2 },
      );
      const end = await ctx.step('end', (info) => outside('end', info.id));
      state.log.push([plan, winner, value, end, branches.map(({ outcome, weight, score }) => [outcome, weight, score])]);
      results.push(winner);
      return winner;
    },
  },
});

/** Goes on when no branch is good enough. */
const Doubter = defineAgent({
  kind: 'solver',
  initial: { turns: 0, best: '', log: [] as Value[] },
  handlers: {
    async work(state, keep: string, ctx) {
      const failed = await ctx
        .superpose(2, async (branch) => branch.fail(await branch.step('think', (info) => outside(`think ${branch.index}`, info.id))))
        .catch((error) => (error as { code: string }).code);
      const end = await ctx.step('end', (info) => outside('end', info.id));
      state.turns += 1;
      state.log.push([keep, failed, end] as Value);
      results.push(failed as Value);
    },
  },
});

async function outside(step: string, effectId: string): Promise<string> {
  effects.set(step, [...(effects.get(step) ?? []), effectId]);
  return `did ${step}`;
}

/** What a recorded step did outside; none for the choices themselves. */
function effectOf(name: string): readonly string[] {
  const [, branch, leaf, step] = /^(?:superpose 1 branch (\d) )?(?:superpose 1 branch (\d) )?([a-z]+)$/.exec(name) ?? [];
  return step === undefined ? [] : [[step, branch, leaf].filter((part) => part !== undefined).join(' ')];
}

const SOLVER = id('solver', 's1');
let operation: { readonly kind: 'operation'; readonly id: string };

async function crashed(
  keep: 'score' | 'weight' | 'first',
  check: (state: { best: string; log: Value[] }, point: string) => void,
  kind: typeof Solver | typeof Doubter = Solver,
): Promise<number> {
  return crashEverywhere({
    kinds: [kind],
    prepare: async () => {
      effects = new Map();
      results = [];
    },
    work: (life, world) => {
      operation = world.operation();
      firstLife = life;
      return life.call(SOLVER, 'work', keep, { slot: operation });
    },
    finish: async (life, world) => {
      const first = await world.driven(life.call(SOLVER, 'work', keep, { slot: operation }));
      expect(await world.driven(life.call(SOLVER, 'work', keep, { slot: operation }))).toEqual(first);
    },
    check: async ({ life, point, world }) => {
      for (const [step, ids] of effects) {
        // At most begun again once, under the same id: its result was on the way when the process died.
        expect([point, step, new Set(ids).size, ids.length <= 2]).toEqual([point, step, 1, true]);
      }
      const recorded = await recordedBefore(world);
      for (const step of recorded) expect([point, step, effects.get(step)?.length]).toEqual([point, step, 1]);
      recordedMost = Math.max(recordedMost, recorded.length);
      const state = (await life.state(SOLVER)) as { turns: number; best: string; log: Value[] };
      expect([point, state.turns]).toEqual([point, 1]);
      // Every life that got so far made the same choice.
      expect([point, new Set(results).size]).toEqual([point, 1]);
      check(state, point);
    },
  });
}

describe('V3 V4 U2 G12: a turn whose branches take steps, and whose process dies at every point of its way', () => {
  it('by score: comes to the same end, and repeats no recorded step', async () => {
    const ends = new Set<string>();
    const points = await crashed('score', ({ best, log }, point) => {
      expect([point, best]).toEqual([point, expect.stringMatching(/^did think 1 at \d+ by 0\.\d+$/)]);
      const outcomes = [
        ['succeeded', expect.closeTo(0.1), 0],
        ['succeeded', expect.closeTo(0.9), 1],
        ['failed', 0, null],
      ];
      expect([point, log]).toEqual([point, ['did check 1 1', ['did plan', 1, 1, 'did end', outcomes]]]);
      ends.add(JSON.stringify(log));
    });
    expect(points).toBeGreaterThan(15);
    expect(ends.size).toBe(1);
    expect(recordedMost).toBe(11);
  }, 60_000);

  it('by weight: the same', async () => {
    await crashed('weight', ({ best }, point) => expect([point, best]).toEqual([point, expect.stringContaining('did think 1 ')]));
  }, 60_000);

  it('when no branch succeeds: the handler hears so again, and goes on', async () => {
    await crashed('score', ({ log }, point) => expect([point, log]).toEqual([point, [['score', 'branch-failed', 'did end']]]), Doubter);
  }, 60_000);

  it('by first to commit: a choice that others may have seen stays', async () => {
    await crashed('first', ({ best, log }, point) => {
      const [, winner] = log.at(-1) as [string, number];
      expect([point, best]).toEqual([point, expect.stringContaining(`did think ${winner} `)]);
    });
  }, 60_000);
});
