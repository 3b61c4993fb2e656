/** Ports that throw what is no error of ours, answer nonsense, and bugs of our own: nothing is certain that is not, and nothing is silent (L8, L3, L11, G11). */
import { defineAgent } from '@skep/actor';
import { LIMITS } from '@skep/kernel';
import { RULES, type Rules } from '@skep/lane';
import { describe, expect, it } from 'vitest';
import { SkepNode } from '../src/index.js';
import { codeOf, failure, Hive, id, type Life } from './hive.js';

const Cell = defineAgent({
  kind: 'cell',
  initial: { count: 0 },
  handlers: {
    add(state, by: number) {
      state.count += by;
      return state.count;
    },
  },
  queries: { count: (state) => state.count },
});

const A = id('cell', 'a');
const B = id('cell', 'b');
const RAW = new TypeError('a raw exception of an adapter');

async function hive(options: { readonly rules?: Rules } = {}) {
  const world = new Hive([Cell]);
  return { world, life: await world.start(options) };
}

describe('L8: an append that throws what is no error of ours', () => {
  it.each(['and was written', 'and was not'] as const)('%s is in doubt, never a failure: the call takes effect once', async (truth) => {
    const { world, life } = await hive();
    await life.call(A, 'add', 1);
    let throws = 2;
    life.controls.append = async (run) => {
      throws -= 1;
      if (throws < 0) return run();
      if (truth === 'and was written') await run();
      throw RAW;
    };
    expect(await world.driven(life.call(A, 'add', 1))).toMatchObject({ value: 2, version: 2 });
    expect((await world.records(A)).map((record) => record.position)).toEqual([1, 2]);
  });

  it('and whose log never says more ends in outcome-unknown', async () => {
    const { world, life } = await hive();
    await life.call(A, 'add', 1);
    life.controls.append = () => Promise.reject(RAW);
    const call = codeOf(life.call(A, 'add', 1));
    await world.clock.advance(LIMITS.appendInDoubtMs + 1_000);
    expect(await call).toBe('outcome-unknown');
  });

  it('at once, before it gave a promise, is no other', async () => {
    const { world, life } = await hive();
    await life.call(A, 'add', 1);
    let throws = 1;
    life.controls.append = (run) => {
      throws -= 1;
      if (throws < 0) return run();
      throw RAW;
    };
    expect(await world.driven(life.call(A, 'add', 1))).toMatchObject({ value: 2, version: 2 });
  });
});

describe('L3: a directory write that throws what is no error of ours', () => {
  it.each(['and was written', 'and was not'] as const)('%s is in doubt: it is settled by another write of its own', async (truth) => {
    const { world, life } = await hive();
    let throws = 1;
    life.controls.update = async (run) => {
      throws -= 1;
      if (throws < 0) return run();
      if (truth === 'and was written') await run();
      throw RAW;
    };
    expect(await world.driven(life.call(A, 'add', 1))).toMatchObject({ value: 1, version: 1 });
    expect(await world.entryOf(life.node, A)).toMatchObject({ owner: life.node.driver.id, epoch: truth === 'and was written' ? 2 : 1 });
  });
});

describe('a trim that throws', () => {
  it('harms nothing', async () => {
    const { world, life } = await hive();
    world.ports.log.trim = () => {
      throw RAW;
    };
    await life.call(A, 'add', 1);
    await world.driven(life.node.host.settleAll());
    await life.call(A, 'add', 1);
    await world.driven(life.node.host.settleAll());
    expect(await life.call(A, 'add', 1)).toMatchObject({ value: 3 });
  });
});

/** A lane whose decision about an append in doubt has a bug, that many times. */
function brokenRules(times: number): Rules {
  let left = times;
  return {
    ...RULES,
    settle: (inDoubt, last) => {
      left -= 1;
      if (left < 0) return RULES.settle(inDoubt, last);
      throw new Error('a bug in the lane');
    },
  };
}

function doubt({ controls }: Life, times: number): void {
  let left = times;
  controls.append = async (run) => {
    left -= 1;
    if (left < 0) return run();
    await run();
    throw failure('outcome-unknown');
  };
}

