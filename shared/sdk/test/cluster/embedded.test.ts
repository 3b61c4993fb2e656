/** A cluster of one on the memory of this process: the same gateway and the same client, on the real clock. */
import { memoryPorts } from '@skep/embedded';
import { describe, expect, it } from 'vitest';
import { connectCluster, openNode } from '../../src/index.js';
import { refusal } from '../refusal.js';
import { callOf, swarmOf, Tally, tally } from './town.js';

const text = new TextDecoder();
const bytes = new TextEncoder();

describe('Q11: a node on memory ports', () => {
  it('answers raw calls, its own client and one over the bus, and two universes on one bus do not meet', async () => {
    const ports = memoryPorts();
    const node = await openNode(ports, { name: 'n1', kinds: [Tally] });
    const other = await openNode(ports, { name: 'n2', universe: 'other', kinds: [Tally] });
    const client = connectCluster(ports);
    const elsewhere = connectCluster({ ...ports, universe: 'other' });
    try {
      const answer = await ports.bus.request(callOf('a', 'add'), bytes.encode('2'), { timeoutMs: 5_000 });
      expect(text.decode(answer)).toBe('{"level":"memory","value":2,"version":1}');
      expect((await client.call(tally('a'), 'add', 1)).value).toBe(3);
      expect((await node.client.call(tally('a'), 'add', 1)).value).toBe(4);
      expect((await elsewhere.call(tally('a'), 'total')).value).toBe(0);
      expect(await other.client.list()).toEqual([]);
      const names = Array.from({ length: 200 }, (_, at) => `m${at}`);
      const sums = await Promise.all(
        names.map(
          async (name) => ((await client.call(tally(name), 'add', 1)).value as number) + ((await client.call(tally(name), 'add', 1)).value as number),
        ),
      );
      expect(sums).toEqual(names.map(() => 3));
      expect(await client.list({ limit: 500 })).toHaveLength(201);
      const seen: string[] = [];
      const stop = await client.watch((turns) => void seen.push(...turns.map(({ agent }) => agent)));
      await client.call(tally('a'), 'add', 1);
      await client.status();
      expect(seen).toEqual([tally('a')]);
      stop();
    } finally {
      await client.close();
      await elsewhere.close();
      await node.close();
      await other.close();
    }
  });

  it('O1: a node that has just come says nothing of the swarm before it has heard of the others', async () => {
    const ports = memoryPorts();
    const first = await openNode(ports, { name: 'n1', kinds: [Tally] });
    await first.client.call(tally('a'), 'add', 1);
    const second = await openNode(ports, { name: 'n2', kinds: [Tally] });
    try {
      expect((await second.client.status()).nodes?.map(({ node }) => node)).toEqual(['n1', 'n2']);
      expect(await second.client.list()).toHaveLength(1);
    } finally {
      await second.close();
      await first.close();
    }
  });

  it('a closed node is gone: who asks hears so at once, or when time is up', async () => {
    const ports = memoryPorts();
    const node = await openNode(ports, { name: 'n1', kinds: [Tally] });
    const client = connectCluster({ ...ports, deadlineMs: 700 });
    expect((await client.call(tally('a'), 'add', 1, { deadlineMs: 20_000 })).value).toBe(1);
    await node.close();
    await node.close();
    await refusal(node.client.call(tally('a'), 'add', 1), 'closed');
    await refusal(ports.bus.request(swarmOf('status'), bytes.encode(''), { timeoutMs: 5_000 }), 'unavailable');
    await refusal(client.call(tally('a'), 'add', 1), 'timeout');
    const again = await openNode(ports, { name: 'n1', kinds: [Tally] });
    expect((await client.call(tally('a'), 'add', 1, { deadlineMs: 20_000 })).value).toBe(2);
    await client.close();
    await again.close();
  });
});
