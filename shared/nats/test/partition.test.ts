import { codeOfRejection, eventually } from '@skep/ports/conformance';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NatsPorts } from '../src/index.js';
import { natsHere, startProxiedCluster } from '../src/servers/index.js';
import { names } from '../src/streams.js';
import { bytesOf, lane, newRoot, portsOn, rawOn, textOf } from './ports-kit.js';

/** Reads that an isolated leader is asked for while it is cut off. */
const READS = 20;

describe.skipIf(!natsHere('fast', 'toxiproxy'))('a leader that is cut off from its peers', () => {
  let proxied: Awaited<ReturnType<typeof startProxiedCluster>>;
  const closing: (() => Promise<void>)[] = [];
  beforeEach(async () => {
    proxied = await startProxiedCluster({ servers: 3, flavour: 'fast' });
    await proxied.cluster.ready;
  }, 60_000);
  afterEach(async () => {
    await Promise.all(closing.splice(0).map((close) => close()));
    await proxied?.close();
  });

  const open = async (server: number, root: string): Promise<NatsPorts> => {
    const ports = portsOn([proxied.cluster.urls[server] as string], { root, logShards: 1, ignoreGossip: true });
    closing.push(() => ports.close());
    await ports.ready;
    return ports;
  };

  it('never answers last with what was true before; its writers are unknown or unavailable, and what they hear later is the truth (G3)', async () => {
    const root = newRoot();
    const all = await Promise.all([0, 1, 2].map((server) => open(server, root)));
    const raw = rawOn([proxied.cluster.urls[0] as string]);
    closing.push(() => raw.close());
    await raw.connected;
    const leading = await eventually('a leader', async () => {
      const answer = await raw.jetstream.info(names.logStream(root, 0));
      return answer.kind === 'ok' ? (answer.body.cluster as { leader?: string }).leader : undefined;
    });
    const index = proxied.cluster.servers.findIndex(({ name }) => name === leading);
    const inside = all[index] as NatsPorts;
    const outside = all[(index + 1) % 3] as NatsPorts;
    const first = await inside.log.append(lane('a'), bytesOf('before'), 0);
    if (first.kind !== 'appended') throw new Error('the lane is new');
    const key = await inside.registry.update('k', bytesOf('before'), 0);
    if (key.kind !== 'updated') throw new Error('the key is new');

    await proxied.isolate(index);
    const second = await eventually('a new leader', () => outside.log.append(lane('a'), bytesOf('after'), first.sequence).catch(() => undefined));
    // The last attempt may have found an earlier one of its own written: then the lane tells.
    const newest = await eventually('the newest entry', () => outside.log.last(lane('a')).catch(() => undefined));
    expect([second.kind, textOf(newest.bytes)]).toEqual([second.kind, 'after']);

    for (let read = 0; read < READS; read += 1) {
      const answer = await inside.log.last(lane('a')).then(
        (entry) => textOf(entry?.bytes),
        () => 'no answer',
      );
      expect(['no answer', 'after']).toContain(answer);
      if (read === 0) {
        expect(['outcome-unknown', 'unavailable']).toContain(await codeOfRejection(inside.log.append(lane('a'), bytesOf('stale'), first.sequence)));
        expect(['outcome-unknown', 'unavailable']).toContain(await codeOfRejection(inside.registry.update('k', bytesOf('stale'), key.revision)));
      }
    }

    await proxied.heal();
    const healed = await eventually('an answer inside', () => inside.log.last(lane('a')).catch(() => undefined));
    expect(textOf(healed.bytes)).toBe('after');
    expect(await eventually('a verdict', () => inside.log.append(lane('a'), bytesOf('stale'), first.sequence).catch(() => undefined))).toEqual({
      kind: 'conflict',
      last: healed.sequence,
    });
    const found = await eventually('the lane', () => outside.log.read(lane('a'), 0).catch(() => undefined));
    const texts = found.map(({ bytes }) => textOf(bytes));
    expect(texts).toEqual(['before', 'after']);
  }, 120_000);

  it('a watch behind a cut hears the newest state of every key once it is healed', async () => {
    const root = newRoot();
    const [one, two] = await Promise.all([open(0, root), open(1, root)]);
    const told = new Map<string, number>();
    const order: number[] = [];
    (one as NatsPorts).registry.watch('k/', ({ key, revision }) => {
      told.set(key, revision);
      order.push(revision);
    });
    const { registry } = two as NatsPorts;
    const newest = new Map<string, number>();
    const update = async (key: string): Promise<void> => {
      const expected = newest.get(key) ?? 0;
      const result = await eventually('an update', () => registry.update(key, bytesOf('x'), expected).catch(() => undefined));
      newest.set(key, result.revision);
    };
    await update('k/1');
    await eventually('the first news', () => told.get('k/1'));
    await proxied.clients(0).cut();
    for (const key of ['k/1', 'k/2', 'k/1', 'k/3', 'k/2']) await update(key);
    await proxied.heal();
    for (const [key, revision] of newest) await eventually(`news of ${key}`, () => (told.get(key) === revision ? true : undefined));
    expect(new Set(order).size).toBe(order.length);
  }, 120_000);
});
