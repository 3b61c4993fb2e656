/** Real processes of nodes over one real NATS server. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AgentId, agentId, type SkepError } from '@skep/kernel';
import { type Cluster, makeCredentials, natsHere, startCluster } from '@skep/nats/servers';
import { attachNodes, NodeProcess, type NodeProcesses, reachClient, reachOperator, startNodes } from '@skep/sdk/operations';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** Other tests keep the machine busy, too. */
const PATIENCE_MS = 20_000;
const NAMES = Array.from({ length: 12 }, (_, index) => `a${index}`);
const idOf = (name: string): AgentId => agentId({ tenant: 'default', kind: 'state', name });
const write = (name: string, value: number) => ({ agent: idOf(name), input: { changes: [{ set: name, value }] } });

describe.skipIf(!natsHere())('nodes in processes of their own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'skep-nodes-'));
  let cluster: Cluster;
  let nodes: NodeProcesses | undefined;
  let operator: Awaited<ReturnType<typeof reachOperator>>;
  let user: Awaited<ReturnType<typeof reachClient>>;

  const callAll = (value: number) =>
    Promise.all(
      NAMES.map(async (name) => {
        const { agent, input } = write(name, value);
        await user.client.call(agent, 'update', input);
      }),
    );

  beforeAll(async () => {
    const credentials = makeCredentials(join(folder, 'credentials'), { tenants: ['default'] });
    cluster = await startCluster({ servers: 1, dir: join(folder, 'nats'), credentials });
    await cluster.ready;
    nodes = await startNodes(cluster, { nodes: 2, dir: join(folder, 'nodes') });
    const way = { servers: cluster.urls, credentials: credentials.dir };
    operator = await reachOperator(way);
    user = await reachClient(way);
    await callAll(1);
  });

  afterAll(async () => {
    await user?.close();
    await operator?.close();
    await nodes?.kill();
    await cluster?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const running = (): NodeProcesses => {
    if (nodes === undefined) throw new Error('the nodes did not start');
    return nodes;
  };

  test('a node that serves says so, and what its servers hold', async () => {
    const { ready } = running().node('n1');
    expect(ready).toMatchObject({ node: 'n1', level: 'fsync', pid: running().node('n1').pid });
    expect(await operator.admin.status('n1')).toMatchObject({ ...{ node: 'n1', incarnations: 1, level: 'fsync', laneAlarms: [], warnings: [] } });
    expect((await operator.admin.members()).map(({ node, status }) => [node, status])).toEqual([
      ['n1', 'serving'],
      ['n2', 'serving'],
    ]);
  });

  test('O1, P6: an agent moves to the node that is named, keeps its state, and stays where it is pinned', async () => {
    const agent = idOf('a1');
    const from = (await operator.admin.where(agent)).node;
    const to = from === 'n1' ? 'n2' : 'n1';
    expect(await operator.admin.migrate(agent, to)).toMatchObject({ agent, from, to });
    expect(await operator.admin.where(agent)).toEqual({ agent, node: to, held: true, pinnedTo: null });
    expect((await user.client.get(agent)).value).toEqual({ a1: 1 });
    expect(await operator.admin.pin(agent, from ?? '')).toEqual({ agent, node: from, held: true, pinnedTo: from });
    expect(await operator.admin.unpin(agent)).toMatchObject({ pinnedTo: null });
  });

  test.each([
    ['an agent that there is not', () => operator.admin.migrate(idOf('nobody'), 'n1'), 'unknown-agent'],
    ['a node that there is not', () => operator.admin.migrate(idOf('a1'), 'n9'), 'invalid-input'],
    ['a pin to a node that there is not', () => operator.admin.pin(idOf('a1'), 'n9'), 'invalid-input'],
    ['an agent that is none', () => operator.admin.where('a1' as AgentId), 'invalid-id'],
    ['the status of a node that there is not', () => operator.admin.status('n9'), 'unavailable'],
  ])('%s is refused, and nothing has changed', async (_, ask, code) => {
    await expect(ask()).rejects.toMatchObject({ code, remedy: expect.stringMatching(/./) });
    expect(await operator.admin.where(idOf('a1'))).toMatchObject({ held: true, pinnedTo: null });
  });

  test('O5: a node that is killed is replaced by the others; under its old name it is another incarnation', async () => {
    const before = running().node('n2').ready?.incarnation;
    await running().node('n2').kill();
    await callAll(2);
    await running().add('n2');
    expect(running().node('n2').ready?.incarnation).not.toBe(before);
    for (const name of NAMES) expect((await user.client.get(idOf(name))).value).toEqual({ [name]: 2 });
  });

  test('SIGTERM: agents move, no call fails, and the node ends in order', async () => {
    let stopped = false;
    const calling = (async () => {
      for (let value = 3; !stopped || value < 6; value += 1) await callAll(value);
    })();
    await running().node('n1').stop();
    stopped = true;
    await calling;
    expect(
      running()
        .node('n1')
        .events()
        .map(({ event }) => event),
    ).toEqual(expect.arrayContaining(['draining', 'drained', 'ended']));
    expect((await operator.admin.members()).filter(({ status }) => status === 'serving').map(({ node }) => node)).toEqual(['n2']);
    await running().add('n1');
  });

  test('a node that is drained by an operator ends by itself; the last one refuses', async () => {
    const n2 = running().node('n2');
    expect(await operator.admin.drain('n2')).toMatchObject({ node: 'n2', left: 0 });
    await n2.gone();
    await callAll(9);
    await expect(operator.admin.drain('n1')).rejects.toMatchObject({ code: 'unavailable', remedy: expect.stringContaining('skep down') });
    expect(running().node('n1').state).toBe('running');
    await running().add('n2');
  });

  test('servers that are away at the start are waited for, with a word about it', async () => {
    const [server] = cluster.servers;
    await server?.stop();
    const waiting = new NodeProcess({ dir: join(folder, 'n3'), configuration: { ...running().node('n1').configuration, name: 'n3' } });
    try {
      await waiting.launch();
      const said = expect.poll(() => waiting.events().find(({ event }) => event === 'waiting'), { timeout: PATIENCE_MS });
      await said.toMatchObject({ error: { code: 'unavailable' } });
      await server?.start();
      await waiting.untilReady();
      await callAll(10);
      expect((await operator.admin.members()).map(({ node }) => node)).toContain('n3');
    } finally {
      await server?.start();
      await waiting.kill();
    }
  });

  test('what no time will mend ends the process with a reason', async () => {
    const { configuration } = running().node('n1');
    const broken = (name: string, more: object) =>
      new NodeProcess({ dir: join(folder, name), configuration: { ...configuration, name, ...more } }).start();
    await expect(broken('x1', { kinds: [join(folder, 'absent.ts')] })).rejects.toMatchObject({ code: 'not-configured' });
    await expect(broken('x2', { credentials: join(folder, 'absent') })).rejects.toMatchObject({ code: 'not-configured' });
    const others = makeCredentials(join(folder, 'others'), { tenants: [] });
    await expect(broken('x3', { credentials: others.dir })).rejects.toMatchObject({
      code: 'not-configured',
      message: expect.stringContaining('refuses'),
    });
  });

  test('O4: of two processes under one name the one that started first ends with a reason, and the other goes on', async () => {
    const { configuration } = running().node('n1');
    const [first, second] = ['first', 'second'].map(
      (dir) => new NodeProcess({ dir: join(folder, dir), configuration: { ...configuration, name: 'n4' } }),
    );
    try {
      await first?.start();
      const ready = await second?.start();
      await first?.gone();
      expect(first?.events().at(-1)).toMatchObject({ event: 'failed', error: { code: 'name-taken', id: 'n4' } });
      expect((await operator.admin.status('n4')).incarnation).toBe(ready?.incarnation);
      await callAll(11);
    } finally {
      await first?.kill();
      await second?.stop();
    }
  });

  test('V14: a tenant lives on the node that was given its address key in a file; what it is shows nowhere', async () => {
    const hex = 'a1b2c3d4'.repeat(8);
    const file = join(folder, 'default.key');
    writeFileSync(file, `${hex}\n`);
    const { configuration } = running().node('n1');
    const made = (name: string, addressKeys: Readonly<Record<string, string>>) =>
      new NodeProcess({ dir: join(folder, name), configuration: { ...configuration, name, universe: 'keyed', addressKeys } });
    const [having, lacking, other] = [made('k1', { default: file }), made('k2', {}), made('k3', { default: join(folder, 'other.key') })];
    writeFileSync(join(folder, 'other.key'), 'b'.repeat(64));
    const way = {
      servers: cluster.urls,
      universe: 'keyed',
      ...(configuration.credentials === undefined ? {} : { credentials: configuration.credentials }),
    };
    const [keyed, keyedUser] = [await reachOperator(way), await reachClient(way)];
    try {
      await having.start();
      await lacking.start();
      const { agent, input } = write('a1', 1);
      await keyedUser.client.call(agent, 'update', input);
      expect(await keyed.admin.where(agent)).toMatchObject({ node: 'k1', held: true });
      const fingerprint = expect.stringMatching(/^[0-9a-f]{32}$/);
      expect((await keyed.admin.status('k1')).addressKeys).toEqual([{ tenant: 'default', fingerprint, isHere: true }]);
      expect((await keyed.admin.status('k2')).addressKeys).toEqual([{ tenant: 'default', fingerprint, isHere: false }]);
      await expect(other.start()).rejects.toMatchObject({ code: 'not-configured', message: expect.stringContaining('default') });
      await having.kill();
      await expect.poll(() => keyedUser.client.get(agent).catch((error: SkepError) => error.code), { timeout: PATIENCE_MS }).toBe('not-configured');
      for (const { logFile, configFile } of [having, lacking, other]) {
        for (const text of [readFileSync(logFile, 'utf8'), readFileSync(configFile, 'utf8')]) expect(text).not.toMatch(/a1b2c3d4|bbbbbbbb/);
      }
    } finally {
      await Promise.all([keyed.close(), keyedUser.close(), having.kill(), lacking.kill(), other.kill()]);
    }
  });

  test('nothing is attached where nothing was left', () => {
    expect(attachNodes(folder)).toBeUndefined();
  });
});
