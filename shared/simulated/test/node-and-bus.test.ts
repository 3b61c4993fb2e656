import { describe, expect, it } from 'vitest';
import { bytes, LANE, text, worldWith } from './faulty-world.js';

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
