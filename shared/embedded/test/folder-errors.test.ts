import { execFile } from 'node:child_process';
import { chmodSync, cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type LaneId, LIMITS } from '@skep/kernel';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { ENTRY_BYTES_MAX } from '../src/index.js';
import { SqliteLog } from '../src/sqlite-log.js';
import { StoreClient } from '../src/store-client.js';
import type { LogRequest } from '../src/store-message.js';
import { freshFolders, rejection } from './programs/folders.js';
import { run } from './programs/run.js';

const LANE = 'main/1/n' as LaneId;
const MEBIBYTE = 1024 * 1024;
const { freshDir, open } = freshFolders();

describe('a full disk', () => {
  it('refuses what does not fit with disk-full, keeps what is there, and goes on when there is space', async () => {
    const folder = await open(freshDir(), 4 * MEBIBYTE);
    const { log } = folder.ports;
    let last = 0;
    const refused = await rejection(
      (async () => {
        for (; ; last += 1) await log.append(LANE, new Uint8Array(100_000).fill(last), last);
      })(),
    );
    expect(refused.code).toBe('disk-full');
    expect(refused.message).toContain('log.db');
    expect(last).toBeGreaterThan(20);
    expect((await log.last(LANE))?.sequence).toBe(last);
    expect((await rejection(log.append(LANE, new Uint8Array(100_000), last))).code).toBe('disk-full');
    folder.limitBytes(undefined);
    expect(await log.append(LANE, new Uint8Array(100_000), last)).toEqual({ kind: 'appended', sequence: last + 1 });
  });

  it('fails only the request that does not fit, not the group it was in', async () => {
    const folder = await open(freshDir(), 2 * MEBIBYTE);
    const { log, registry } = folder.ports;
    const results = await Promise.allSettled([
      log.append('main/1/a' as LaneId, Uint8Array.of(1), 0),
      log.append('main/1/b' as LaneId, new Uint8Array(6 * MEBIBYTE), 0),
      log.append('main/1/c' as LaneId, Uint8Array.of(2), 5),
      registry.update('k', Uint8Array.of(3), 0),
    ]);
    expect(results.map((result) => (result.status === 'fulfilled' ? result.value.kind : result.reason.code))).toEqual([
      'appended',
      'disk-full',
      'conflict',
      'updated',
    ]);
    expect(await log.last('main/1/b' as LaneId)).toBeUndefined();
    expect(await log.append('main/1/b' as LaneId, Uint8Array.of(9), 0)).toEqual({ kind: 'appended', sequence: 1 });
  });

  it('refuses blobs, too', async () => {
    const folder = await open(freshDir(), MEBIBYTE);
    expect((await rejection(folder.ports.blob.put(new Uint8Array(3 * MEBIBYTE)))).code).toBe('disk-full');
    folder.limitBytes(undefined);
    await folder.ports.blob.put(new Uint8Array(3 * MEBIBYTE));
  });
});

describe('a folder that may not be written', () => {
  it('is refused with read-only', async () => {
    const dir = freshDir();
    await (await open(dir)).close();
    chmodSync(dir, 0o555);
    // Root may write anywhere, so the attempt is made by nobody.
    const asNobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    const line = await run('holder.mjs', [dir, 'try'], asNobody).line('failed');
    chmodSync(dir, 0o755);
    expect(line.failed).toBe('read-only');
    expect(line.message).toContain(dir);
  });

  it('is refused with read-only when only its database may not be written', async () => {
    const dir = freshDir();
    await (await open(dir)).close();
    chmodSync(dir, 0o777);
    for (const name of ['log.db', 'blobs.db', 'folder.json']) chmodSync(join(dir, name), 0o444);
    const asNobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    const line = await run('holder.mjs', [dir, 'try'], asNobody).line('failed');
    expect(line.failed).toBe('read-only');
  });
});

