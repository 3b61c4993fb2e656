import { type AddressInfo, connect as connectSocket, createServer, type Socket } from 'node:net';
import { systemClock, systemRandom } from '@skep/embedded';
import { codeOfRejection, eventually } from '@skep/ports/conformance';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { natsBus } from '../src/index.js';
import { natsHere, startProxiedCluster } from '../src/servers/index.js';
import { bytesOf, rawOn, textOf } from './ports-kit.js';

describe.skipIf(!natsHere('stock', 'toxiproxy'))('the bus over NATS', () => {
  let proxied: Awaited<ReturnType<typeof startProxiedCluster>>;
  const closing: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    proxied = await startProxiedCluster({ servers: 1, flavour: 'stock' });
    await proxied.cluster.ready;
  }, 60_000);
  afterAll(async () => {
    await Promise.all(closing.map((close) => close()));
    await proxied?.close();
  });

  const busOn = (url: string, inboxPrefix?: string) => {
    const made = natsBus({
      servers: [url],
      clock: systemClock,
      random: systemRandom,
      ignoreGossip: true,
      ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
    });
    closing.push(() => made.bus.close());
    return made;
  };
  const connected = (made: ReturnType<typeof busOn>) => eventually('a connection', () => (made.state.kind === 'connected' ? true : undefined));
  const direct = () => `nats://127.0.0.1:${proxied.cluster.servers[0]?.directPort}`;

  it("a client cannot make a node publish where it may not itself: answers go to its tenant's inboxes only (G10)", async () => {
    const node = busOn(direct());
    const client = busOn(direct(), '_INBOX.acme');
    const raw = rawOn([direct()]);
    closing.push(() => raw.close());
    await Promise.all([connected(node), connected(client), raw.connected]);
    const forged: string[] = [];
    for (const subject of ['_skep.main.peer.n1', '_INBOX.other.x']) node.bus.subscribe(subject, (message) => forged.push(message.subject));
    node.bus.subscribe('skep.acme.main.>', (message) => message.reply(bytesOf('answer')));
    await node.flush();
    for (const reply of ['_skep.main.peer.n1', '_INBOX.other.x']) raw.link.publish('skep.acme.main.swarm.status', bytesOf('x'), { reply });
    await raw.link.flush();
    expect(textOf(await client.bus.request('skep.acme.main.swarm.status', bytesOf('x'), { timeoutMs: 5_000 }))).toBe('answer');
    expect(forged).toEqual([]);
  });

  it('asking as a tenant without one of its inboxes is refused: the answer could not come', async () => {
    const node = busOn(direct());
    await connected(node);
    expect(await codeOfRejection(node.bus.request('skep.acme.main.swarm.status', bytesOf('x'), { timeoutMs: 5_000 }))).toBe('not-configured');
  });

  it('a message over max_payload is refused with the limit named', async () => {
    const made = busOn(direct());
    const { bus } = made;
    await connected(made);
    const large = new Uint8Array(8 * 1024 * 1024 + 1);
    expect(() => bus.publish('x', large)).toThrow(
      expect.objectContaining({ code: 'payload-too-large', message: expect.stringContaining('8388608') }),
    );
    expect(await codeOfRejection(bus.request('x', large, { timeoutMs: 5_000 }))).toBe('payload-too-large');
  });

  it.each(['', 'a..b', 'a b', 'a.*', 'a.>', 'a\r\nPUB b 0'])('a subject like %j is refused', (subject) => {
    const { bus } = busOn(direct());
    expect(() => bus.publish(subject, bytesOf('x'))).toThrow(expect.objectContaining({ code: 'invalid-input' }));
  });

  it('a request under way when the connection goes fails at once; without a connection it is unavailable; then all goes on by itself', async () => {
    const client = busOn(proxied.cluster.urls[0] as string);
    const node = busOn(direct());
    await Promise.all([connected(client), connected(node)]);
    const told: string[] = [];
    client.onState(({ kind }) => told.push(kind));
    const heard: string[] = [];
    client.bus.subscribe('news', ({ payload }) => heard.push(textOf(payload) as string));
    const asked = new Promise<void>((resolve) => node.bus.subscribe('slow', () => resolve()));
    node.bus.subscribe('echo', (message) => message.reply(message.payload));
    await node.flush();
    const underWay = codeOfRejection(client.bus.request('slow', bytesOf('x'), { timeoutMs: 600_000 }));
    await asked;
    await proxied.clients(0).cut();
    expect(await underWay).toBe('timeout');
    expect(await codeOfRejection(client.bus.request('echo', bytesOf('x'), { timeoutMs: 600_000 }))).toBe('unavailable');
    client.bus.publish('news', bytesOf('into the void'));
    await proxied.heal();
    await connected(client);
    expect(textOf(await client.bus.request('echo', bytesOf('again'), { timeoutMs: 5_000 }))).toBe('again');
    node.bus.publish('news', bytesOf('fresh'));
    await eventually('news', () => (heard.length > 0 ? true : undefined));
    expect(heard).toEqual(['fresh']);
    expect(told.filter((kind, at) => kind !== told[at - 1])).toEqual(['connecting', 'connected']);
  });

  it('a slow consumer is cut off, comes back, and harms nobody else', async () => {
    const gate = await startGate(proxied.cluster.servers[0]?.directPort as number);
    closing.push(gate.close);
    const slow = busOn(`nats://127.0.0.1:${gate.port}`);
    const quick = busOn(direct());
    await Promise.all([connected(slow), connected(quick)]);
    let got = 0;
    slow.bus.subscribe('flood', () => {
      got += 1;
    });
    await slow.flush();
    const cutOff = new Promise<void>((resolve) => slow.onState(({ kind }) => kind === 'connecting' && resolve()));
    gate.hold();
    const megabyte = new Uint8Array(1024 * 1024);
    for (let sent = 0; sent < 160; sent += 1) {
      quick.bus.publish('flood', megabyte);
      if (sent % 16 === 15) await quick.flush();
    }
    await cutOff;
    await connected(slow);
    const before = got;
    await eventually('a message after the flood', () => {
      quick.bus.publish('flood', bytesOf('x'));
      return got > before ? true : undefined;
    });
  }, 60_000);
});

/** Hands a server's bytes on, until it is told to hold those of the connections that there are. */
async function startGate(port: number) {
  const open = new Set<Socket>();
  const held: Socket[] = [];
  const server = createServer((client) => {
    const upstream = connectSocket(port, '127.0.0.1');
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', () => socket.destroy());
    }
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    upstream.on('data', (bytes) => client.write(bytes));
    client.on('data', (bytes) => upstream.write(bytes));
    held.push(upstream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    hold: () => {
      for (const socket of held) socket.pause();
    },
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
