/** Peers that send what no client of ours would send. The holder answers each, and goes on for everybody else. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode as encodeAnyhow } from '@msgpack/msgpack';
import { type Channel, connectHolder } from '@skep/embedded';
import { decode, encode, type Value } from '@skep/kernel';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { agentId, openSkep, type Skep } from '../../src/index.js';
import { RemoteClient } from '../../src/remote-client.js';
import { freshFolders } from '../folders.js';
import { Counter } from '../kinds.js';
import { refusal } from '../refusal.js';

const { freshDir, open } = freshFolders();
const a = agentId({ tenant: 'default', kind: 'counter', name: 'a' });
let channels: Channel[] = [];
afterEach(() => {
  for (const channel of channels) channel.close();
  channels = [];
});

interface Peer {
  readonly channel: Channel;
  send(bytes: Uint8Array): void;
  /** The next message of the holder, as it is. */
  next(): Promise<Uint8Array>;
}

async function peerOf(dir: string): Promise<Peer> {
  const channel = await connectHolder(dir);
  if (channel === undefined) throw new Error('nobody holds the folder');
  channels.push(channel);
  const arrived: Uint8Array[] = [];
  const waiting: ((bytes: Uint8Array) => void)[] = [];
  channel.onMessage((bytes) => {
    const waiter = waiting.shift();
    if (waiter === undefined) arrived.push(bytes);
    else waiter(bytes);
  });
  const next = () =>
    new Promise<Uint8Array>((resolve) => {
      const bytes = arrived.shift();
      if (bytes === undefined) waiting.push(resolve);
      else resolve(bytes);
    });
  return { channel, send: (bytes) => channel.send(bytes), next };
}

async function holder(): Promise<{ readonly dir: string; readonly skep: Skep; readonly peer: Peer }> {
  const dir = freshDir();
  const skep = await open(dir, { kinds: [Counter] });
  await skep.client.call(a, 'increment', 1);
  return { dir, skep, peer: await peerOf(dir) };
}

const text = (content: string) => new TextEncoder().encode(content);

/** What cannot be read at all is answered without a number. */
const UNREADABLE: readonly (readonly [string, Uint8Array])[] = [
  ['nothing', new Uint8Array(0)],
  ['an unfinished list', Uint8Array.of(0x93, 0x01)],
  ['a byte that MessagePack does not know', Uint8Array.of(0xc1)],
  ['bytes after the end', Uint8Array.of(...encode([1, 'status', []]), 0x00)],
  ['a list that claims four milliards of members', Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff)],
  ['a number in a longer form than it needs', Uint8Array.of(0x93, 0xcd, 0x00, 0x01, ...encode('status'), ...encode([]))],
  ['keys in another order', Uint8Array.of(0x93, 0x01, ...encode('list'), 0x91, 0x82, 0xa1, 0x62, 0x01, 0xa1, 0x61, 0x01)],
  ['a key twice', Uint8Array.of(0x93, 0x01, ...encode('list'), 0x91, 0x82, 0xa1, 0x61, 0x01, 0xa1, 0x61, 0x01)],
  ['a key that is no text', Uint8Array.of(0x93, 0x01, ...encode('list'), 0x91, 0x81, 0x01, 0x01)],
  ['an extension that is no date', Uint8Array.of(0x93, 0x01, ...encode('get'), 0x91, 0xd4, 0x05, 0x00)],
  ['NaN', encodeAnyhow([1, 'call', [a, 'increment', Number.NaN]])],
  ['text that is no UTF-8', Uint8Array.of(0x93, 0x01, 0xa2, 0xc3, 0x28, 0x90)],
  ['nesting without end', new Uint8Array(5_000).fill(0x91)],
  ['no request', encode({ number: 1 })],
  ['a request without arguments', encode([1, 'status'])],
  ['a request with the number 0', encode([0, 'status', []])],
  ['a request with a negative number', encode([-3, 'status', []])],
  ['a request with half a number', encode([1.5, 'status', []])],
  ['a request whose method is no text', encode([1, 5, []])],
  ['arguments that are no list', encode([1, 'status', {}])],
  ['JSON that ends too early', text('[1,"status",[')],
  ['JSON with a key twice', text('[1,"list",[{"limit":1,"limit":2}]]')],
  ['JSON with NaN', text('[1,"call",[NaN]]')],
  ['JSON with a number beyond 2^53', text('[1,"call",["default/counter/a","increment",9007199254740993]]')],
  ['JSON with a lone surrogate', text('[1,"call",["default/counter/a","note","\\ud800"]]')],
  ['JSON with base64 that is none', text('[1,"call",["default/counter/a","note",{"$bytes":"?"}]]')],
  ['JSON that is no UTF-8', Uint8Array.of(0x5b, 0xff, 0x5d)],
  ['JSON that is no request', text('[true]')],
];

/** What can be read is answered under its number. */
const REFUSED: readonly (readonly [string, Value, string])[] = [
  ['an unknown method', [7, 'format-disk', []], 'unknown-method'],
  ['a method of every object', [7, 'constructor', []], 'unknown-method'],
  ['a method that is not for peers', [7, 'close', []], 'unknown-method'],
  ['an agent that is a number', [7, 'get', [5]], 'invalid-id'],
  ['an agent that is missing', [7, 'call', []], 'invalid-id'],
  ['an agent that is a map', [7, 'call', [{ a: 1 }, 'increment', 1]], 'invalid-id'],
  ['options that are text', [7, 'call', [a, 'increment', 1, 'soon']], 'invalid-input'],
  ['a filter that is a list', [7, 'list', [[1]]], 'invalid-input'],
  ['a part of nothing', [7, 'part', [1, 0]], 'unavailable'],
  ['a part without a number', [7, 'part', []], 'unavailable'],
];