describe('L2, G1: a bug that is met in the lane, or in who is told of its events', () => {
  it('ends the incarnation with an alarm; who waits hears outcome-unknown, and the node comes back with what the log says', async () => {
    const { world, life } = await hive({ rules: brokenRules(1) });
    await life.call(A, 'add', 1);
    const lane = life.node.driver.id;
    doubt(life, 1);
    const calls = [life.call(A, 'add', 10), life.call(B, 'add', 1)].map(codeOf);
    expect(await world.driven(Promise.all(calls))).toEqual(['outcome-unknown', 'outcome-unknown']);
    expect(life.node.laneAlarms.get(lane)).toMatchObject({ code: 'internal', message: expect.stringContaining('a bug in the lane') });
    await world.until(() => life.node.driver.id !== lane);
    await world.driven(life.node.recovered);
    // The batch was written before its outcome was lost: the log says so, and nobody was told otherwise.
    expect(await world.driven(life.call(A, 'add', 0))).toMatchObject({ value: 11 });
  });

  it('in the actors that hear of an acknowledgement is one, too', async () => {
    const { world, life } = await hive();
    await life.call(A, 'add', 1);
    const lane = life.node.driver.id;
    life.node.host.released = () => {
      throw new Error('a bug in the gate');
    };
    expect(await world.driven(codeOf(life.call(A, 'add', 10)))).toBe('outcome-unknown');
    expect(life.node.laneAlarms.get(lane)?.message).toContain('a bug in the gate');
    await world.until(() => life.node.driver.id !== lane);
    await world.driven(life.node.recovered);
    expect(await world.driven(life.call(A, 'add', 1))).toMatchObject({ value: 12, version: 3 });
  });

  it('again and again makes no lanes without end', async () => {
    const { world, life } = await hive({ rules: brokenRules(1_000_000) });
    doubt(life, 1_000_000);
    for (let second = 0; second < 60; second += 1) {
      void codeOf(life.call(A, 'add', 1));
      await world.clock.advance(1_000);
    }
    expect(life.node.laneAlarms.size).toBeGreaterThan(2);
    expect(life.node.laneAlarms.size).toBeLessThan(25);
    expect(await codeOf(world.driven(life.node.close()))).toBe('done');
  });
});

describe('L11, G11: a lane that was read badly', () => {
  /** Two agents with records in the lane of a node that crashed. */
  async function crashed() {
    const { world, life } = await hive();
    await life.call(A, 'add', 1);
    await life.call(B, 'add', 1);
    life.crash();
    return world;
  }

  it('once is read again for the next call: the damage was in the reading', async () => {
    const world = await crashed();
    const { read } = world.ports.log;
    world.ports.log.read = async (...given) =>
      (await read.apply(world.ports.log, given)).map(({ sequence }) => ({ sequence, bytes: Uint8Array.of(9) }));
    const next = await world.start();
    expect(await codeOf(next.call(A, 'add', 1))).toBe('agent-corrupt');
    world.ports.log.read = read;
    expect(await world.driven(next.call(A, 'add', 1))).toMatchObject({ value: 2, version: 2 });
    expect(await world.driven(next.call(B, 'add', 1))).toMatchObject({ value: 2, version: 2 });
  });

  it('and could not be read at all is read again, too', async () => {
    const world = await crashed();
    const { read } = world.ports.log;
    world.ports.log.read = () => Promise.reject(failure('corrupt'));
    const node = await world.driven(SkepNode.start(world.ports, { kinds: [Cell] }));
    expect(await codeOf(world.driven(node.recovered))).toBe('corrupt');
    world.ports.log.read = read;
    expect(await world.driven(node.host.call(A, 'add', 1))).toMatchObject({ value: 2, version: 2 });
  });

  it('and whole is read once for all of its agents', async () => {
    const world = await crashed();
    const next = await world.start();
    expect(await next.call(A, 'count')).toMatchObject({ value: 1 });
    expect(await next.call(B, 'count')).toMatchObject({ value: 1 });
    // Two batches, and the seal.
    expect(next.controls.entriesRead).toBeLessThanOrEqual(3);
  });
});
