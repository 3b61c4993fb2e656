import { describe, expect, it } from 'vitest';
import { readUniverse, SkepNode } from '../src/index.js';
import { Counter, id } from './cluster/town.js';
import { controlledPorts, type Intercept } from './controlled-ports.js';
import { codeOf, failure, Hive } from './hive.js';

/** A process whose directory writes are answered by `update` until the clock shows `untilMs`. */
function beginning(world: Hive, update: Intercept, untilMs: number) {
  const { ports, controls } = controlledPorts(world.ports);
  let writes = 0;
  const endMs = world.clock.monotonicMs() + untilMs;
  controls.update = (run) => {
    writes += 1;
    return world.clock.monotonicMs() < endMs ? update(run) : run();
  };
  const node = SkepNode.start(ports, { kinds: [Counter] });
  node.catch(() => {});
  return { node, writes: () => writes };
}

const refuses: Intercept = () => Promise.reject(failure('unavailable'));

describe('a start whose registry has no leader just now', () => {
  it('G3: waits for it, and keeps one lane', async () => {
    const world = new Hive([Counter]);
    await (await world.start()).call(id('a'), 'add', 1);
    // What was refused took effect all the same: a lane was opened that nobody uses.
    const tookEffect: Intercept = async (run) => {
      await run();
      throw failure('unavailable');
    };
    const { node } = beginning(world, tookEffect, 1_000);
    await world.clock.advance(5_000);
    const opened = await node;
    await world.driven(opened.recovered);
    expect((await readUniverse(world.ports.registry, opened.universe)).open).toEqual([opened.driver.id]);
    expect(await opened.host.call(id('a'), 'add', 1, {})).toMatchObject({ value: 2, version: 2 });
  });

  it('gives up after ten seconds', async () => {
    const world = new Hive([Counter]);
    const { node, writes } = beginning(world, refuses, 1_000_000);
    await world.clock.advance(20_000);
    expect(await codeOf(node)).toBe('unavailable');
    expect(writes()).toBeGreaterThan(2);
    expect(writes()).toBeLessThan(20);
  });

  it('waits for nothing that will not pass', async () => {
    const world = new Hive([Counter]);
    const { node, writes } = beginning(world, () => Promise.reject(failure('disk-full')), 1_000_000);
    expect(await codeOf(node)).toBe('disk-full');
    expect(writes()).toBe(1);
  });
});
