import type { LaneId } from '@skep/kernel';
import { describe, expect, it } from 'vitest';
import { createWorld, drawPlan, formatPlan, type Incident, planOf, type SimulatedNode } from '../src/index.js';
import { appends, bytes, codeOf, LANE, worldWith } from './faulty-world.js';

describe('a plan', () => {
  it('is drawn by the seed alone, and differs between seeds', () => {
    expect(drawPlan('1')).toEqual(drawPlan('1'));
    const printed = Array.from({ length: 50 }, (_, seed) => formatPlan(drawPlan(`${seed}`)));
    expect(new Set(printed).size).toBe(50);
  });

  it('can be read', () => {
    const plan = planOf({ requestLostChance: 0.01, slowMsMax: 30 }, [{ kind: 'partition', atMs: 100, forMs: 50, pick: 3, way: 'one' }]);
    expect(formatPlan(plan)).toBe('requestLostChance 0.0100\nat 100 ms: partition, forMs 50, pick 3, way one');
    expect(formatPlan(planOf({}))).toBe('no faults');
  });

  it('as plain data makes the same world again', async () => {
    const run = async (faults: 'drawn' | ReturnType<typeof drawPlan>): Promise<string> => {
      const world = createWorld({ seed: 11, faults });
      const node = world.node('node', { stores: world.store('store') });
      await appends(world, node, 50);
      return world.trace;
    };
    expect(await run(JSON.parse(JSON.stringify(drawPlan('11'))))).toBe(await run('drawn'));
  });

  it('makes each of its incidents happen, and heal ends them', async () => {
    const forMs = 100_000;
    const kinds = ['partition', 'pause', 'store-crash', 'disk-full'] as const;
    const incidents = kinds.map((kind, at): Incident => ({ kind, atMs: 10 + at, forMs, pick: 0, way: 'both' }) as Incident);
    const { world, node } = worldWith({}, incidents);
    await world.run({ untilMs: 20 });
    for (const fault of ['partition', 'pause', 'store crash']) expect(world.occurred.get(fault), fault).toBe(1);
    const work = codeOf(node.ports.log.append(LANE, bytes('x'), 0));
    world.heal();
    await world.drive(work);
    expect(await appends(world, node, 3)).toEqual(['appended', 'appended', 'appended']);
    expect(world.now).toBeLessThan(forMs);
  });

  it('drawn for enough seeds brings about every fault there is', async () => {
    const occurred = new Set<string>();
    for (let seed = 0; seed < 40; seed += 1) {
      const world = createWorld({ seed, faults: 'drawn' });
      const store = world.store('store');
      for (const name of ['one', 'two']) void live(world.node(name, { stores: store }));
      await world.run({ untilMs: 60_000 });
      for (const fault of world.occurred.keys()) occurred.add(fault);
    }
    expect([...occurred].sort()).toEqual(EVERY_FAULT);
  });
});

const EVERY_FAULT = [
  'answer cut off',
  'answer lost',
  'clock drift',
  'clock jump',
  'disk full',
  'failed fsync',
  'late timer',
  'late trim',
  'lost unsynced write',
  'message cut off',
  'message lost',
  'message twice',
  'partition',
  'pause',
  'request cut off',
  'request late',
  'request lost',
  'request refused',
  'request twice',
  'slow',
  'slow fsync',
  'stale log read',
  'stale registry read',
  'store crash',
  'torn write',
];

/** A node that does a little of everything, for ever. */
async function live({ name, ports: { log, registry, bus, clock, random } }: SimulatedNode): Promise<void> {
  const lane = `main/1/${name}` as LaneId;
  bus.subscribe('hello', (message) => message.reply(message.payload));
  const tried = (work: Promise<unknown>) => work.catch(() => undefined);
  for (let at = 0; ; at += 1) {
    await new Promise<void>((resolve) => void clock.setTimer(random.uint32() % 50, resolve));
    const last = await log.last(lane).catch(() => undefined);
    await tried(Promise.all([1, 2, 3].map(() => log.append(lane, new Uint8Array(1500), last?.sequence ?? 0))));
    await tried(log.read(lane, 0));
    if (at % 5 === 0) await tried(log.trim(lane, last?.sequence ?? 0));
    const entry = await registry.get(name).catch(() => undefined);
    await tried(registry.update(name, new Uint8Array(100), entry?.revision ?? 0));
    await tried(bus.request('hello', new Uint8Array(10), { timeoutMs: 100 }));
  }
}
