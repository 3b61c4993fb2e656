import { describe, expect, it } from 'vitest';
import { GIVE_UP_MS } from '../src/index.js';
import { appends, bytes, codeOf, LANE, text, worldWith } from './faulty-world.js';

describe('requests to a store', () => {
  it('are lost: the caller learns outcome-unknown and nothing was written', async () => {
    const { world, node } = worldWith({ requestLostChance: 1 });
    expect(await world.drive(codeOf(node.ports.log.append(LANE, bytes('x'), 0)))).toBe('outcome-unknown');
    expect(world.now).toBeGreaterThanOrEqual(GIVE_UP_MS);
    expect(await world.drive(codeOf(node.ports.log.last(LANE)))).toBe('unavailable');
    world.heal();
    expect(await world.drive(node.ports.log.last(LANE))).toBeUndefined();
    expect(world.occurred.get('request lost')).toBe(2);
  });

  it('arrive late: the caller gave up, and it is written all the same', async () => {
    const { world, node } = worldWith({ requestLateChance: 1, requestLateMsMax: 5000 });
    expect(await world.drive(codeOf(node.ports.log.append(LANE, bytes('late'), 0)))).toBe('outcome-unknown');
    world.heal();
    expect(await world.drive(node.ports.log.last(LANE))).toBeUndefined();
    await world.run();
    expect(text((await world.drive(node.ports.log.last(LANE)))?.bytes)).toBe('late');
  });

  it('arrive after the death of their sender', async () => {
    const { world, store, node } = worldWith({ requestLateChance: 1, requestLateMsMax: 1 });
    void node.ports.log.append(LANE, bytes('testament'), 0);
    node.crash();
    world.heal();
    await world.run();
    const heir = world.node('node', { stores: store });
    expect(text((await world.drive(heir.ports.log.last(LANE)))?.bytes)).toBe('testament');
  });

  it('are answered with a loss: it is written, and the caller does not know', async () => {
    const { world, node } = worldWith({ answerLostChance: 1 });
    expect(await world.drive(codeOf(node.ports.log.append(LANE, bytes('there'), 0)))).toBe('outcome-unknown');
    world.heal();
    expect(text((await world.drive(node.ports.log.last(LANE)))?.bytes)).toBe('there');
  });

  it('arrive twice, and their compare-and-set holds', async () => {
    const { world, node } = worldWith({ requestTwiceChance: 1 });
    expect(new Set(await appends(world, node, 20))).toEqual(new Set(['appended']));
    expect(await world.drive(node.ports.log.read(LANE, 0))).toHaveLength(20);
    expect(world.occurred.get('request twice')).toBeGreaterThan(20);
  });

  it('are refused: nothing is ever written', async () => {
    const { world, node } = worldWith({ requestRefusedChance: 0.5, requestTwiceChance: 0.5 });
    const codes = await appends(world, node, 60);
    world.heal();
    await world.run();
    const entries = await world.drive(node.ports.log.read(LANE, 0));
    expect(entries.map((entry) => text(entry.bytes))).toEqual(codes.flatMap((code, at) => (code === 'appended' ? [`${at}`] : [])));
    expect(new Set(codes)).toEqual(new Set(['appended', 'conflict', 'unavailable']));
  });

  it('overtake each other', async () => {
    const { world, node } = worldWith({ slowChance: 0.5, slowMsMax: 100 });
    const order: number[] = [];
    const all = Array.from({ length: 30 }, (_, at) => node.ports.registry.update(`k/${at}`, bytes('x'), 0).then(() => order.push(at)));
    await world.drive(Promise.all(all));
    expect(order).not.toEqual([...order].sort((one, two) => one - two));
  });

  it('take the bytes over: who uses them afterwards gets rubbish', async () => {
    const { world, node } = worldWith({});
    const given = bytes('mine');
    await world.drive(node.ports.log.append(LANE, given, 0));
    expect(text(given)).not.toBe('mine');
    expect(text((await world.drive(node.ports.log.last(LANE)))?.bytes)).toBe('mine');
  });
});

describe('reads', () => {
  it('of the registry are stale, then not', async () => {
    const { world, node } = worldWith({ staleReadChance: 0.5, staleMsMax: 1000 });
    const seen = new Set<string>();
    let revision = 0;
    for (let at = 0; at < 30; at += 1) {
      await world.run({ untilMs: world.now + 100 });
      const result = await world.drive(node.ports.registry.update('k', bytes(`${at}`), revision));
      revision = result.revision;
      const entry = await world.drive(node.ports.registry.get('k'));
      seen.add(entry === undefined ? 'none' : entry.revision === revision ? 'newest' : 'older');
    }
    expect(seen).toEqual(new Set(['none', 'newest', 'older']));
    world.heal();
    expect((await world.drive(node.ports.registry.get('k')))?.revision).toBe(revision);
  });

  it('of the log miss the newest entries, yet last does not', async () => {
    const { world, node } = worldWith({ staleLogReadChance: 1 });
    await appends(world, node, 10);
    expect((await world.drive(node.ports.log.read(LANE, 0))).length).toBeLessThan(10);
    expect(text((await world.drive(node.ports.log.last(LANE)))?.bytes)).toBe('9');
  });

  it('find entries that were trimmed, for a while', async () => {
    const { world, node } = worldWith({ lateTrimChance: 1 });
    await appends(world, node, 5);
    await world.drive(node.ports.log.trim(LANE, 4));
    expect(await world.drive(node.ports.log.read(LANE, 0))).toHaveLength(5);
    await world.run();
    expect((await world.drive(node.ports.log.read(LANE, 0))).map((entry) => entry.sequence)).toEqual([4, 5]);
  });
});

describe('links', () => {
  it('are cut one way: requests arrive, answers do not', async () => {
    const { world, node } = worldWith({});
    const mend = world.cut({ from: 'store', to: 'node', way: 'one' });
    expect(await world.drive(codeOf(node.ports.log.append(LANE, bytes('x'), 0)))).toBe('outcome-unknown');
    mend();
    expect(text((await world.drive(node.ports.log.last(LANE)))?.bytes)).toBe('x');
  });

  it('are cut both ways: nothing arrives', async () => {
    const { world, node } = worldWith({});
    const mend = world.cut({ from: 'store', to: 'node', way: 'both' });
    expect(await world.drive(codeOf(node.ports.log.append(LANE, bytes('x'), 0)))).toBe('outcome-unknown');
    mend();
    expect(await world.drive(node.ports.log.last(LANE))).toBeUndefined();
  });

  it('between nodes are cut for the bus, too, and mended by heal', async () => {
    const { world, store, node } = worldWith({});
    const other = world.node('other', { stores: store });
    const got: string[] = [];
    other.ports.bus.subscribe('a', (message) => got.push(text(message.payload)));
    world.cut({ from: 'node', to: 'other', way: 'one' });
    node.ports.bus.publish('a', bytes('1'));
    await world.run();
    world.heal();
    node.ports.bus.publish('a', bytes('2'));
    await world.run();
    expect(got).toEqual(['2']);
  });
});
