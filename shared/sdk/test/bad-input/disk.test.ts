import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openFolder } from '@skep/embedded';
import { afterEach, describe, expect, it } from 'vitest';
import { openSkep, type Skep, StateKind } from '../../src/index.js';
import { startOn } from '../../src/skep.js';
import { freshFolders } from '../folders.js';
import { Counter } from '../kinds.js';
import { endPrograms, run } from '../program.js';
import { refusal } from '../refusal.js';

const { freshDir, open } = freshFolders();
endPrograms();
const MEBIBYTE = 1024 * 1024;

let opened: Skep[] = [];
afterEach(async () => {
  for (const skep of opened) await skep.close();
  opened = [];
});

describe('G13 G4: a full disk', () => {
  it('refuses what does not fit, serves what is there, and goes on by itself when there is space', async () => {
    const dir = freshDir();
    const folder = await openFolder({ dir });
    const skep = await startOn(folder.ports, folder, { kinds: [Counter] });
    opened.push(skep);
    const doc = skep.agent(StateKind, 'doc');
    await skep.agent(Counter, 'a').increment(1);
    folder.limitBytes(4 * MEBIBYTE);
    const text = 'x'.repeat(200_000);
    let written = 0;
    const refused = await (async () => {
      for (; written < 100; written += 1) await doc.update({ changes: [{ set: `k${written}`, value: text + String(written) }] });
      throw new Error('the disk never filled');
    })().catch((error) => error);
    expect(refused.code).toBe('disk-full');
    expect(refused.remedy).toMatch(/space/);
    expect(written).toBeGreaterThan(3);
    // What was refused left nothing, and reading goes on.
    expect(await doc.state()).toMatchObject({ version: written });
    await refusal(doc.update({ changes: [{ set: 'more', value: text }] }), 'disk-full');
    expect(await skep.agent(Counter, 'a').total()).toBe(1);
    expect((await doc.at(1)).value).toEqual({ k0: `${text}0` });
    folder.limitBytes(undefined);
    await doc.update({ changes: [{ set: 'after', value: 1 }] });
    expect(await skep.agent(Counter, 'a').increment(1)).toBe(2);
    await skep.close();
    const again = await open(dir, { kinds: [Counter] });
    const { value, version } = await again.agent(StateKind, 'doc').state();
    expect(version).toBe(written + 1);
    expect(Object.keys(value).sort()).toEqual([...Array.from({ length: written }, (_, at) => `k${at}`), 'after'].sort());
    expect(await again.agent(Counter, 'a').total()).toBe(2);
  });

  it('refuses all calls in flight that did not fit, and none that was acknowledged is lost', async () => {
    const dir = freshDir();
    const folder = await openFolder({ dir });
    const skep = await startOn(folder.ports, folder, {});
    opened.push(skep);
    await skep.agent(StateKind, 'd0').update({ changes: [{ set: 'x', value: 0 }] });
    folder.limitBytes(6 * MEBIBYTE);
    const works = Array.from({ length: 60 }, (_, at) =>
      skep
        .agent(StateKind, `d${at % 7}`)
        .update({ changes: [{ set: `k${at}`, value: String(at).repeat(100_000) }] })
        .then(
          () => at,
          (error) => {
            expect(error.code).toBe('disk-full');
            return -1;
          },
        ),
    );
    const done = (await Promise.all(works)).filter((at) => at >= 0);
    folder.limitBytes(undefined);
    await skep.close();
    const again = await open(dir);
    const kept: number[] = [];
    for (let at = 0; at < 7; at += 1) {
      const { value } = await again.agent(StateKind, `d${at}`).state();
      kept.push(
        ...Object.keys(value)
          .filter((key) => key !== 'x')
          .map((key) => Number(key.slice(1))),
      );
    }
    expect(kept.sort((one, other) => one - other)).toEqual(done.sort((one, other) => one - other));
    expect(done.length).toBeLessThan(60);
  });
});

describe('G13: a folder that cannot be used', () => {
  it('is refused when a file stands in its place, or above it, and the file is left as it was', async () => {
    const dir = freshDir();
    const file = join(dir, 'notes.txt');
    writeFileSync(file, 'mine');
    for (const path of [file, join(file, 'below')]) {
      const error = await refusal(openSkep({ dir: path }), 'unavailable');
      expect(error.message).toContain(path);
    }
    expect(readdirSync(dir)).toEqual(['notes.txt']);
  });

  it('is refused with a path that no system takes', async () => {
    await refusal(openSkep({ dir: `${freshDir()}/${'x'.repeat(5_000)}` }), 'unavailable');
    await refusal(openSkep({ dir: `${freshDir()}/a\u0000b` }), 'unavailable');
  });

  /** Root may write anywhere, so then the attempt is made by nobody. */
  const asNobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

  it.skipIf(process.platform === 'win32')('is refused with read-only when it may not be written', async () => {
    const dir = freshDir();
    await (await openSkep({ dir })).close();
    const before = readdirSync(dir);
    chmodSync(dir, 0o555);
    const line = await run('open.mjs', [dir], asNobody).line('outcome');
    chmodSync(dir, 0o755);
    expect(line).toMatchObject({ outcome: 'read-only', message: expect.stringContaining(dir), remedy: expect.stringContaining('writable') });
    expect(readdirSync(dir)).toEqual(before);
  });

  it.skipIf(process.platform === 'win32')('is refused with read-only when its databases may not be written', async () => {
    const dir = freshDir();
    const skep = await openSkep({ dir });
    await skep.agent(StateKind, 'a').update({ changes: [{ set: 'x', value: 1 }] });
    await skep.close();
    chmodSync(dir, 0o777);
    chmodSync(join(dir, 'lock.db'), 0o666);
    for (const name of ['log.db', 'blobs.db', 'folder.json']) chmodSync(join(dir, name), 0o444);
    const line = await run('open.mjs', [dir], asNobody).line('outcome');
    expect(line).toMatchObject({ outcome: 'read-only' });
    for (const name of ['log.db', 'blobs.db', 'folder.json']) chmodSync(join(dir, name), 0o644);
    const again = await open(dir);
    expect((await again.agent(StateKind, 'a').state()).value).toEqual({ x: 1 });
  });

  it('is made, with everything above it, when it is not there', async () => {
    const dir = join(freshDir(), 'some', 'where', '.skep');
    const skep = await open(dir);
    expect(existsSync(join(dir, 'log.db'))).toBe(true);
    expect((await skep.client.status()).dir).toBe(dir);
  });

  it('keeps what is not its own', async () => {
    const dir = freshDir();
    mkdirSync(join(dir, 'photos'));
    writeFileSync(join(dir, 'photos', 'bee.txt'), 'buzz');
    await (await openSkep({ dir })).close();
    expect(existsSync(join(dir, 'photos', 'bee.txt'))).toBe(true);
  });
});

describe('G13: a second holder', () => {
  it('is refused in the same process with folder-held, which names it; the first goes on', async () => {
    const dir = freshDir();
    const first = await open(dir, { kinds: [Counter] });
    const error = await refusal(openSkep({ dir }), 'folder-held');
    expect(error.message).toContain(`process ${process.pid}`);
    expect(error.id).toBe(dir);
    expect(await first.agent(Counter, 'a').increment(1)).toBe(1);
    await first.close();
    const second = await open(dir, { kinds: [Counter] });
    expect(await second.agent(Counter, 'a').total()).toBe(1);
  });
});
