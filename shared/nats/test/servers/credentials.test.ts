import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { guardProcess } from '../../src/servers/guardian.js';
import { attachCluster, type Cluster, Credentials, makeCredentials, natsHere, startCluster, type User } from '../../src/servers/index.js';

let folder = '';
const closing: (() => Promise<void>)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skep-credentials-'));
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

const filesBelow = (dir: string): string[] =>
  readdirSync(dir, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [join(dir, entry.name), ...filesBelow(join(dir, entry.name))] : [join(dir, entry.name)],
  );

async function client(cluster: Cluster, user: User, options: object = {}): Promise<NatsConnection> {
  const access = (cluster.credentials ?? Credentials.load(folder)).clientOptions(user);
  const connection = await connect({ servers: [...cluster.urls], maxReconnectAttempts: 100, reconnectTimeWait: 50, ...access, ...options });
  closing.push(() => connection.close());
  return connection;
}

describe('the folder of the credentials', () => {
  test.skipIf(process.platform === 'win32')('nobody else reads it', () => {
    makeCredentials(folder, { tenants: ['acme'], mutualTls: true });
    for (const path of [folder, ...filesBelow(folder)]) {
      expect([path, (statSync(path).mode & 0o777).toString(8)]).toEqual([path, statSync(path).isDirectory() ? '700' : '600']);
    }
  });

  test('made again, it keeps what is there and adds what is missing', () => {
    makeCredentials(folder, { tenants: ['acme'], tls: true });
    const before = new Map(filesBelow(folder).map((file) => [file, statSync(file).isFile() ? readFileSync(file, 'utf8') : '']));
    const again = makeCredentials(folder, { tenants: ['Bücher & Söhne'] });
    expect(again.tenants).toEqual(['acme', 'Bücher & Söhne']);
    expect(again.hasTls).toBe(true);
    const changed = [...before].filter(([file, text]) => statSync(file).isFile() && readFileSync(file, 'utf8') !== text);
    expect(changed.map(([file]) => file)).toEqual([join(folder, 'credentials.json')]);
  });

  test('what is damaged, newer or missing is named and nothing is made up', () => {
    expect(() => Credentials.load(folder)).toThrow(expect.objectContaining({ code: 'not-configured', id: folder }));
    const made = makeCredentials(folder);
    expect(() => made.clientOptions({ tenant: 'acme' })).toThrow(expect.objectContaining({ code: 'not-configured', id: 'tenant-acme' }));
    writeFileSync(join(folder, 'credentials.json'), '{"format":9}');
    expect(() => makeCredentials(folder)).toThrow(expect.objectContaining({ code: 'unsupported-format' }));
    writeFileSync(join(folder, 'credentials.json'), '{');
    expect(() => makeCredentials(folder)).toThrow(expect.objectContaining({ code: 'corrupt' }));
    expect(() => makeCredentials(folder, { tenants: [''] })).toThrow(expect.objectContaining({ code: expect.any(String) }));
  });

  test('configurations of servers hold no secret of a user', async ({ skip }) => {
    if (!natsHere()) skip('no server is here');
    const cluster = await startCluster({ servers: 1, dir: join(folder, 'cluster'), credentials: makeCredentials(folder) });
    closing.push(() => cluster.close());
    const seeds = readdirSync(join(folder, 'users')).map((file) => readFileSync(join(folder, 'users', file), 'utf8').trim());
    expect(seeds).toHaveLength(4);
    const config = readFileSync(cluster.servers[0]?.configFile ?? '', 'utf8');
    expect(seeds.filter((seed) => config.includes(seed))).toEqual([]);
  });
});

