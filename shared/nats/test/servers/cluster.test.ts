import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { afterEach, describe, expect, test } from 'vitest';
import {
  attachCluster,
  type Cluster,
  type ClusterOptions,
  makeCredentials,
  type NatsServer,
  natsHere,
  startCluster,
} from '../../src/servers/index.js';

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
});

async function start(options?: ClusterOptions): Promise<Cluster> {
  const cluster = await startCluster(options);
  closing.push(() => cluster.close());
  await cluster.ready;
  return cluster;
}

async function client(servers: readonly string[]): Promise<NatsConnection> {
  const connection = await connect({ servers: [...servers], ignoreClusterUpdates: true, reconnectTimeWait: 50, maxReconnectAttempts: -1 });
  closing.push(() => connection.close());
  return connection;
}

async function api(connection: NatsConnection, subject: string, body: unknown = ''): Promise<Record<string, never>> {
  const reply = await connection.request(subject, typeof body === 'string' ? body : JSON.stringify(body), { timeout: 5_000 });
  return reply.json();
}

const makeStream = (connection: NatsConnection, replicas: number) =>
  api(connection, '$JS.API.STREAM.CREATE.LANE', { name: 'LANE', subjects: ['lane'], storage: 'file', num_replicas: replicas });

/** The one that leads the stream, and the others. */
async function leaderOf(connection: NatsConnection, cluster: Cluster): Promise<{ leader: NatsServer; others: NatsServer[] }> {
  const { cluster: raft } = await api(connection, '$JS.API.STREAM.INFO.LANE');
  const name = (raft as { leader: string }).leader;
  const leader = cluster.servers.find((server) => server.name === name);
  if (leader === undefined) throw new Error(`nobody is called ${name}`);
  return { leader, others: cluster.servers.filter((server) => server !== leader) };
}

/** Publishes until it is acknowledged, once whatever was lost on the way; elections, of 4 to 9 seconds with the stock server, answer errors and silence meanwhile. */
async function publish(connection: NatsConnection, text: string): Promise<number> {
  const named = headers();
  named.set('Nats-Msg-Id', text);
  for (let attempt = 0; attempt < 1_000; attempt++) {
    const answer = await connection.request('lane', text, { timeout: 500, headers: named }).catch(() => undefined);
    const ack = answer?.json<{ seq?: number; error?: unknown }>();
    // 0: it is on its way.
    if (ack?.seq !== undefined && ack.seq > 0 && ack.error === undefined) return ack.seq;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('never acknowledged');
}

describe.skipIf(!natsHere())('a cluster of three', { timeout: 60_000 }, () => {
  test('takes a stream with three replicas as soon as it is ready', async () => {
    const cluster = await start();
    const connection = await client(cluster.urls);
    expect(await makeStream(connection, 3)).not.toHaveProperty('error');
    expect(await publish(connection, 'a')).toBe(1);
    const { leader } = await leaderOf(connection, cluster);
    expect(leader.state).toBe('running');
    expect(connection.info?.max_payload).toBe(8 * 1024 * 1024);
  });

  test('goes on without its leader, takes it back on its ports, and has lost nothing', async () => {
    const cluster = await start();
    const connection = await client(cluster.urls);
    await makeStream(connection, 3);
    await publish(connection, 'a');
    const { leader } = await leaderOf(connection, cluster);
    const { clientUrl, pid } = leader;
    await leader.kill();
    expect(leader.state).toBe('ended');
    const second = await publish(connection, 'b');
    await leader.restart();
    await cluster.settled();
    expect(leader.clientUrl).toBe(clientUrl);
    expect(leader.pid).not.toBe(pid);
    const { state } = await api(connection, '$JS.API.STREAM.INFO.LANE');
    expect((state as { messages: number }).messages).toBe(second);
  });

  test('a server whose port was taken while it was down waits for it', async () => {
    const cluster = await start();
    const [first] = cluster.servers as [NatsServer];
    await first.kill();
    const squatter = createServer().listen(first.directPort, '127.0.0.1');
    await once(squatter, 'listening');
    let isUp = false;
    const starting = first.start().then(() => {
      isUp = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(isUp).toBe(false);
    squatter.close();
    await starting;
    await cluster.settled();
  });

  test('says who leads which stream, and how far it is written', async () => {
    const cluster = await start();
    const connection = await client(cluster.urls);
    expect(await cluster.streamLeaders()).toEqual([]);
    await makeStream(connection, 3);
    const { leader } = await leaderOf(connection, cluster);
    const sequence = await publish(connection, 'a');
    // A follower that is asked may hear of the newest entry a little later.
    await expect.poll(() => cluster.streamLeaders(), { timeout: 10_000 }).toEqual([{ stream: 'LANE', leader: leader.name, lastSequence: sequence }]);
  });

  test('C5 one with a folder and credentials can be found while it runs, also when it ends with its starter', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'skep-cluster-'));
    closing.push(async () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
    const cluster = await start({ dir, credentials: makeCredentials(join(dir, 'credentials')) });
    const found = await attachCluster(dir);
    expect(found?.urls).toEqual(cluster.urls);
    expect(found?.servers.map(({ pid }) => pid)).toEqual(cluster.servers.map(({ pid }) => pid));
    await cluster.close();
    expect((await attachCluster(dir))?.servers.map(({ state }) => state)).toEqual(['ended', 'ended', 'ended']);
  });

  test('a paused server is missed and comes back', async () => {
    const cluster = await start();
    const [first, ...others] = cluster.servers as [NatsServer, ...NatsServer[]];
    const connection = await client(others.map(({ clientUrl }) => clientUrl));
    await makeStream(connection, 3);
    first.pause();
    expect(first.state).toBe('paused');
    await publish(connection, 'a');
    first.resume();
    expect(first.state).toBe('running');
    await cluster.settled();
  });

  test('keeps what it acknowledged when all are killed at once, and comes back on its folder with other ports', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'skep-cluster-'));
    closing.push(async () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
    const before = await start({ dir });
    const connection = await client(before.urls);
    await makeStream(connection, 3);
    await publish(connection, 'a');
    await Promise.all(before.servers.map((server) => server.kill()));
    await connection.close();
    const after = await start({ dir });
    const { state } = await api(await client(after.urls), '$JS.API.STREAM.INFO.LANE');
    expect((state as { messages: number }).messages).toBe(1);
    await after.close();
    expect(existsSync(dir)).toBe(true);
  });

  test('listens on the loopback only, and keeps its secrets to its user', async () => {
    const { servers } = await start();
    for (const { configFile } of servers) {
      const config = readFileSync(configFile, 'utf8');
      expect(config.match(/listen: "[^"]*"/g)).toEqual([expect.stringContaining('127.0.0.1:'), expect.stringContaining('127.0.0.1:')]);
    }
  });
});