describe('a damaged folder', () => {
  const damages: readonly [string, (dir: string) => void][] = [
    ['log.db is cut short', (dir) => truncateSync(join(dir, 'log.db'), 40_000)],
    ['blobs.db is cut short', (dir) => truncateSync(join(dir, 'blobs.db'), 40_000)],
    ['log.db is empty', (dir) => truncateSync(join(dir, 'log.db'), 0)],
    ['log.db is gone', (dir) => rmSync(join(dir, 'log.db'))],
    ['blobs.db is gone', (dir) => rmSync(join(dir, 'blobs.db'))],
    ['log.db is something else', (dir) => writeFileSync(join(dir, 'log.db'), 'these are not the bytes you are looking for'.repeat(1000))],
    ['folder.json is no JSON', (dir) => writeFileSync(join(dir, 'folder.json'), '{"form')],
  ];

  it.each(damages)('is refused with corrupt when %s, and left as it is', async (_what, damage) => {
    const dir = freshDir();
    const folder = await open(dir);
    for (let at = 0; at < 30; at += 1) await folder.ports.log.append(LANE, new Uint8Array(10_000).fill(at), at);
    for (let at = 0; at < 30; at += 1) await folder.ports.blob.put(new Uint8Array(10_000).fill(at));
    await folder.close();
    damage(dir);
    const refused = await rejection(open(dir));
    expect(refused.code).toBe('corrupt');
    expect(refused.message).toContain(dir);
    expect((await rejection(open(dir))).code).toBe('corrupt');
  });

  it('never serves a blob whose bytes were changed', async () => {
    const dir = freshDir();
    const folder = await open(dir);
    const hash = await folder.ports.blob.put(new Uint8Array(20_000).fill(1));
    const kept = await folder.ports.blob.put(Uint8Array.of(1));
    await folder.close();
    const database = new Sqlite(join(dir, 'blobs.db'));
    database.prepare('UPDATE blobs SET bytes = ? WHERE hash = ?').run(new Uint8Array(20_000).fill(2), hash);
    database.close();
    const again = await open(dir);
    const refused = await rejection(again.ports.blob.get(hash));
    expect(refused.code).toBe('corrupt');
    expect(refused.message).toContain('blobs.db');
    expect(await again.ports.blob.get(kept)).toEqual(Uint8Array.of(1));
  });

  it('says corrupt when a page that is read was overwritten, and serves the rest', async () => {
    const dir = freshDir();
    const folder = await open(dir);
    for (let at = 0; at < 200; at += 1) await folder.ports.log.append(LANE, new Uint8Array(3000).fill(at), at);
    await folder.ports.registry.update('k', Uint8Array.of(1), 0);
    await folder.close();
    const bytes = readFileSync(join(dir, 'log.db'));
    for (let page = 8; page < 30; page += 1) bytes.fill(0xee, page * 16_384, page * 16_384 + 200);
    writeFileSync(join(dir, 'log.db'), bytes);
    const again = await open(dir);
    expect((await rejection(again.ports.log.read(LANE, 0))).code).toBe('corrupt');
    expect((await again.ports.registry.get('k'))?.value).toEqual(Uint8Array.of(1));
  });

  it('of a newer format is refused with unsupported-format', async () => {
    const dir = freshDir();
    await (await open(dir)).close();
    const copy = freshDir();
    cpSync(dir, copy, { recursive: true });
    const database = new Sqlite(join(dir, 'log.db'));
    database.prepare("UPDATE meta SET value = 99 WHERE name = 'format'").run();
    database.close();
    expect((await rejection(open(dir))).code).toBe('unsupported-format');
    writeFileSync(join(copy, 'folder.json'), '{"format": 99}');
    const refused = await rejection(open(copy));
    expect(refused.code).toBe('unsupported-format');
    expect(refused.message).toContain('99');
  });
});

describe('the ports of a folder', () => {
  it('refuse what is too large and write nothing', async () => {
    const { log, registry } = (await open(freshDir())).ports;
    expect((await rejection(log.append(LANE, new Uint8Array(ENTRY_BYTES_MAX + 1), 0))).code).toBe('payload-too-large');
    expect((await rejection(registry.update('k', new Uint8Array(LIMITS.registryValueBytes + 1), 0))).code).toBe('payload-too-large');
    expect(await log.last(LANE)).toBeUndefined();
  });

  it('answer what was under way when the folder closes, and refuse the rest with closed', async () => {
    const folder = await open(freshDir());
    const { log, registry, blob, bus } = folder.ports;
    const underWay = [log.append(LANE, Uint8Array.of(1), 0), log.append(LANE, Uint8Array.of(2), 1)];
    const closing = folder.close();
    expect(await Promise.all(underWay)).toEqual([
      { kind: 'appended', sequence: 1 },
      { kind: 'appended', sequence: 2 },
    ]);
    await closing;
    const late = [
      log.append(LANE, Uint8Array.of(3), 2),
      log.last(LANE),
      registry.get('k'),
      blob.put(Uint8Array.of(1)),
      folder.listen(() => undefined),
    ];
    for (const work of [...late, bus.request('a', Uint8Array.of(1), { timeoutMs: 10 })]) expect((await rejection(work)).code).toBe('closed');
  });

  it('give trimmed entries back', async () => {
    const { log } = (await open(freshDir())).ports;
    for (let at = 0; at < 700; at += 1) await log.append(LANE, Uint8Array.of(at & 255), at);
    await log.trim(LANE, 650);
    expect((await log.read(LANE, 0)).map((entry) => entry.sequence)).toEqual(Array.from({ length: 51 }, (_, at) => 650 + at));
  });
});

describe('a thread that dies', () => {
  it.skipIf(process.platform === 'win32')('does so when the disk fails in a way that leaves the outcome open', async () => {
    // A limit on the size of files stands for a failing disk: SQLite has no name for it, so nobody knows what was written.
    const program = new URL('programs/failing-disk.mjs', import.meta.url).pathname;
    const { stdout } = await promisify(execFile)('bash', ['-c', 'ulimit -f 3000; exec "$0" "$1" "$2"', process.execPath, program, freshDir()]);
    expect(JSON.parse(stdout)).toEqual({ seen: ['outcome-unknown', 'unavailable'] });
  });

  it('leaves writes under way outcome-unknown and reads unavailable; so is everything later', async () => {
    const store = await StoreClient.open<LogRequest>({
      program: 'log-worker.js',
      file: join(freshDir(), 'log.db'),
      expected: false,
      bytesMax: undefined,
    });
    const log = new SqliteLog(store);
    await log.append(LANE, Uint8Array.of(1), 0);
    const write = rejection(log.append(LANE, Uint8Array.of(2), 1));
    const read = rejection(log.last(LANE));
    await store.kill();
    expect([(await write).code, (await read).code]).toEqual(['outcome-unknown', 'unavailable']);
    expect((await rejection(log.append(LANE, Uint8Array.of(2), 1))).code).toBe('unavailable');
    expect((await rejection(log.last(LANE))).message).toContain('log.db');
    await store.close();
  });
});
