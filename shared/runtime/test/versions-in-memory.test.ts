/** The versions of agents that are in memory, and those that are not any more. */
import { defineAgent } from '@skep/actor';
import type { AgentId } from '@skep/kernel';
import { describe, expect, it } from 'vitest';
import { codeOf, Hive, id, type Life } from './hive.js';

const Log = defineAgent({
  kind: 'log',
  initial: { count: 0, lines: [] as string[] },
  passivateAfterMs: 60_000,
  handlers: {
    add(state, text: string) {
      state.count += 1;
      state.lines.push(text);
      return state.count;
    },
    quiet: () => null,
  },
});

const A = id('log', 'a');

async function countAt({ node }: Life, agent: AgentId, version: number): Promise<unknown> {
  const activation = await node.host.reading(agent);
  if (activation === undefined) throw new Error(`${agent} does not exist`);
  return (await node.host.historian.at(activation, version)).tree.get(['count']);
}

async function grow(world: Hive, life: Life, { agent = A, turns, pauseMs }: { agent?: AgentId; turns: number; pauseMs: number }): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    await world.driven(life.call(agent, 'add', `line ${turn}`));
    if (turn % 7 === 3) await world.driven(life.call(agent, 'quiet'));
    if (pauseMs > 0) await world.clock.advance(pauseMs);
  }
}

describe('V10: versions in memory', () => {
  it('of a slow agent the last 100 are there and need no look into the store; older ones come back from it', async () => {
    const world = new Hive([Log]);
    const life = await world.start();
    await grow(world, life, { turns: 60, pauseMs: 1_000 });
    await world.driven(life.node.host.settleAll());
    await grow(world, life, { turns: 60, pauseMs: 1_000 });
    await world.driven(life.node.host.settleAll());
    expect(life.node.host.retained.versions).toBe(100);
    let reads = 0;
    life.controls.blobGet = (run) => {
      reads += 1;
      return run();
    };
    for (let version = 20; version <= 120; version += 1) expect(await world.driven(countAt(life, A, version))).toBe(version);
    expect(reads).toBe(0);
    for (const version of [0, 1, 19]) expect(await world.driven(countAt(life, A, version))).toBe(version);
    expect(reads).toBeGreaterThan(0);
  });

  it('of a fast agent some are kept, and every version in between is as it was', async () => {
    const world = new Hive([Log]);
    const life = await world.start();
    await grow(world, life, { turns: 150, pauseMs: 0 });
    await world.driven(life.node.host.settleAll());
    await grow(world, life, { turns: 150, pauseMs: 0 });
    const { versions } = life.node.host.retained;
    expect(versions).toBeGreaterThan(1);
    expect(versions).toBeLessThan(10);
    for (let version = 0; version <= 300; version += 1) expect(await world.driven(countAt(life, A, version))).toBe(version);
  });

  it('what the budget has no room for is read from the store, and nothing is lost', async () => {
    const world = new Hive([Log], { limits: { memoryBytes: 60_000 } });
    const life = await world.start();
    const agents = [A, id('log', 'b'), id('log', 'c')];
    for (const agent of agents) await grow(world, life, { agent, turns: 40, pauseMs: 1_000 });
    const { retained } = life.node.host;
    expect(retained.countedBytes()).toBeLessThanOrEqual(60_000);
    expect(retained.versions).toBeLessThan(120);
    for (const agent of agents)
      for (let version = 0; version <= 40; version += 1) expect(await world.driven(countAt(life, agent, version))).toBe(version);
    await world.driven(life.node.host.settleAll());
    for (const agent of agents)
      for (let version = 0; version <= 40; version += 5) expect(await world.driven(countAt(life, agent, version))).toBe(version);
  });

  it('an agent that rests takes none with it; those that come back begin anew', async () => {
    const world = new Hive([Log]);
    const life = await world.start();
    await grow(world, life, { turns: 10, pauseMs: 1_000 });
    await world.driven(life.node.host.settleAll());
    await world.clock.advance(61_000);
    await world.driven(life.node.host.settleAll());
    await world.until(() => life.node.host.roster.size === 0);
    expect(life.node.host.retained.bytes).toBe(0);
    for (const version of [3, 10]) expect(await world.driven(countAt(life, A, version))).toBe(version);
    expect(life.node.host.retained.bytes).toBeGreaterThan(0);
  });

  it('versions whose records were never written are forgotten', async () => {
    const world = new Hive([Log]);
    const life = await world.start();
    await grow(world, life, { turns: 5, pauseMs: 1_000 });
    life.crash();
    const next = await world.start();
    await grow(world, next, { turns: 2, pauseMs: 0 });
    for (let version = 0; version <= 7; version += 1) expect(await world.driven(countAt(next, A, version))).toBe(version);
  });

  it('where the newest versions alone are beyond the budget, idle agents rest, and until then new ones are refused', async () => {
    const world = new Hive([Log], { limits: { memoryBytes: 100_000 } });
    const life = await world.start();
    const agents = Array.from({ length: 100 }, (_, at) => id('log', `many ${at}`));
    let refused = 0;
    for (const agent of agents) {
      for (;;) {
        const code = await world.driven(codeOf(life.call(agent, 'add', 'x'.repeat(5_000))));
        if (code === 'done') break;
        expect(code).toBe('overloaded');
        refused += 1;
        await world.clock.advance(200);
      }
    }
    expect(refused).toBeGreaterThan(0);
    expect(life.node.host.retained.countedBytes()).toBeLessThan(150_000);
    for (const agent of agents) {
      while ((await world.driven(codeOf(life.node.host.reading(agent)))) === 'overloaded') await world.clock.advance(200);
      expect(await world.driven(countAt(life, agent, 1))).toBe(1);
    }
  });
});