/** One cluster over TLS for all of these. */
describe.skipIf(!natsHere())('U10: who may do what, on real servers over TLS', () => {
  let home = '';
  let cluster: Cluster;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'skep-security-'));
    cluster = await startCluster({ credentials: makeCredentials(home, { tenants: ['acme', 'bee'], tls: true }) });
    await cluster.ready;
  });

  afterAll(async () => {
    await cluster?.close();
    rmSync(home, { recursive: true, force: true });
  });

  /** What the server answers to one publish or subscribe: 'allowed', or the operation that it refused. */
  async function attempt(user: User, what: 'publish' | 'subscribe', subject: string): Promise<string> {
    const connection = await client(cluster, user);
    const refused = (async () => {
      for await (const status of connection.status()) {
        if (status.type === 'error') return status.error.message;
      }
      return 'closed';
    })();
    if (what === 'publish') connection.publish(subject, 'x');
    else connection.subscribe(subject, { callback: () => {} });
    // The server answers in order: a refusal comes before the pong.
    await connection.flush();
    const outcome = await Promise.race([refused, connection.flush().then(() => 'allowed')]);
    await connection.close();
    return outcome === 'allowed'
      ? outcome
      : /Permissions Violation for (\w+)/.exec(outcome)?.[1]?.toLowerCase() === 'publish'
        ? 'publish'
        : 'subscription';
  }

  test('without credentials, or with a key that nobody knows, there is no connection', async () => {
    const tls = { caFile: join(home, 'ca.pem') };
    await expect(connect({ servers: [...cluster.urls], tls, reconnect: false })).rejects.toThrow(/authorization/i);
    const stranger = makeCredentials(folder).clientOptions({ role: 'node' });
    await expect(connect({ servers: [...cluster.urls], ...stranger, tls, reconnect: false })).rejects.toThrow(/authorization/i);
  });

  test('a client that does not know the authority, or trusts another, does not connect', async () => {
    const { authenticator, inboxPrefix } = cluster.credentials?.clientOptions({ role: 'node' }) ?? {};
    const strange = makeCredentials(folder, { tls: true }).caFile ?? '';
    const options = { servers: [...cluster.urls], reconnect: false, ...(authenticator && inboxPrefix ? { authenticator, inboxPrefix } : {}) };
    await expect(connect({ ...options, tls: { caFile: strange } })).rejects.toThrow();
    await expect(connect(options)).rejects.toThrow();
  });

  const acme: User = { tenant: 'acme' };

  test.each([
    ['publish', 'skep.acme.main.call.researcher.ada.study', 'allowed'],
    ['publish', 'skep.bee.main.call.researcher.ada.study', 'publish'],
    ['publish', 'skep.acme.main.event.researcher.ada', 'publish'],
    ['publish', '_skep.main.peer.n1-1', 'publish'],
    ['publish', '_skep.main.admin.n1.stop', 'publish'],
    ['publish', '$JS.API.INFO', 'publish'],
    ['publish', '$JS.API.STREAM.LIST', 'publish'],
    ['publish', '$KV.directory.main', 'publish'],
    ['publish', '$SYS.REQ.SERVER.PING', 'publish'],
    ['publish', '_INBOX.bee.1', 'publish'],
    ['publish', '_INBOX.NODE.1', 'publish'],
    ['subscribe', 'skep.acme.*.event.>', 'allowed'],
    ['subscribe', '_INBOX.acme.1', 'allowed'],
    ['subscribe', 'skep.acme.main.call.>', 'subscription'],
    ['subscribe', 'skep.bee.main.event.>', 'subscription'],
    ['subscribe', 'skep.*.main.event.>', 'subscription'],
    ['subscribe', '_INBOX.bee.>', 'subscription'],
    ['subscribe', '_INBOX.>', 'subscription'],
    ['subscribe', '_INBOX.OPERATOR.>', 'subscription'],
    ['subscribe', '_skep.>', 'subscription'],
    ['subscribe', '$JS.>', 'subscription'],
    ['subscribe', '$SYS.>', 'subscription'],
    ['subscribe', '>', 'subscription'],
  ] as const)('a tenant: %s %s is %s', async (what, subject, outcome) => {
    expect(await attempt(acme, what, subject)).toBe(outcome);
  });

  test.each([
    ['publish', '_skep.main.admin.n1.stop', 'allowed'],
    ['publish', 'skep.bee.main.call.researcher.ada.study', 'allowed'],
    ['publish', '_skep.main.peer.n1-1', 'publish'],
    ['publish', '$JS.API.STREAM.DELETE.LANE', 'publish'],
    ['subscribe', '_skep.main.heartbeat', 'allowed'],
    ['subscribe', '_INBOX.acme.>', 'subscription'],
    ['subscribe', '_skep.main.peer.>', 'subscription'],
  ] as const)('an operator: %s %s is %s', async (what, subject, outcome) => {
    expect(await attempt({ role: 'operator' }, what, subject)).toBe(outcome);
  });

  test('a node uses JetStream, answers tenants, and does not see the system account', async () => {
    const node = await client(cluster, { role: 'node' });
    const tenant = await client(cluster, acme);
    const config = { name: 'LANE', subjects: ['_skep.log.>'], num_replicas: 3 };
    const made = await node.request('$JS.API.STREAM.CREATE.LANE', JSON.stringify(config), { timeout: 5_000 });
    expect(made.json()).not.toHaveProperty('error');
    node.subscribe('skep.*.main.call.>', { callback: (_, message) => void message.respond('done') });
    await node.flush();
    const call = () => tenant.request('skep.acme.main.call.researcher.ada.study', 'x', { timeout: 5_000 });
    // Interest travels from server to server; until it is there, nobody responds.
    await expect
      .poll(
        () =>
          call()
            .then((answer) => answer.string())
            .catch(() => ''),
        { timeout: 5_000 },
      )
      .toBe('done');
    expect(await attempt({ role: 'node' }, 'publish', '$SYS.REQ.SERVER.PING')).toBe('publish');
  });

  test('routes are for these servers only', () => {
    for (const { configFile } of cluster.servers) {
      expect(readFileSync(configFile, 'utf8')).toMatch(/cluster \{[\s\S]*authorization \{[\s\S]*tls \{/);
    }
  });
});

describe.skipIf(!natsHere())('O13: mutual TLS', () => {
  test('a client shows a certificate of this authority and signs with its key; one alone is not enough', async () => {
    const credentials = makeCredentials(folder, {
      tenants: ['acme', 'A name of a tenant that is far longer than a certificate takes'],
      mutualTls: true,
    });
    const cluster = await startCluster({ credentials });
    closing.push(() => cluster.close());
    await cluster.ready;
    for (const tenant of credentials.tenants) await (await client(cluster, { tenant })).flush();
    const { authenticator, inboxPrefix, tls } = credentials.clientOptions({ tenant: 'acme' });
    const options = { servers: [...cluster.urls], inboxPrefix, reconnect: false, timeout: 15_000 };
    await expect(connect({ ...options, authenticator, tls: { caFile: credentials.caFile ?? '' } })).rejects.toThrow();
    await expect(connect({ ...options, ...(tls ? { tls } : {}) })).rejects.toThrow(/authorization/i);
  });

  test('is switched on for credentials that are there, and keeps their keys', () => {
    const before = makeCredentials(folder, { tls: true });
    const key = readFileSync(before.keyFile({ role: 'node' }), 'utf8');
    const authority = readFileSync(before.caFile ?? '', 'utf8');
    const after = makeCredentials(folder, { mutualTls: true });
    expect(after.clientOptions({ role: 'node' }).tls).toEqual({
      caFile: join(folder, 'ca.pem'),
      certFile: join(folder, 'users', 'node.pem'),
      keyFile: join(folder, 'users', 'node.key'),
    });
    expect([readFileSync(after.keyFile({ role: 'node' }), 'utf8'), readFileSync(after.caFile ?? '', 'utf8')]).toEqual([key, authority]);
  });
});

describe.skipIf(!natsHere())('O13: credentials change while the servers run', () => {
  test('a new tenant gets in without a restart, and who was connected stays', async () => {
    const cluster = await startCluster({ credentials: makeCredentials(folder, { tenants: ['acme'] }) });
    closing.push(() => cluster.close());
    const acme = await client(cluster, { tenant: 'acme' });
    let disconnects = 0;
    void (async () => {
      for await (const { type } of acme.status()) disconnects += type === 'disconnect' ? 1 : 0;
    })();
    await cluster.reload(makeCredentials(folder, { tenants: ['bee'] }));
    const bee = await client(cluster, { tenant: 'bee' });
    await bee.flush();
    await acme.flush();
    expect(disconnects).toBe(0);
    await cluster.settled();
  });

  test('a rotation locks nobody out: first both keys are good, then only the new ones', async () => {
    const first = makeCredentials(folder, { tls: true });
    const oldKey = readFileSync(first.keyFile({ role: 'node' }), 'utf8');
    const cluster = await startCluster({ servers: 1, credentials: first });
    closing.push(() => cluster.close());
    const node = await client(cluster, { role: 'node' });
    const rotated = first.rotate();
    await cluster.reload(rotated);
    await cluster.settled();
    await node.flush();
    const old = makeCredentials(join(folder, 'old'));
    writeFileSync(old.keyFile({ role: 'node' }), oldKey);
    const withOldKey = { ...old.clientOptions({ role: 'node' }), tls: { caFile: rotated.caFile ?? '' } };
    await (await connect({ servers: [...cluster.urls], ...withOldKey, reconnect: false })).close();
    await cluster.reload(rotated.retire());
    await cluster.settled();
    await expect(connect({ servers: [...cluster.urls], ...withOldKey, reconnect: false })).rejects.toThrow(/authorization/i);
    // The connection that began with the old key comes back with the new one by itself.
    await expect
      .poll(
        () =>
          node
            .flush()
            .then(() => 'back')
            .catch(() => 'away'),
        { timeout: 10_000 },
      )
      .toBe('back');
  });
});

describe.skipIf(!natsHere())('a detached cluster', () => {
  /** It outlives whoever starts it, but not these tests, however they end. */
  const guard = (cluster: Cluster | undefined): void => {
    for (const { pid } of cluster?.servers ?? []) {
      if (pid !== undefined) guardProcess(pid);
    }
  };

  test('outlives its starter, is found again by its folder, and ends when it is told to', async () => {
    const dir = join(folder, 'cluster');
    const started = await startCluster({ dir, detached: true, servers: 1, universe: 'main', credentials: makeCredentials(join(folder, 'keys')) });
    closing.push(() => started.close());
    guard(started);
    await started.ready;
    await expect(startCluster({ dir, detached: true, servers: 1, credentials: makeCredentials(join(folder, 'keys')) })).rejects.toMatchObject({
      code: 'folder-held',
    });
    const found = await attachCluster(dir);
    expect(found?.urls).toEqual(started.urls);
    expect(found?.servers.map(({ pid, state, info }) => [pid, state, info?.name])).toEqual([[started.servers[0]?.pid, 'running', 'n1']]);
    await found?.settled();
    await found?.servers[0]?.restart();
    guard(found);
    await found?.settled();
    expect((await attachCluster(dir))?.servers[0]?.pid).toBe(found?.servers[0]?.pid);
    await found?.close();
    expect((await attachCluster(dir))?.servers.map(({ state }) => state)).toEqual(['ended']);
  });

  test('is not started without credentials', async () => {
    await expect(startCluster({ dir: folder, detached: true })).rejects.toMatchObject({ code: 'invalid-input' });
    expect(await attachCluster(folder)).toBeUndefined();
  });
});