describe.skipIf(!natsHere())('a server alone', () => {
  test('needs no cluster, answers on its monitoring port when asked to, and cleans up behind itself', async () => {
    const cluster = await start({ servers: 1, monitor: true });
    const [server] = cluster.servers;
    const health = await fetch(`${server?.monitorUrl}/healthz`);
    expect(await health.json()).toEqual({ status: 'ok' });
    const connection = await client(cluster.urls);
    expect(await makeStream(connection, 1)).not.toHaveProperty('error');
    await connection.close();
    await cluster.close();
    expect(server?.state).toBe('ended');
    expect(existsSync(cluster.dir)).toBe(false);
  });

  test('that cannot start says what the server said', async () => {
    const cluster = await start({ servers: 1 });
    const [server] = cluster.servers;
    await server?.stop();
    await server?.reload({ users: [], systemUsers: [{ publicKey: 'no key' }] });
    await expect(server?.start()).rejects.toMatchObject({
      code: 'unavailable',
      id: 'n1',
      message: expect.stringMatching(/n1 did not start: [\s\S]*public nkey/i),
    });
  });

  test('ends with the process that started it, even one that is killed outright, and its folder goes too', async () => {
    const module = fileURLToPath(new URL('../../dist/servers/index.js', import.meta.url));
    const script = `const { startCluster } = await import(${JSON.stringify(module)});
      const { servers: [server], dir } = await startCluster({ servers: 1 });
      console.log(JSON.stringify({ pid: server.pid, dir }));
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const line = await new Promise<string>((resolve) => parent.stdout.once('data', (chunk) => resolve(String(chunk))));
    const { pid, dir } = JSON.parse(line);
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await expect.poll(() => isAlive(pid) || existsSync(dir), { timeout: 10_000 }).toBe(false);
  });
});

describe.skipIf(!natsHere('fast', 'stock'))('both flavours', () => {
  test('say which they are', async () => {
    for (const flavour of ['fast', 'stock'] as const) {
      const cluster = await start({ servers: 1, flavour });
      expect({ ...cluster.servers[0]?.info }).toMatchObject({ name: 'n1', version: cluster.version, fast: flavour === 'fast' });
    }
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A child that nobody collects is not alive either.
    return process.platform !== 'linux' || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
