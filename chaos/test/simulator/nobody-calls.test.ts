/** After a crash, an agent that nobody calls wakes for its timer all the same, whatever the first look at the stores shows (I13). */
import { SkepError } from '@skep/kernel';
import type { Ports } from '@skep/ports';
import { SkepNode } from '@skep/runtime';
import { createWorld, type Store, type World } from '@skep/simulated';
import { beforeEach, describe, expect, test } from 'vitest';
import { idOf, swarmKinds } from '../../src/simulator/swarm.js';

const ALARM = idOf('alarm', 'x');
const KINDS = swarmKinds(10 * 60_000, { effect: () => undefined, sleep: () => Promise.resolve() });
const RINGS_AFTER_MS = 20_000;

describe('an agent with a timer, and a node that died', () => {
  let world: World;
  let store: Store;

  beforeEach(async () => {
    world = createWorld({ seed: 1 });
    store = world.store('disk');
    const first = world.node('node', { stores: store });
    const { host } = await world.drive(SkepNode.start(first.ports, { kinds: KINDS }));
    await world.drive(host.call(ALARM, 'later', { op: 'tea', afterMs: RINGS_AFTER_MS }));
    // So much is written by another agent that this one is named by the directory and by nothing else: its records are trimmed.
    for (let count = 0; count < 10; count += 1) {
      await world.drive(host.settleAll());
      await world.drive(host.call(idOf('notebook', 'n'), 'write', { op: String(count).padEnd(1_000_000, 'x'), title: 'much' }));
    }
    await world.drive(host.settleAll());
    await world.run({ untilMs: 2_000 });
    first.crash();
  });

  /** How often it rang, read from memory: a call would wake it. */
  async function rungAfter(change: (ports: Ports) => Ports): Promise<unknown> {
    const node = await world.drive(SkepNode.start(change(world.node('node', { stores: store }).ports), { kinds: KINDS }));
    await world.run({ untilMs: 2 * RINGS_AFTER_MS });
    return node.host.roster.find(ALARM)?.state?.tree.get(['rung', 'tea']);
  }

  test('rings after the next start', async () => {
    expect(await rungAfter((ports) => ports)).toBe(1);
  });

  test('rings when the first list of the directory is stale', async () => {
    let lists = 0;
    const stale: Ports['registry']['list'] = async () => [];
    const rung = await rungAfter((ports) => {
      const { registry } = ports;
      const list: Ports['registry']['list'] = (prefix, options) => {
        lists += 1;
        return (lists === 1 ? stale : registry.list.bind(registry))(prefix, options);
      };
      return { ...ports, registry: Object.assign(Object.create(registry), { list }) as Ports['registry'] };
    });
    expect(rung).toBe(1);
  });

  test.each(['last', 'list'] as const)('rings when %s fails a few times', async (method) => {
    let failures = 3;
    const failing =
      <Given extends unknown[], Result>(run: (...given: Given) => Promise<Result>) =>
      async (...given: Given): Promise<Result> => {
        failures -= 1;
        if (failures >= 0) throw new SkepError('unavailable', { message: 'not now' });
        return run(...given);
      };
    const rung = await rungAfter((ports) => {
      const { log, registry } = ports;
      if (method === 'list') return { ...ports, registry: Object.assign(Object.create(registry), { list: failing(registry.list.bind(registry)) }) };
      return { ...ports, log: Object.assign(Object.create(log), { last: failing(log.last.bind(log)) }) };
    });
    expect(rung).toBe(1);
  });
});