describe('G13: malformed messages over the socket', () => {
  // One holder for all of them: none may leave a trace in it.
  let skep: Skep;
  let dir: string;
  let peer: Peer;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'skep-sdk-'));
    skep = await openSkep({ dir, kinds: [Counter] });
    await skep.client.call(a, 'increment', 1);
  });
  beforeEach(async () => {
    peer = await peerOf(dir);
  });
  afterAll(async () => {
    await skep.close();
    rmSync(dir, { recursive: true });
  });

  it.each(UNREADABLE)('answers %s with malformed or invalid-value, and goes on', async (_name, bytes) => {
    peer.send(bytes);
    const opening = bytes[0] === 0x5b;
    const answer = opening ? JSON.parse(new TextDecoder().decode(await peer.next())) : decode(await peer.next());
    expect(answer).toMatchObject([0, false, { error: { code: expect.stringMatching(/^(malformed|invalid-value)$/), remedy: expect.any(String) } }]);
    peer.send(encode([9, 'get', [a]]));
    expect(decode(await peer.next())).toMatchObject([9, true, { version: 1 }]);
    expect((await skep.client.info(a)).version).toBe(1);
  });

  it.each(REFUSED)('answers %s under its number', async (_name, request, code) => {
    peer.send(encode(request));
    expect(decode(await peer.next())).toMatchObject([7, false, { error: { code, remedy: expect.any(String) } }]);
    expect((await skep.client.info(a)).version).toBe(1);
  });

  it('Q11: answers JSON in JSON', async () => {
    peer.send(text('[1,"call",["default/counter/b","increment",2]]'));
    expect(JSON.parse(new TextDecoder().decode(await peer.next()))).toEqual([1, true, { level: 'local', value: 2, version: 1 }]);
  });
});

describe('G13: peers that are none of ours', () => {
  it('closes on one that does not greet, or announces a frame beyond the limit, and serves the others', async () => {
    const { dir, skep } = await holder();
    const path = join(dir, 'skep.sock');
    for (const bytes of [text('GET / HTTP/1.1\r\n\r\n'), Uint8Array.of(...text('skep/1\n'), 0xff, 0xff, 0xff, 0xff)]) {
      const socket: Socket = createConnection(path);
      await new Promise<void>((resolve) => {
        socket.on('error', () => {});
        socket.on('close', () => resolve());
        socket.resume();
        socket.write(bytes);
      });
    }
    const peer = await peerOf(dir);
    peer.send(encode([1, 'get', [a]]));
    expect(decode(await peer.next())).toMatchObject([1, true, { version: 1 }]);
    expect((await skep.client.info(a)).version).toBe(1);
  });

  it('forgets one that goes away in the middle of its calls', async () => {
    const { dir, skep, peer } = await holder();
    peer.send(encode([1, 'watch', []]));
    for (let at = 2; at < 200; at += 1) peer.send(encode([at, 'call', [a, 'increment', 1]]));
    peer.channel.close();
    await expect.poll(async () => (await skep.client.get(a)).version).toBe(199);
    const other = await peerOf(dir);
    other.send(encode([1, 'get', [a]]));
    expect(decode(await other.next())).toMatchObject([1, true, { version: 199 }]);
  });
});

describe('G13: a holder that answers nonsense', () => {
  /** A channel whose other side is this test. */
  function fake() {
    let give: (bytes: Uint8Array) => void = () => {};
    let end: (reason: undefined) => void = () => {};
    const sent: Value[] = [];
    const channel: Channel = {
      closed: false,
      send: (bytes) => void sent.push(decode(bytes)),
      onMessage: (listener) => {
        give = listener;
      },
      onClose: (listener) => {
        end = listener;
      },
      close: () => end(undefined),
    };
    return { client: new RemoteClient(channel, 1_000), sent, give: (message: unknown) => give(encode(message)), end: () => end(undefined) };
  }

  it('ends the connection on what is no answer', () => {
    const nonsense = [
      null,
      5,
      [],
      [1],
      [1, 'maybe', 2],
      [1, false, null],
      [1, false, { error: 'x' }],
      [1, false, { error: { code: 1 } }],
      ['1', true, 2],
      [1, 'parts', 'x'],
    ];
    for (const message of nonsense) expect(() => fake().give(message)).toThrowError(expect.objectContaining({ code: 'malformed' }));
  });

  it('leaves calls under way outcome-unknown when the connection ends', async () => {
    const { client, end } = fake();
    const call = refusal(client.call(a, 'increment', 1), 'outcome-unknown');
    await Promise.resolve();
    end();
    await call;
  });

  it('takes a code it does not know for internal, keeps message and remedy, and ignores answers that nobody awaits', async () => {
    const { client, give, sent } = fake();
    const call = refusal(client.info(a), 'internal');
    expect(sent).toEqual([[1, 'info', [a]]]);
    give([77, true, 1]);
    give([1, false, { error: { code: 'from-the-future', message: 'what', id: null, remedy: 'wait' } }]);
    expect(await call).toMatchObject({ message: 'what', remedy: 'wait' });
  });

  it('refuses parts that are none', async () => {
    const { client, give } = fake();
    const call = refusal(client.get(a), 'malformed');
    give([1, 'parts', 3_000_000]);
    await Promise.resolve();
    give([2, true, 'text']);
    await call;
  });
});
