import { type BranchContext, defineAgent } from '@skep/actor';
import { LIMITS, type Value } from '@skep/kernel';
import { describe, expect, it } from 'vitest';
import { codeOf, Door, Hive, id } from './hive.js';

const SOLVER = id('solver', 's1');
const START = { best: 0, tried: [] as string[], deep: { list: [1, 2, 3] as number[], note: 'begun' } };
type State = typeof START;

/** One kind, whose handler is what the test says. */
function world<Result>(work: (state: State, ctx: Parameters<Parameters<typeof kindOf>[0]>[1]) => Result | Promise<Result>) {
  return new Hive([kindOf(work)]);
}

function kindOf(work: (state: State, ctx: import('@skep/actor').Context<State>) => unknown) {
  return defineAgent({ kind: 'solver', initial: START, handlers: { work: (state, _input: null, ctx) => work(state, ctx) } });
}

async function done<Result>(work: Parameters<typeof world<Result>>[0]): Promise<{ readonly value: Value; readonly state: Value }> {
  const hive = world(work);
  const life = await hive.start();
  const { value } = await hive.driven(life.call(SOLVER, 'work'));
  return { value, state: await life.state(SOLVER) };
}

async function refused(work: Parameters<typeof world>[0]): Promise<string> {
  const hive = world(work);
  const life = await hive.start();
  const code = await codeOf(hive.driven(life.call(SOLVER, 'work')));
  expect(await life.state(SOLVER)).toEqual(START);
  return code;
}

