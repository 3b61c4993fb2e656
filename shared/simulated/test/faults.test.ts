import { isSkepError, type LaneId } from '@skep/kernel';
import { describe, expect, it } from 'vitest';
import {
  createWorld,
  drawPlan,
  type FaultRates,
  formatPlan,
  GIVE_UP_MS,
  type Incident,
  planOf,
  type SimulatedNode,
  type World,
} from '../src/index.js';

const LANE = 'main/1/n' as LaneId;

function worldWith(rates: Partial<FaultRates>, incidents?: readonly Incident[]) {
  const world = createWorld({ seed: 7, faults: planOf(rates, incidents) });
  const store = world.store('store');
  return { world, store, node: world.node('node', { stores: store }) };
}

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (read: Uint8Array | undefined) => new TextDecoder().decode(read);

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    const result = await work;
    return typeof result === 'object' && result !== null && 'kind' in result ? String(result.kind) : 'done';
  } catch (error) {
    return isSkepError(error) ? error.code : String(error);
  }
}

/** Outcomes of many appends, each expecting what the log really holds. */
async function appends(world: World, node: SimulatedNode, count: number): Promise<readonly string[]> {
  const codes: string[] = [];
  for (let at = 0; at < count; at += 1) {
    const last = await world.drive(node.ports.log.last(LANE).catch(() => undefined));
    codes.push(await world.drive(codeOf(node.ports.log.append(LANE, bytes(`${at}`), last?.sequence ?? 0))));
  }
  return codes;
}

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

describe('the bus', () => {
  it('loses and doubles messages; first copies keep their order', async () => {
    const { world, store, node } = worldWith({ messageLostChance: 0.2, messageTwiceChance: 0.2, slowChance: 0.3, slowMsMax: 50 });
    const other = world.node('other', { stores: store });
    const got: number[] = [];
    other.ports.bus.subscribe('a', (message) => got.push(message.payload[0] ?? 0));
    for (let at = 0; at < 200; at += 1) node.ports.bus.publish('a', Uint8Array.of(at));
    await world.run();
    const firsts = [...new Set(got)];
    expect(firsts).toEqual([...firsts].sort((one, two) => one - two));
    expect(firsts.length).toBeLessThan(200);
    expect(got.length).toBeGreaterThan(firsts.length);
  });

  it('keeps no order between subjects', async () => {
    const { world, node } = worldWith({ slowChance: 0.5, slowMsMax: 50 });
    const got: string[] = [];
    node.ports.bus.subscribe('*', (message) => got.push(message.subject));
    const sent = Array.from({ length: 50 }, (_, at) => `s${at}`);
    for (const subject of sent) node.ports.bus.publish(subject, bytes(''));
    await world.run();
    expect(got).not.toEqual(sent);
    expect([...got].sort()).toEqual([...sent].sort());
  });
});

describe('a node', () => {
  it('that crashed is never called back: no continuation, timer, message or news', async () => {
    const { world, store, node } = worldWith({});
    const other = world.node('other', { stores: store });
    const heard: string[] = [];
    node.ports.bus.subscribe('a', () => heard.push('message'));
    node.ports.registry.watch('', () => heard.push('news'));
    node.ports.clock.setTimer(10, () => heard.push('timer'));
    void node.ports.log.append(LANE, bytes('x'), 0).then(() => heard.push('answer'));
    void node.ports.bus.request('a', bytes(''), { timeoutMs: 5 }).catch(() => heard.push('time-out'));
    node.crash();
    void node.ports.log.last(LANE).then(() => heard.push('later answer'));
    node.ports.clock.setTimer(10, () => heard.push('later timer'));
    other.ports.bus.publish('a', bytes(''));
    await world.drive(other.ports.registry.update('k', bytes('v'), 0));
    await world.run();
    expect(heard).toEqual([]);
    expect(text((await world.drive(other.ports.log.last(LANE)))?.bytes)).toBe('x');
  });

  it('comes back as its next incarnation, which has chance of its own', async () => {
    const { world, store, node } = worldWith({});
    expect(() => world.node('node', { stores: store })).toThrow('alive');
    node.crash();
    const next = world.node('node', { stores: store });
    expect([node.number, next.number, node.isAlive, next.isAlive]).toEqual([1, 2, false, true]);
    expect(next.ports.random.bytes(16)).not.toEqual(node.ports.random.bytes(16));
  });

  it('that is paused does nothing, then all of it in order', async () => {
    const { world, node } = worldWith({});
    const fired: string[] = [];
    for (const delayMs of [10, 20, 30]) node.ports.clock.setTimer(delayMs, () => fired.push(`${delayMs} at ${Math.round(world.now)}`));
    const cancel = node.ports.clock.setTimer(40, () => fired.push('cancelled'));
    world.at(200, cancel);
    node.pause(1000);
    await world.run({ untilMs: 900 });
    expect(fired).toEqual([]);
    await world.run();
    expect(fired).toEqual(['10 at 1000', '20 at 1000', '30 at 1000']);
  });

  it('whose pause is prolonged still gets everything in order', async () => {
    const { world, store, node } = worldWith({});
    const other = world.node('other', { stores: store });
    const got: number[] = [];
    node.ports.bus.subscribe('a', (message) => got.push(message.payload[0] ?? 0));
    node.pause(1000);
    for (let at = 0; at < 12; at += 1) {
      world.at(at * 200 + 1, () => {
        other.ports.bus.publish('a', Uint8Array.of(at));
        if (at === 4) node.pause(900);
      });
    }
    await world.run();
    expect(got).toEqual(Array.from({ length: 12 }, (_, at) => at));
  });
});

describe('clocks', () => {
  it('drift apart, and timers follow their own clock', async () => {
    const { world, store, node } = worldWith({ clockDriftMax: 0.05 });
    const other = world.node('other', { stores: store });
    await world.run({ untilMs: 100_000 });
    expect(Math.abs(node.ports.clock.monotonicMs() - other.ports.clock.monotonicMs())).toBeGreaterThan(1);
    const startMs = node.ports.clock.monotonicMs();
    let elapsedMs = 0;
    node.ports.clock.setTimer(10_000, () => {
      elapsedMs = node.ports.clock.monotonicMs() - startMs;
    });
    await world.run();
    expect(elapsedMs).toBeGreaterThanOrEqual(10_000);
    expect(elapsedMs).toBeLessThan(10_001);
  });

  it('jump: wall time does, monotonic time does not', async () => {
    const { world, node } = worldWith({}, [{ kind: 'clock-jump', atMs: 50, pick: 0, byMs: -60_000 }]);
    const before = { wallMs: node.ports.clock.nowMs(), monotonicMs: node.ports.clock.monotonicMs() };
    await world.run({ untilMs: 100 });
    expect(node.ports.clock.nowMs() - before.wallMs).toBe(100 - 60_000);
    expect(node.ports.clock.monotonicMs() - before.monotonicMs).toBe(100);
  });

  it('fire timers late', async () => {
    const { world, node } = worldWith({ timerLateChance: 1, timerLateMsMax: 500 });
    await world.drive(new Promise<void>((resolve) => void node.ports.clock.setTimer(10, resolve)));
    expect(world.now).toBeGreaterThan(10.1);
  });
});

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
