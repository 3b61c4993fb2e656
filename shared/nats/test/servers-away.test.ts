import { codeOfRejection, eventually } from '@skep/ports/conformance';
import { afterEach, describe, expect, it } from 'vitest';
import type { NatsPorts } from '../src/index.js';
import { type Cluster, natsHere, startCluster } from '../src/servers/index.js';
import { bytesOf, lane, newRoot, portsOn, textOf } from './ports-kit.js';

describe.skipIf(!natsHere())('servers that are away', () => {
  let cluster: Cluster | undefined;
  let ports: NatsPorts | undefined;
  afterEach(async () => {
    await ports?.close();
    await cluster?.close();
  });

  it('at the start: everything is unavailable, says why, and begins by itself when they come', async () => {
    cluster = await startCluster({ servers: 1 });
    const [server] = cluster.servers;
    await server?.kill();
    ports = portsOn(cluster.urls, { root: newRoot() });
    const told: string[] = [];
    const stop = ports.registry.watch('k', ({ key, value }) => told.push(`${key} ${textOf(value)}`));
    const early = ports;
    await eventually('a first vain dial', () => (early.state.kind === 'connecting' && early.state.why !== undefined ? true : undefined));
    expect(await codeOfRejection(early.log.append(lane('a'), bytesOf('x'), 0))).toBe('unavailable');
    expect(await codeOfRejection(early.log.last(lane('a')))).toBe('unavailable');
    expect(await codeOfRejection(early.registry.get('k'))).toBe('unavailable');
    expect(await codeOfRejection(early.blob.has('0'.repeat(64) as never))).toBe('unavailable');
    expect(await codeOfRejection(early.bus.request('x', bytesOf('x'), { timeoutMs: 600_000 }))).toBe('unavailable');
    await server?.start();
    await early.ready;
    expect((await early.log.append(lane('a'), bytesOf('x'), 0)).kind).toBe('appended');
    await early.registry.update('k', bytesOf('v'), 0);
    await eventually('the watch that was asked for early', () => told.find((line) => line === 'k v'));
    stop();
  }, 60_000);

  it('closing ends the wait for them', async () => {
    cluster = await startCluster({ servers: 1 });
    await cluster.servers[0]?.kill();
    ports = portsOn(cluster.urls, { root: newRoot() });
    await ports.close();
    expect(await codeOfRejection(ports.ready)).toBe('closed');
    expect(await codeOfRejection(ports.log.last(lane('a')))).toBe('closed');
  });

  it('all of them, and back: nothing that was acknowledged is missing, subscriptions and watches go on', async () => {
    cluster = await startCluster({ servers: 3 });
    await cluster.ready;
    ports = portsOn(cluster.urls, { root: newRoot() });
    await ports.ready;
    const { log, registry, bus, blob } = ports;
    const told: string[] = [];
    registry.watch('k/', ({ key }) => told.push(key));
    const heard: string[] = [];
    bus.subscribe('news', ({ payload }) => heard.push(textOf(payload) as string));
    let last = 0;
    for (let at = 0; at < 20; at += 1) {
      const result = await log.append(lane('a'), bytesOf(`entry ${at}`), last);
      if (result.kind === 'appended') last = result.sequence;
    }
    const hash = await blob.put(bytesOf('kept'));
    await registry.update('k/1', bytesOf('one'), 0);
    await Promise.all(cluster.servers.map((server) => server.kill()));
    expect(['unavailable', 'outcome-unknown']).toContain(await codeOfRejection(log.append(lane('a'), bytesOf('void'), last)));
    await Promise.all(cluster.servers.map((server) => server.start()));
    await cluster.settled();
    const settled = await eventually('the last entry', () => log.last(lane('a')).catch(() => undefined));
    const entries = (await eventually('the lane', () => log.read(lane('a'), 0).catch(() => undefined))).map(({ bytes }) => textOf(bytes));
    expect(entries.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, at) => `entry ${at}`));
    const after = await eventually('an append', () => log.append(lane('a'), bytesOf('after'), settled.sequence).catch(() => undefined));
    expect(after.kind).toBe('appended');
    // Each connection is made anew in its own time.
    const kept = await eventually('the blob', () => blob.get(hash).catch(() => undefined));
    expect(textOf(kept)).toBe('kept');
    await eventually('an update', () => registry.update('k/2', bytesOf('two'), 0).catch(() => undefined));
    await eventually('the watch', () => told.find((key) => key === 'k/2'));
    await eventually('the subscription', () => {
      bus.publish('news', bytesOf('back'));
      return heard.find((text) => text === 'back');
    });
  }, 60_000);
});
