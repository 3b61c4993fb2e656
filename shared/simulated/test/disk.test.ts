import type { LaneId } from '@skep/kernel';
import { describe, expect, it } from 'vitest';
import { createWorld, GIVE_UP_MS } from '../src/index.js';
import { appends, bytes, codeOf, LANE, text, worldWith } from './faulty-world.js';

describe('disks', () => {
  it('forget, tear and reorder what was not synced when the power fails; what was synced stays', async () => {
    const { world, store, node } = worldWith({ fsyncSlowChance: 0.5, fsyncSlowMsMax: 30 });
    const acknowledged: string[] = [];
    for (let round = 0; round < 40; round += 1) {
      const lane = `main/1/${round}` as LaneId;
      const work = Array.from({ length: 5 }, async (_, at) => {
        const result = await node.ports.log.append(`${lane}-${at}` as LaneId, new Uint8Array(2000).fill(at), 0);
        if (result.kind === 'appended') acknowledged.push(`${lane}-${at}`);
      });
      for (const one of work) one.catch(() => undefined);
      await world.run({ untilMs: world.now + world.random('power').between(1, 20) });
      store.crash();
      store.start();
      await world.run({ untilMs: world.now + 3 * GIVE_UP_MS });
    }
    expect(acknowledged.length).toBeGreaterThan(0);
    for (const lane of acknowledged) expect(await world.drive(node.ports.log.last(lane as LaneId))).toBeDefined();
    for (const fault of ['torn write', 'lost unsynced write', 'slow fsync', 'store crash'])
      expect(world.occurred.get(fault), fault).toBeGreaterThan(0);
  });

  it('that are damaged in the middle are reported as corrupt, and nothing is served', async () => {
    const { world, store, node } = worldWith({});
    await appends(world, node, 30);
    store.crash();
    store.rot(0.4);
    store.start();
    expect(await world.drive(codeOf(node.ports.log.last(LANE)))).toBe('corrupt');
    expect(await world.drive(codeOf(node.ports.log.append(LANE, bytes('x'), 30)))).toBe('corrupt');
  });

  it('that rot while the store runs are found out by the read', async () => {
    const { world, store, node } = worldWith({});
    await appends(world, node, 30);
    store.rot(0.5);
    expect(await world.drive(codeOf(node.ports.log.read(LANE, 0)))).toBe('corrupt');
  });

  it('are full, and take more when there is space again', async () => {
    const world = createWorld({ seed: 1 });
    const store = world.store('store', { disk: { capacityBytes: 1000 } });
    const node = world.node('node', { stores: store });
    const codes = await appends(world, node, 40);
    const fitting = codes.indexOf('disk-full');
    expect(fitting).toBeGreaterThan(5);
    expect(new Set(codes.slice(fitting))).toEqual(new Set(['disk-full']));
    expect(await world.drive(node.ports.log.read(LANE, 0))).toHaveLength(fitting);
    store.setCapacity(1_000_000);
    expect(await appends(world, node, 1)).toEqual(['appended']);
  });

  it('fail to sync: the store dies, comes back, and no acknowledged entry is lost', async () => {
    const { world, node } = worldWith({ fsyncFailedChance: 0.3 });
    const codes = await appends(world, node, 60);
    world.heal();
    const entries = await world.drive(node.ports.log.read(LANE, 0));
    const there = new Set(entries.map((entry) => text(entry.bytes)));
    for (const [at, code] of codes.entries()) if (code === 'appended') expect(there.has(`${at}`)).toBe(true);
    expect(codes).toContain('outcome-unknown');
    expect(world.occurred.get('failed fsync')).toBeGreaterThan(0);
  });
});