describe('V3 V4 V5: ctx.superpose', () => {
  it('V4: keeps the changes of the best branch, all of them, and nothing of the others', async () => {
    const { value, state } = await done(async (agent, ctx) => {
      const { deep } = agent;
      const { winner, branches } = await ctx.superpose(5, async (branch) => {
        branch.state.best = branch.index;
        branch.state.tried.push(`branch ${branch.index}`);
        branch.state.deep.list.splice(1, 1, 10 + branch.index, 20);
        await branch.step('think', () => null);
        branch.score(branch.index === 3 ? 9 : branch.index);
      });
      // Whoever holds parts of the state sees what was kept.
      deep.note = `kept ${deep.list.join(' ')}`;
      return { winner, scores: branches.map(({ score }) => score) };
    });
    expect(value).toEqual({ winner: 3, scores: [0, 1, 2, 9, 4] });
    expect(state).toEqual({ best: 3, tried: ['branch 3'], deep: { list: [1, 13, 20, 3], note: 'kept 1 13 20 3' } });
  });

  it('V4: what a handler returns of the state of its branch outlives the branch, as a copy', async () => {
    const { value, state } = await done(async (agent, ctx) => {
      const own = new Map([['kept', 'as it is']]);
      const { value: kept } = await ctx.superpose(2, (branch) => {
        branch.state.deep.list.push(branch.index);
        branch.score(branch.index);
        return { list: branch.state.deep.list, all: [branch.state], own };
      });
      kept.list.push(99);
      return [kept.list, kept.all, kept.own === own, agent.deep.list.length];
    });
    const deep = { list: [1, 2, 3, 1], note: 'begun' };
    expect(value).toEqual([[1, 2, 3, 1, 99], [{ ...START, deep }], true, 4]);
    expect(state).toEqual({ ...START, deep });
  });

  it('V5: by weight; what no branch names stays 1, and weights add up to 1', async () => {
    const { value } = await done((_agent, ctx) =>
      ctx.superpose(
        3,
        (branch) => {
          branch.weight([0.2, 0.6, 1][branch.index] ?? 1);
          branch.weight([1, 1, 0.2][branch.index] ?? 1);
          return branch.index * 10;
        },
        { keep: 'weight' },
      ),
    );
    expect(value).toMatchObject({
      winner: 1,
      value: 10,
      branches: [{ weight: expect.closeTo(0.2) }, { weight: expect.closeTo(0.6) }, { weight: expect.closeTo(0.2) }],
    });
  });

  it('V5: by score, then by weight, then the first', async () => {
    const kept = async (judge: (branch: BranchContext<State>) => void) =>
      ((await done((_agent, ctx) => ctx.superpose(4, judge))).value as { winner: number }).winner;
    expect(await kept(() => {})).toBe(0);
    expect(await kept((branch) => branch.weight(branch.index === 2 ? 1 : 0.5))).toBe(2);
    expect(await kept((branch) => branch.score(-branch.index))).toBe(0);
    expect(await kept((branch) => branch.index > 1 && branch.score(-5))).toBe(2);
  });

  it('V5: the first to commit ends the others', async () => {
    const door = new Door<number>();
    const aborted: number[] = [];
    const hive = world((_agent, ctx) =>
      ctx.superpose(
        3,
        async (branch) => {
          branch.signal.addEventListener('abort', () => aborted.push(branch.index));
          branch.state.best = branch.index + 1;
          if (branch.index !== 1) await door.passed;
          else await branch.step('short', () => null);
        },
        { keep: 'first' },
      ),
    );
    const life = await hive.start();
    const { value } = await hive.driven(life.call(SOLVER, 'work'));
    expect(value).toMatchObject({ winner: 1, branches: [{ outcome: 'cancelled' }, { outcome: 'succeeded', weight: 1 }, { outcome: 'cancelled' }] });
    expect(aborted).toEqual([0, 2]);
    door.open(1);
    expect(await life.state(SOLVER)).toMatchObject({ best: 2 });
  });

  it('V4: failed branches are never kept, however they fail; when all do, nothing has changed', async () => {
    const { value, state } = await done((_agent, ctx) =>
      ctx.superpose(4, async (branch) => {
        branch.state.best = branch.index + 1;
        branch.score(10 - branch.index);
        if (branch.index === 0) throw new Error('it broke');
        if (branch.index === 1) branch.fail('no tests passed');
        if (branch.index === 2) {
          try {
            branch.weight(0);
          } catch {
            // Caught or not, it has failed.
          }
        }
      }),
    );
    expect(value).toMatchObject({
      winner: 3,
      branches: [
        { outcome: 'failed', reason: 'it broke', weight: 0 },
        { outcome: 'failed', reason: 'no tests passed' },
        { outcome: 'failed', reason: 'ruled out by evidence of likelihood 0' },
        { outcome: 'succeeded', weight: 1 },
      ],
    });
    expect(state).toMatchObject({ best: 4 });
    const none = async (agent: State, ctx: Parameters<Parameters<typeof world>[0]>[1]) => {
      agent.best = 1;
      await ctx.superpose(2, (branch) => branch.fail('no'));
    };
    expect(await refused(none)).toBe('branch-failed');
  });

  it('U2: each branch has chance of its own, and the same one again', async () => {
    const numbers = async (seed: number) => {
      const hive = new Hive([kindOf(async (_agent, ctx) => [ctx.random(), ...(await drawn(ctx)), ...(await drawn(ctx))])], {}, seed);
      const life = await hive.start();
      return (await hive.driven(life.call(SOLVER, 'work'))).value as number[];
    };
    const drawn = async (ctx: Parameters<Parameters<typeof world>[0]>[1]) => {
      const found: number[] = [];
      await ctx.superpose(4, (branch) => {
        found[branch.index] = branch.random();
      });
      return found;
    };
    const one = await numbers(1);
    expect(new Set(one).size).toBe(9);
    expect(await numbers(1)).toEqual(one);
    expect(await numbers(2)).not.toEqual(one);
  });

  it('runs at most so many branches at the same time', async () => {
    let running = 0;
    let most = 0;
    const { value } = await done(async (_agent, ctx) => {
      const { branches } = await ctx.superpose(
        10,
        async (branch) => {
          running += 1;
          most = Math.max(most, running);
          await branch.step('work', async () => null);
          running -= 1;
        },
        { concurrency: 3 },
      );
      return branches.length;
    });
    expect([value, most]).toEqual([10, 3]);
  });

  it('V3: branches of branches, to a depth that is named', async () => {
    const { value, state } = await done(async (_agent, ctx) => {
      const outer = await ctx.superpose(3, async (branch) => {
        branch.state.tried.push(`outer ${branch.index}`);
        const inner = await branch.superpose(3, async (leaf) => {
          leaf.state.tried.push(`inner ${await leaf.step('say', () => leaf.index)}`);
          leaf.state.best = branch.index * 10 + leaf.index;
          leaf.score(-Math.abs(leaf.index - branch.index));
        });
        branch.score(branch.index === 1 ? 1 : 0);
        return inner.winner;
      });
      return outer.value;
    });
    expect(value).toBe(1);
    expect(state).toMatchObject({ best: 11, tried: ['outer 1', 'inner 1'] });
    const dive = async (branch: Pick<BranchContext<State>, 'superpose'>): Promise<unknown> => branch.superpose(1, dive);
    expect(await refused((_agent, ctx) => dive(ctx))).toBe('branch-failed');
  });

  it('G13: bad use is refused and changes nothing', async () => {
    expect(await refused((_agent, ctx) => ctx.superpose(0, () => null))).toBe('invalid-input');
    expect(await refused((_agent, ctx) => ctx.superpose(1.5, () => null))).toBe('invalid-input');
    expect(await refused((_agent, ctx) => ctx.superpose(LIMITS.superpositionBranches + 1, () => null))).toBe('overloaded');
    expect(await refused((_agent, ctx) => ctx.superpose(2, 'no function' as never))).toBe('invalid-input');
    expect(await refused((_agent, ctx) => ctx.superpose(2, () => null, { keep: 'worst' as never }))).toBe('invalid-input');
    expect(await refused((_agent, ctx) => ctx.superpose(2, () => null, { concurrency: 0 }))).toBe('invalid-input');
    expect(await refused((_agent, ctx) => ctx.superpose(2, (branch) => branch.score(Number.NaN)))).toBe('branch-failed');
    expect(await refused((_agent, ctx) => ctx.superpose(2, (branch) => branch.score(1e30)))).toBe('branch-failed');
    expect(await refused((_agent, ctx) => ctx.superpose(2, (branch) => branch.fail('\ud800')))).toBe('branch-failed');
    expect(await refused((_agent, ctx) => ctx.superpose(2, (branch) => branch.weight(-1)))).toBe('branch-failed');
    // Losers must not be heard: inside of branches only branches act.
    expect(await refused((_agent, ctx) => ctx.superpose(2, () => ctx.send(SOLVER, 'work')))).toBe('branch-failed');
    expect(await refused((_agent, ctx) => ctx.superpose(2, () => ctx.step('own', () => null)))).toBe('branch-failed');
    expect(await refused((_agent, ctx) => ctx.superpose(2, () => ctx.superpose(2, () => null)))).toBe('branch-failed');
    expect(await refused((_agent, ctx) => ctx.step('superpose 1 branch 0 think', () => null))).toBe('invalid-input');
    const meanwhile = async (agent: State, ctx: Parameters<Parameters<typeof world>[0]>[1]) => {
      await ctx.superpose(2, () => {
        agent.best = 7;
      });
    };
    expect(await refused(meanwhile)).toBe('version-conflict');
  });

  it('U4: a turn that is given up tells its branches', async () => {
    const aborted: number[] = [];
    const hive = new Hive([
      kindOf((_agent, ctx) =>
        ctx.superpose(2, (branch) => new Promise<void>(() => branch.signal.addEventListener('abort', () => aborted.push(branch.index)))),
      ),
    ]);
    const life = await hive.start({ limits: { turnDeadlineMs: 500 } });
    expect(await codeOf(hive.driven(life.call(SOLVER, 'work')))).toBe('turn-timeout');
    expect(aborted).toEqual([0, 1]);
  });

  it('a context of a branch that is over can do nothing any more', async () => {
    let late: BranchContext<State> | undefined;
    const { value } = await done(async (_agent, ctx) => {
      await ctx.superpose(1, (branch) => {
        late = branch;
      });
      const codes = [() => late?.score(1), () => late?.state.best, () => late?.random()].map((act) => {
        try {
          act();
          return 'done';
        } catch (error) {
          return (error as { code: string }).code;
        }
      });
      return [...codes, await codeOf(late?.step('late', () => null) ?? Promise.resolve())];
    });
    expect(value).toEqual(['turn-cancelled', 'closed', 'turn-cancelled', 'turn-cancelled']);
  });
});
