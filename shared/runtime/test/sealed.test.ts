import { defineAgent } from '@skep/actor';
import { describe, expect, it } from 'vitest';
import { SkepNode } from '../src/index.js';
import { codeOf, Door, failure, Hive, id, isSettled } from './hive.js';

let gate: Door | undefined;
let ran = 0;
const Cell = defineAgent({
  kind: 'cell',
  initial: { count: 0 },
  handlers: {
    add(state, by: number) {
      state.count += by;
      return state.count;
    },
    async slow(state, _input: null, context) {
      await context.step('one', () => {
        ran += 1;
      });
      await context.step('two', () => gate?.passed);
      state.count += 100;
    },
    later(_state, afterMs: number, context) {
      context.timer('t', { afterMs }, 'add', 1_000);
    },
  },
  queries: { count: (state) => state.count },
});

const A = id('cell', 'a');
const B = id('cell', 'b');

/** Somebody holds the node for dead, wrongly: its lane is sealed, and nothing else is done. */
async function fence(world: Hive, node: SkepNode): Promise<void> {
  const stranger = await world.driven(SkepNode.start(world.ports, { kinds: [Cell], universe: 'elsewhere' }));
  stranger.driver.seal(node.driver.id);
  await isSettled(Promise.resolve());
}

describe('L2 G1: a node whose lane is sealed', () => {
  it('tells everybody sealed who is not answered, comes back with another lane, and loses nothing acknowledged', async () => {
    gate = undefined;
    const world = new Hive([Cell]);
    const life = await world.start();
    const { node } = life;
    const lane = node.driver.id;
    await life.call(A, 'add', 1);
    await life.call(A, 'later', 500);
    await fence(world, node);
    const calls = [codeOf(life.call(A, 'add', 10)), codeOf(life.call(A, 'add', 10)), codeOf(life.call(B, 'add', 1)), codeOf(life.call(A, 'count'))];
    expect(await Promise.all(calls)).toEqual(['sealed', 'sealed', 'sealed', 'sealed']);
    await world.until(() => node.driver.id !== lane);
    await world.driven(node.recovered);
    expect(await world.driven(life.call(A, 'add', 1))).toMatchObject({ value: 2, version: 2 });
    await world.clock.advance(1_000);
    expect(await life.call(A, 'count')).toMatchObject({ value: 1_002 });
    const last = (await world.ports.log.last(lane))?.sequence;
    await world.clock.advance(60_000);
    expect((await world.ports.log.last(lane))?.sequence).toBe(last);
  });

  it('resumes the turns that awaited, and runs no recorded step again', async () => {
    gate = new Door();
    ran = 0;
    const world = new Hive([Cell]);
    const life = await world.start();
    const slow = codeOf(life.call(A, 'slow'));
    await isSettled(slow);
    await fence(world, life.node);
    void codeOf(life.call(B, 'add', 1));
    expect(await slow).toBe('sealed');
    await world.clock.advance(100);
    gate.open();
    await world.clock.advance(100);
    expect(await life.call(A, 'count')).toMatchObject({ value: 100, version: 1 });
    expect(ran).toBe(1);
  });

  it('tries again as long as the registry cannot be had, and tells callers sealed meanwhile', async () => {
    gate = undefined;
    const world = new Hive([Cell]);
    const life = await world.start();
    await life.call(A, 'add', 1);
    await fence(world, life.node);
    life.controls.update = () => Promise.reject(failure('unavailable'));
    expect(await codeOf(life.call(A, 'add', 1))).toBe('sealed');
    await world.clock.advance(10_000);
    expect(await codeOf(life.call(A, 'add', 1))).toBe('sealed');
    life.controls.update = undefined;
    await world.clock.advance(10_000);
    expect(await world.driven(life.call(A, 'add', 1))).toMatchObject({ value: 2 });
  });

  it('may be closed while it comes back', async () => {
    const world = new Hive([Cell]);
    const life = await world.start();
    await life.call(A, 'add', 1);
    await fence(world, life.node);
    life.controls.update = () => Promise.reject(failure('unavailable'));
    expect(await codeOf(life.call(A, 'add', 1))).toBe('sealed');
    await world.driven(life.node.close());
    expect(['sealed', 'closed']).toContain(await codeOf(life.call(A, 'add', 1)));
    expect(await (await world.start()).call(A, 'count')).toMatchObject({ value: 1 });
  });

  it('by a start that took it for dead comes back beside the other one, and takes nothing from it', async () => {
    gate = undefined;
    const world = new Hive([Cell]);
    const first = await world.start();
    await first.call(A, 'add', 1);
    await first.call(B, 'add', 1);
    const second = await world.start();
    expect(await second.call(A, 'add', 1)).toMatchObject({ value: 2, version: 2 });
    expect(await codeOf(world.driven(first.call(A, 'add', 10)))).toBe('sealed');
    await world.clock.advance(1_000);
    expect(await codeOf(world.driven(first.call(A, 'add', 10)))).toBe('elsewhere');
    expect(await world.driven(second.call(A, 'add', 1))).toMatchObject({ value: 3, version: 3 });
    expect(await world.driven(first.call(id('cell', 'mine'), 'add', 5))).toMatchObject({ value: 5 });
  });

  it('goes on telling watchers and counting turns', async () => {
    gate = undefined;
    const world = new Hive([Cell]);
    const life = await world.start();
    const seen: number[] = [];
    const stop = life.node.host.onCommitted((turns) => seen.push(...turns.map((turn) => turn.version)));
    await life.call(A, 'add', 1);
    await fence(world, life.node);
    await codeOf(life.call(A, 'add', 1));
    await world.clock.advance(1_000);
    await world.driven(life.call(A, 'add', 1));
    expect(seen).toEqual([1, 2]);
    expect(life.node.host.meter.turns).toBeGreaterThanOrEqual(2);
    stop();
    await life.call(A, 'add', 1);
    expect(seen).toEqual([1, 2]);
  });
});
