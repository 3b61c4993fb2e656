/** The same node and the same client over a real server, with credentials. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemRandom } from '@skep/embedded';
import { natsBus, natsPorts } from '@skep/nats';
import { type Cluster, type Credentials, makeCredentials, natsHere, startCluster, type User } from '@skep/nats/servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClusterNode, connectCluster, type GivenAddressKeys, openNode } from '../../src/index.js';
import { callOf, swarmOf, Tally, tally } from './town.js';

const SERVER_MS = 60_000;

describe.skipIf(!natsHere())('Q11 U10: a cluster over a real server', () => {
  let folder = '';
  let credentials: Credentials;
  let cluster: Cluster;
  const nodes: ClusterNode[] = [];
  const closing: (() => Promise<void>)[] = [];
  const access = (user: User) => ({ servers: cluster.urls, clock: systemClock, random: systemRandom, ...credentials.clientOptions(user) });
  const busOf = async (tenant: string) => {
    const made = natsBus(access({ tenant }));
    closing.push(() => made.bus.close());
    await new Promise<void>((resolve) => {
      const look = (): void => (made.state.kind === 'connected' ? resolve() : undefined);
      made.onState(look);
      look();
    });
    return made.bus;
  };
  const clientOf = async (tenant: string) => connectCluster({ bus: await busOf(tenant), clock: systemClock, random: systemRandom, tenant });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'skep-over-nats-'));
    credentials = makeCredentials(join(folder, 'credentials'), { tenants: ['red', 'blue'] });
    cluster = await startCluster({ servers: 1, dir: join(folder, 'cluster'), credentials, syncAlways: false });
    closing.push(() => cluster.close());
    await cluster.ready;
    for (const name of ['n1', 'n2']) {
      const ports = natsPorts(access({ role: 'node' }));
      closing.push(() => ports.close());
      await ports.ready;
      nodes.push(await openNode(ports, { name, kinds: [Tally] }));
    }
    await Promise.all(nodes.map((node) => node.recovered));
  }, SERVER_MS);

  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.close()));
    for (const close of closing.splice(0).reverse()) await close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }, SERVER_MS);

  it(
    'answers raw requests and clients of a tenant, and lists what lies on both nodes',
    async () => {
      const bus = await busOf('red');
      const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      const raw = await bus.request(callOf('a', 'add', 'red'), new TextEncoder().encode('2'), { timeoutMs: 10_000 });
      expect(JSON.parse(text(raw))).toMatchObject({ value: 2, version: 1 });
      const large = await bus.request(callOf('a', 'echo', 'red'), new TextEncoder().encode(`"${'x'.repeat(7_000_000)}"`), { timeoutMs: 10_000 });
      expect(JSON.parse(text(large))).toMatchObject({ error: { code: 'payload-too-large' } });
      const client = await clientOf('red');
      const names = Array.from({ length: 100 }, (_, at) => `m${at}`);
      const all = () => Promise.all(names.map(async (name) => (await client.call(tally(name, 'red'), 'add', 1)).value));
      expect(await all()).toEqual(names.map(() => 1));
      expect(await all()).toEqual(names.map(() => 2));
      expect(await client.list()).toHaveLength(101);
      const status = await client.status();
      expect(status.agents).toEqual({ known: 101, active: 101 });
      expect(status.nodes?.every(({ active }) => active > 0)).toBe(true);
      await client.close();
    },
    SERVER_MS,
  );

  it(
    'G10: a tenant is kept to its own subjects by the server itself, and hears its own turns alone',
    async () => {
      const [red, blue] = [await clientOf('red'), await clientOf('blue')];
      const heard: string[] = [];
      const stop = await blue.watch((turns) => void heard.push(...turns.map(({ agent }) => agent)));
      await red.call(tally('a', 'red'), 'add', 1);
      await blue.call(tally('b', 'blue'), 'add', 1);
      await blue.status();
      expect(heard).toEqual([tally('b', 'blue')]);
      stop();
      const crossing = (await busOf('blue')).request(swarmOf('list', 'red'), new Uint8Array(), { timeoutMs: 1_000 });
      await expect(crossing).rejects.toMatchObject({ name: 'SkepError' });
      expect((await blue.call(tally('a', 'blue'), 'total')).value).toBe(0);
      await Promise.all([red.close(), blue.close()]);
    },
    SERVER_MS,
  );

  it(
    'V14: agents of a tenant with an address key live on the node that has it, and come back with it',
    async () => {
      const key = new Uint8Array(32).fill(3);
      const start = async (name: string, addressKeys: GivenAddressKeys) => {
        const ports = natsPorts(access({ role: 'node' }));
        closing.push(() => ports.close());
        await ports.ready;
        return openNode(ports, { name, universe: 'keyed', kinds: [Tally], addressKeys });
      };
      const with1 = await start('k1', { blue: key });
      const without = await start('k2', {});
      const agent = tally('a', 'blue');
      expect((await without.client.call(agent, 'add', 2)).value).toBe(2);
      expect(with1.node.driver.holds(agent)).toBe(true);
      const { root } = await without.client.get(agent);
      await expect(start('k3', { blue: key.with(0, 1) })).rejects.toMatchObject({ code: 'not-configured', id: 'blue' });
      await with1.close();
      await expect(without.client.get(agent)).rejects.toMatchObject({ code: 'not-configured' });
      const again = await start('k1', { blue: key });
      expect((await again.client.get(agent)).root).toBe(root);
      expect((await without.client.call(agent, 'add', 1)).value).toBe(3);
      await Promise.all([again.close(), without.close()]);
    },
    SERVER_MS,
  );
});
