import { existsSync, mkdirSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { LaneId, SkepError } from '@skep/kernel';
import { describe, expect, it } from 'vitest';
import { tryHolderLock } from '../src/holder-lock.js';
import { connectHolder, readHolderInfo } from '../src/index.js';
import { freshFolders, rejection } from './programs/folders.js';
import { type Running, run } from './programs/run.js';

const LANE = 'main/1/n' as LaneId;
const { freshDir, open } = freshFolders();

describe('a folder has one holder', () => {
  it('refuses a second open in the same process, naming who holds it', async () => {
    const dir = freshDir();
    const folder = await open(dir);
    const refused = await rejection(open(dir));
    expect(refused.code).toBe('folder-held');
    for (const part of [dir, `${process.pid}`, hostname(), folder.holder.startedAt]) expect(refused.message).toContain(part);
    expect(refused.remedy).toContain(`${process.pid}`);
  });

  it('still holds after refusing', async () => {
    const dir = freshDir();
    const folder = await open(dir);
    await rejection(open(dir));
    await folder.ports.log.append(LANE, Uint8Array.of(1), 0);
    expect((await rejection(open(dir))).code).toBe('folder-held');
  });

  it('refuses another process', async () => {
    const dir = freshDir();
    await open(dir);
    const other = run('holder.mjs', [dir, 'try']);
    const line = await other.line('failed');
    expect(line.failed).toBe('folder-held');
    expect(line.message).toContain(`process ${process.pid}`);
  });

  it('names another process that holds it, and opens once that was killed; what it acknowledged is there', async () => {
    const dir = freshDir();
    const holder = run('holder.mjs', [dir, 'append']);
    await holder.line('acknowledged');
    expect((await rejection(open(dir))).message).toContain(`process ${holder.child.pid}`);
    await acknowledgements(holder, 200);
    await holder.kill();
    const acknowledged = holder.lines.flatMap((line) => (typeof line.acknowledged === 'number' ? [line.acknowledged] : []));
    const folder = await open(dir);
    const entries = await folder.ports.log.read(LANE, 0);
    expect(entries.length).toBeGreaterThanOrEqual(acknowledged.at(-1) ?? 0);
    for (const entry of entries) expect(new TextDecoder().decode(entry.bytes)).toBe(`entry ${entry.sequence}`);
  });

  it('opens though somebody who only asked who holds it was held up', async () => {
    const dir = freshDir();
    const asker = tryHolderLock(dir);
    expect(asker).toBeDefined();
    const opening = open(dir);
    await new Promise((resolve) => setTimeout(resolve, 400));
    asker?.release();
    expect((await opening).holder.pid).toBe(process.pid);
  });

  it('can be opened again after it was closed, with everything in it', async () => {
    const dir = freshDir();
    const first = await open(dir);
    await first.ports.log.append(LANE, Uint8Array.of(1, 2), 0);
    await first.ports.log.append(LANE, Uint8Array.of(3), 1);
    await first.ports.log.trim(LANE, 2);
    const updated = await first.ports.registry.update('a/b', Uint8Array.of(4), 0);
    const hash = await first.ports.blob.put(Uint8Array.of(5, 6));
    await first.close();
    await first.close();
    const second = await open(dir);
    expect(await second.ports.log.read(LANE, 0)).toEqual([{ sequence: 2, bytes: Uint8Array.of(3) }]);
    const entry = await second.ports.registry.get('a/b');
    expect(entry).toEqual({ key: 'a/b', value: Uint8Array.of(4), revision: updated.revision });
    expect(await second.ports.blob.get(hash)).toEqual(Uint8Array.of(5, 6));
    const next = await second.ports.registry.update('c', Uint8Array.of(1), 0);
    expect(next.revision).toBeGreaterThan(updated.revision);
  });

  it('writes who it is, and removes it when it closes', async () => {
    const dir = freshDir();
    const folder = await open(dir);
    expect(readHolderInfo(dir)).toEqual(folder.holder);
    expect(folder.holder.version).toMatch(/^\d+\.\d+\.\d+/);
    await folder.close();
    expect(readHolderInfo(dir)).toBeUndefined();
  });
});

describe('connectHolder', () => {
  it('finds nobody in a folder that is not there, never was held, was closed, or whose holder was killed', async () => {
    const dir = freshDir();
    expect(await connectHolder(join(dir, 'none'))).toBeUndefined();
    expect(await connectHolder(dir)).toBeUndefined();
    await (await open(dir)).close();
    expect(await connectHolder(dir)).toBeUndefined();
    const holder = run('holder.mjs', [dir, 'serve']);
    await holder.line('listening');
    await holder.kill();
    expect(existsSync(join(dir, 'skep.sock'))).toBe(true);
    expect(await connectHolder(dir)).toBeUndefined();
    const folder = await open(dir);
    expect(existsSync(join(dir, 'skep.sock'))).toBe(false);
    await folder.close();
  });

  it('talks to a holder in another process, both ways and in order', async () => {
    const dir = freshDir();
    const holder = run('holder.mjs', [dir, 'serve']);
    await holder.line('listening');
    const channel = await connectHolder(dir);
    if (channel === undefined) throw new Error('nobody holds it');
    const got: Uint8Array[] = [];
    const all = new Promise<void>((resolve) =>
      channel.onMessage((bytes) => {
        got.push(bytes);
        if (got.length === 1002) resolve();
      }),
    );
    const sent = Array.from({ length: 1000 }, (_, at) => new TextEncoder().encode(`message ${at}`));
    sent.push(new Uint8Array(0), new Uint8Array(3_000_000).fill(7));
    for (const bytes of sent) channel.send(bytes);
    await all;
    for (const [at, bytes] of got.entries()) expect(Buffer.compare(bytes, sent[at] ?? Uint8Array.of(255))).toBe(0);
    const closed = new Promise<SkepError | undefined>((resolve) => channel.onClose(resolve));
    await holder.kill();
    await closed;
    expect(channel.closed).toBe(true);
  });

  it('waits for a holder that does not listen yet, and says so when it never does', async () => {
    const dir = freshDir();
    const folder = await open(dir);
    expect((await rejection(connectHolder(dir, { timeoutMs: 60 }))).code).toBe('unavailable');
    const connecting = connectHolder(dir);
    await folder.listen((channel) => channel.onMessage((bytes) => channel.send(bytes)));
    const channel = await connecting;
    expect(channel).toBeDefined();
    channel?.close();
  });

  it('reaches a folder whose path is too long for a socket', async () => {
    const dir = join(freshDir(), 'a-rather-long-name-'.repeat(8));
    mkdirSync(dir);
    const folder = await open(dir);
    expect(Buffer.byteLength(folder.holder.socket)).toBeLessThanOrEqual(100);
    await folder.listen((channel) => channel.onMessage((bytes) => channel.send(bytes)));
    const channel = await connectHolder(dir);
    const reply = new Promise<Uint8Array>((resolve) => channel?.onMessage(resolve));
    channel?.send(Uint8Array.of(1, 2, 3));
    expect(await reply).toEqual(Uint8Array.of(1, 2, 3));
    await folder.close();
    expect(existsSync(join(folder.holder.socket, '..'))).toBe(false);
  });

  it.skipIf(process.platform === 'win32')('uses a socket that only this user may open', async () => {
    const folder = await open(freshDir());
    await folder.listen(() => undefined);
    expect(statSync(folder.holder.socket).mode & 0o777).toBe(0o600);
  });
});

async function acknowledgements(holder: Running, count: number): Promise<void> {
  while (holder.lines.length < count) await new Promise((resolve) => setImmediate(resolve));
}
