import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterEach, describe, expect, test } from 'vitest';
import { natsHere, type ProxiedCluster, startProxiedCluster, startToxiproxy } from '../../src/servers/index.js';

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
});

async function start(): Promise<ProxiedCluster> {
  const proxied = await startProxiedCluster();
  closing.push(() => proxied.close());
  await proxied.cluster.ready;
  return proxied;
}

/** A client of one server that stays with it. */
async function clientOf({ cluster }: ProxiedCluster, server: number): Promise<NatsConnection> {
  const connection = await connect({
    servers: cluster.urls[server] ?? '',
    ignoreClusterUpdates: true,
    reconnectTimeWait: 50,
    maxReconnectAttempts: -1,
    timeout: 500,
    pingInterval: 200,
  });
  closing.push(() => connection.close());
  return connection;
}

/** The sequence of an acknowledged message; undefined when there was no acknowledgement. */
async function publish(connection: NatsConnection, text: string): Promise<number | undefined> {
  const answer = await connection.request('lane', text, { timeout: 500 }).catch(() => undefined);
  const ack = answer?.json<{ seq?: number; error?: unknown }>();
  return ack?.error === undefined ? ack?.seq : undefined;
}

describe.skipIf(!natsHere('fast', 'toxiproxy'))('Q12: a cluster behind proxies', { timeout: 60_000 }, () => {
  test('routes do not go around their proxy: two servers whose link is cut hear nothing of each other', async () => {
    const proxied = await start();
    const [speaker, listener] = [await clientOf(proxied, 0), await clientOf(proxied, 1)];
    const heard: string[] = [];
    listener.subscribe('news', { callback: (_, message) => void heard.push(message.string()) });
    await listener.flush();
    const say = async (text: string): Promise<readonly string[]> => {
      speaker.publish('news', text);
      await speaker.flush();
      await listener.flush();
      return heard;
    };
    await expect.poll(() => say('before'), { timeout: 5_000 }).toContain('before');
    await proxied.route(0, 1).cut();
    for (let each = 0; each < 20; each++) await say('during');
    expect(heard).not.toContain('during');
    await proxied.heal();
    await expect.poll(() => say('after'), { timeout: 10_000 }).toContain('after');
    expect(heard).not.toContain('during');
  });

  test('an isolated leader acknowledges nothing, the others go on, and after the heal all that was acknowledged is there', async () => {
    const proxied = await start();
    const clients = await Promise.all([0, 1, 2].map((server) => clientOf(proxied, server)));
    const [first] = clients as [NatsConnection];
    const config = { name: 'LANE', subjects: ['lane'], num_replicas: 3 };
    const made = await first.request('$JS.API.STREAM.CREATE.LANE', JSON.stringify(config), { timeout: 5_000 });
    const leader = proxied.cluster.servers.findIndex(({ name }) => name === made.json<{ cluster: { leader: string } }>().cluster.leader);
    const [isolated, other] = [clients[leader], clients[(leader + 1) % 3]] as [NatsConnection, NatsConnection];
    const acknowledged: number[] = [];
    const untilAcknowledged = async (connection: NatsConnection, text: string): Promise<void> => {
      await expect
        .poll(
          async () => {
            const sequence = await publish(connection, text);
            if (sequence !== undefined) acknowledged.push(sequence);
            return sequence;
          },
          { timeout: 20_000, interval: 20 },
        )
        .toBeDefined();
    };
    await untilAcknowledged(other, 'before');
    await proxied.isolate(leader);
    for (let each = 0; each < 3; each++) expect(await publish(isolated, 'alone')).toBeUndefined();
    await untilAcknowledged(other, 'during');
    await proxied.heal();
    await proxied.cluster.settled();
    await untilAcknowledged(isolated, 'after');
    for (const sequence of acknowledged) {
      const reply = await other.request('$JS.API.STREAM.MSG.GET.LANE', JSON.stringify({ seq: sequence }), { timeout: 5_000 });
      const { message } = reply.json<{ message: { data: string } }>();
      expect(['before', 'during', 'after']).toContain(Buffer.from(message.data, 'base64').toString());
    }
    expect(acknowledged).toHaveLength(3);
  });

  test('clients are cut off, refused and taken back', async () => {
    const proxied = await start();
    const connection = await clientOf(proxied, 0);
    await proxied.clients(0).refuse();
    await expect(connect({ servers: proxied.cluster.urls[0] ?? '', reconnect: false, timeout: 500 })).rejects.toThrow();
    await proxied.clients(0).heal();
    await expect
      .poll(
        () =>
          connection
            .rtt()
            .then(() => 'back')
            .catch(() => 'away'),
        { timeout: 10_000 },
      )
      .toBe('back');
  });

  test('a connection that does not exist is named', async () => {
    const proxied = await start();
    expect(() => proxied.route(0, 7)).toThrow(expect.objectContaining({ code: 'invalid-input', id: 'route 0-7' }));
  });
});

describe.skipIf(!natsHere('toxiproxy'))('toxiproxy', () => {
  test('says what it refuses', async () => {
    const toxiproxy = await startToxiproxy();
    closing.push(() => toxiproxy.close());
    await toxiproxy.createProxy('one', 1);
    await expect(toxiproxy.createProxy('one', 1)).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('409') });
  });
});
