/** L8, L2: an append whose outcome stays unknown past the limit ends the incarnation; nobody is told a certainty that there is not. */
import { defineAgent } from '@skep/actor';
import { LIMITS } from '@skep/kernel';
import { describe, expect, it } from 'vitest';
import { type Controls, NEVER } from './controlled-ports.js';
import { codeOf, Door, failure, Hive, id, isSettled } from './hive.js';

const Cell = defineAgent({
  kind: 'cell',
  initial: { count: 0 },
  handlers: {
    add(state, by: number) {
      state.count += by;
      return state.count;
    },
    later(_state, afterMs: number, context) {
      context.timer('t', { afterMs }, 'add', 1_000);
    },
  },
  queries: { count: (state) => state.count },
});

const A = id('cell', 'a');
const B = id('cell', 'b');

async function hive(options: { readonly exclusive?: boolean } = {}) {
  const world = new Hive([Cell]);
  return { world, life: await world.start(options) };
}

let silence = new Door<never>();

/** The log answers nothing, until it is healed. */
function mute(controls: Controls): void {
  silence = new Door();
  controls.append = () => silence.passed;
  controls.last = () => silence.passed;
}

/** What a store says whose thread died. */
function kill(controls: Controls): void {
  controls.append = () => Promise.reject(failure('outcome-unknown'));
  controls.last = () => Promise.reject(failure('unavailable'));
}

function heal(controls: Controls): void {
  controls.append = undefined;
  controls.last = undefined;
  silence.refuse(failure('timeout'));
}

const LOGS = [
  ['answers nothing', mute],
  ['lost its thread', kill],
] as const;

describe('L8: a batch that is on its way past the limit', () => {
  it.each(LOGS)('of a log that %s: everybody who waits hears outcome-unknown, and not before', async (_what, fail) => {
    const { world, life } = await hive();
    await life.call(A, 'add', 1);
    await life.call(B, 'add', 1);
    fail(life.controls);
    const calls = [life.call(A, 'add', 10), life.call(A, 'add', 100), life.call(B, 'add', 1), life.call(A, 'count')].map(codeOf);
    await world.clock.advance(LIMITS.appendInDoubtMs - 1_000);
    expect(await Promise.all(calls.map(isSettled))).toEqual([false, false, false, false]);
    await world.clock.advance(2_000);
    expect(await Promise.all(calls)).toEqual(['outcome-unknown', 'outcome-unknown', 'outcome-unknown', 'outcome-unknown']);
    // Who comes now is refused for certain.
    expect(await codeOf(life.call(A, 'add', 1))).toBe('sealed');
  });

  it.each(LOGS)('of a log that %s: the node comes back with another lane as soon as the log does, and its timers with it', async (_what, fail) => {
    const { world, life } = await hive();
    const lane = life.node.driver.id;
    await life.call(A, 'add', 1);
    await life.call(A, 'later', 5_000);
    fail(life.controls);
    expect(await codeOf(world.driven(life.call(B, 'add', 1)))).toBe('outcome-unknown');
    await world.clock.advance(60_000);
    heal(life.controls);
    await world.until(() => life.node.driver.id !== lane);
    await world.clock.advance(10_000);
    expect(await world.driven(life.call(A, 'add', 1))).toMatchObject({ value: 1_002 });
  });

  it('lets a read that waits for it hear outcome-unknown, too, where strong reads append (L7)', async () => {
    const { world, life } = await hive({ exclusive: false });
    await world.driven(life.call(A, 'add', 1));
    mute(life.controls);
    const read = codeOf(life.call(A, 'count'));
    await world.clock.advance(LIMITS.appendInDoubtMs + 1_000);
    expect(await read).toBe('outcome-unknown');
  });

  it.each(['before', 'after'] as const)('G1, G4: and arrives %s the lane is sealed: sent again, it takes effect once', async (when) => {
    const { world, life } = await hive();
    const lane = life.node.driver.id;
    await life.call(A, 'add', 1);
    const arrival = new Door();
    const unseal = new Door();
    let appends = 0;
    life.controls.append = async (run) => {
      appends += 1;
      if (appends > 1) return run();
      await arrival.passed;
      await run();
      return NEVER;
    };
    life.controls.last = async (run) => {
      if (when === 'before') await unseal.passed;
      return run();
    };
    const slot = world.operation();
    const first = codeOf(life.call(A, 'add', 10, { slot }));
    await world.clock.advance(LIMITS.appendInDoubtMs + 1_000);
    expect(await first).toBe('outcome-unknown');
    expect(life.node.driver.id === lane).toBe(when === 'before');
    arrival.open();
    await world.clock.advance(0);
    unseal.open();
    await world.until(() => life.node.driver.id !== lane);
    await world.driven(life.node.recovered);
    expect(await world.driven(life.call(A, 'add', 10, { slot }))).toMatchObject({ value: 11, version: 2 });
    expect(await life.call(A, 'count')).toMatchObject({ value: 11, version: 2 });
    // Whether the first attempt is the one that counts is the log's to say.
    const records = await world.records(A);
    expect(records.map((record) => record.position)).toEqual([1, 2]);
  });

  it('is counted for each batch: a log that is slow and answers ends nothing', async () => {
    const { world, life } = await hive();
    const lane = life.node.driver.id;
    await life.call(A, 'add', 0);
    life.controls.append = async (run) => {
      await new Promise<void>((resolve) => world.clock.setTimer(LIMITS.appendInDoubtMs - 10_000, resolve));
      return run();
    };
    for (let count = 1; count <= 4; count += 1) expect(await world.driven(life.call(A, 'add', 1))).toMatchObject({ value: count });
    expect(life.node.driver.id).toBe(lane);
  });

  it('ends by the limit that the node was given', async () => {
    const world = new Hive([Cell], { limits: { appendInDoubtMs: 100 } });
    const life = await world.start();
    await life.call(A, 'add', 1);
    mute(life.controls);
    const call = codeOf(life.call(A, 'add', 1));
    await world.clock.advance(200);
    expect(await call).toBe('outcome-unknown');
  });

  it.each(['at once', 'while the node comes back'] as const)('keeps nobody from closing %s', async (when) => {
    const { world, life } = await hive();
    await life.call(A, 'add', 1);
    mute(life.controls);
    const call = codeOf(life.call(A, 'add', 1));
    if (when === 'while the node comes back') await world.clock.advance(LIMITS.appendInDoubtMs + 1_000);
    await world.driven(life.node.close());
    expect(['outcome-unknown', 'closed']).toContain(await call);
    heal(life.controls);
    expect(['1', '2']).toContain(String((await (await world.start()).call(A, 'count')).value));
  });
});
