import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Channel } from '../src/channel.js';
import { FRAME_BYTES_MAX, FrameReader, frameHeader, GREETING } from '../src/frame.js';
import { connectHolder, type Folder } from '../src/index.js';
import { freshFolders } from './programs/folders.js';

const { freshDir, open } = freshFolders();

/** A folder that listens and echoes, its channels, and a raw connection to it. */
async function listening(): Promise<{ readonly folder: Folder; readonly channels: Channel[]; knock(): Promise<Socket> }> {
  const folder = await open(freshDir());
  const channels: Channel[] = [];
  await folder.listen((channel) => {
    channels.push(channel);
    channel.onMessage((bytes) => channel.send(bytes));
  });
  const knock = async () => {
    const socket = createConnection(folder.holder.socket);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.resume();
    return socket;
  };
  return { folder, channels, knock };
}

async function echo(channel: Channel | undefined, bytes: Uint8Array): Promise<Uint8Array> {
  if (channel === undefined) throw new Error('nobody holds it');
  const reply = new Promise<Uint8Array>((resolve) => channel.onMessage(resolve));
  channel.send(bytes);
  return reply;
}

describe('a channel', () => {
  it('whose peer sends garbage is closed, and only that one', async () => {
    const { folder, channels, knock } = await listening();
    const good = await connectHolder(folder.dir);
    const bad = await knock();
    bad.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(bad, 'close');
    expect(await echo(good, Uint8Array.of(1))).toEqual(Uint8Array.of(1));
    expect(channels.map((channel) => channel.closed)).toEqual([false, true]);
    good?.close();
  });

  it('whose peer announces a frame over the limit is closed, and only that one', async () => {
    const { folder, channels, knock } = await listening();
    const good = await connectHolder(folder.dir);
    const bad = await knock();
    bad.write(GREETING);
    bad.write(Uint8Array.of(0xff, 0xff, 0xff, 0xff));
    await once(bad, 'close');
    const reason = await new Promise((resolve) => channels[1]?.onClose(resolve));
    expect(reason).toMatchObject({ code: 'payload-too-large' });
    expect(await echo(good, Uint8Array.of(2))).toEqual(Uint8Array.of(2));
    good?.close();
  });

  it('refuses to send more than a frame holds, and goes on', async () => {
    const { folder } = await listening();
    const channel = await connectHolder(folder.dir);
    expect(() => channel?.send(new Uint8Array(FRAME_BYTES_MAX + 1))).toThrow(expect.objectContaining({ code: 'payload-too-large' }));
    expect(await echo(channel, new Uint8Array(FRAME_BYTES_MAX).fill(3))).toHaveLength(FRAME_BYTES_MAX);
    channel?.close();
  });

  it('is given up when its peer reads nothing', async () => {
    const folder = await open(freshDir());
    const accepted = new Promise<Channel>((resolve) => void folder.listen(resolve));
    const deaf = createConnection(folder.holder.socket);
    deaf.on('error', () => undefined);
    deaf.pause();
    const channel = await accepted;
    const closed = new Promise((resolve) => channel.onClose(resolve));
    for (let sent = 0; sent < 40 && !channel.closed; sent += 1) channel.send(new Uint8Array(4_000_000));
    expect(await closed).toMatchObject({ code: 'overloaded' });
    deaf.destroy();
  });

  it('delivers what was sent before it was closed', async () => {
    const folder = await open(freshDir());
    const got: number[] = [];
    const ended = new Promise<void>((resolve) => {
      void folder.listen((channel) => {
        channel.onMessage((bytes) => got.push(bytes.length));
        channel.onClose(() => resolve());
      });
    });
    const channel = await connectHolder(folder.dir);
    for (const length of [1, 100_000, 3]) channel?.send(new Uint8Array(length));
    channel?.close();
    channel?.send(Uint8Array.of(1));
    await ended;
    expect(got).toEqual([1, 100_000, 3]);
  });

  it('whose listener throws is closed with the reason', async () => {
    const folder = await open(freshDir());
    const reason = new Promise((resolve) => {
      void folder.listen((channel) => {
        channel.onMessage(() => {
          throw new Error('a faulty listener');
        });
        channel.onClose(resolve);
      });
    });
    const channel = await connectHolder(folder.dir);
    channel?.send(Uint8Array.of(1));
    expect(await reason).toMatchObject({ code: 'internal' });
  });
});

describe('frames', () => {
  it('are cut the same wherever the stream is split', () => {
    const lengths = [0, 1, 5, 300, 0, 70_000];
    const stream = Buffer.concat([GREETING, ...lengths.flatMap((length, at) => [frameHeader(length), new Uint8Array(length).fill(at)])]);
    for (const step of [1, 3, 7, 64, 1000, stream.length]) {
      const reader = new FrameReader();
      const frames: Uint8Array[] = [];
      for (let at = 0; at < stream.length; at += step) frames.push(...reader.push(stream.subarray(at, at + step)));
      expect(frames.map((frame) => [frame.length, frame[0]])).toEqual(lengths.map((length, at) => [length, length === 0 ? undefined : at]));
    }
  });
});
