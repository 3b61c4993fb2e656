/**
 * Folders that something else wrote to. Whatever is damaged: an error that says so, by the open or by the agents concerned; what is
 * served is right, and nothing is made up.
 */
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ErrorCode, isSkepError, openSkep, type Skep } from '../../src/index.js';
import { freshFolders } from '../folders.js';
import { Counter } from '../kinds.js';
import { refusal } from '../refusal.js';

const { freshDir } = freshFolders();
const AGENTS = 12;
const PAGE_BYTES = 16 * 1024;
const name = (at: number) => `agent${at}`;
const TELLING: readonly ErrorCode[] = ['corrupt', 'agent-corrupt', 'malformed', 'unsupported-format'];

/** A folder whose agents stand partly in snapshots, partly in the log alone. */
let good: string;
beforeAll(async () => {
  good = mkdtempSync(join(tmpdir(), 'skep-good-'));
  const skep = await openSkep({ dir: good, kinds: [Counter], settleEveryMs: 50 });
  for (let round = 0; round < 10; round += 1) {
    for (let at = 0; at < AGENTS; at += 1) {
      await skep.agent(Counter, name(at)).increment(at + 1);
      await skep.agent(Counter, name(at)).note(`note ${round} of ${at}: ${'honey '.repeat(40)}`);
    }
  }
  await skep.close();
  const again = await openSkep({ dir: good, kinds: [Counter], settleEveryMs: 600_000, closing: 'leave' });
  await again.recovered;
  for (let at = 0; at < AGENTS; at += 2) {
    await again.agent(Counter, name(at)).increment(1000);
    await again.agent(Counter, name(at)).note('nectar '.repeat(40));
  }
  await again.close();
});
afterAll(() => rmSync(good, { recursive: true, force: true }));

function damagedCopy(damage: (dir: string) => void): string {
  const dir = freshDir();
  cpSync(good, dir, { recursive: true });
  damage(dir);
  return dir;
}

function countOf(at: number): number {
  return 10 * (at + 1) + (at % 2 === 0 ? 1000 : 0);
}

interface Look {
  readonly refused: string | undefined;
  readonly served: number;
  readonly errors: readonly string[];
}

/** Opens a folder, reads everything, and checks that what is served is what was written. */
async function look(dir: string): Promise<Look> {
  const warnings: string[] = [];
  const skep = await openSkep({ dir, kinds: [Counter], onWarning: (text) => warnings.push(text) }).catch((error) => error);
  if (isSkepError(skep)) {
    expect(TELLING).toContain(skep.code);
    expect(skep.remedy).not.toBe('');
    return { refused: skep.code, served: 0, errors: [] };
  }
  const looks = await Promise.all(Array.from({ length: AGENTS }, (_, at) => lookAt(skep, at)));
  await skep.close();
  return { refused: undefined, served: looks.filter((each) => each === 'served').length, errors: looks.filter((each) => each !== 'served') };
}

/** `served` when it shows what was written, else the code of the refusal. */
async function lookAt(skep: Skep, at: number): Promise<string> {
  try {
    const state = await skep.agent(Counter, name(at)).state();
    const { value, version } = state;
    // Nothing made up: not an empty agent, not an older state.
    const even = at % 2 === 0;
    expect({ at, count: value.count, notes: value.notes.length, version }).toEqual({
      at,
      count: countOf(at),
      notes: even ? 11 : 10,
      version: even ? 22 : 20,
    });
    return 'served';
  } catch (error) {
    if (!isSkepError(error)) throw error;
    expect(TELLING, error.message).toContain(error.code);
    return error.code;
  }
}

/** The length of so many whole pages, at least one less than the header of a SQLite file claims (four bytes at 28, of the size at 16). */
function pagesOf(file: string, share: number): number {
  const header = readFileSync(file);
  return Math.floor((header.readUInt32BE(28) - 1) * share) * header.readUInt16BE(16);
}

function flip(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] as number) ^ 0x01;
  writeFileSync(file, bytes);
}

/** Every place of a word. */
function placesOf(file: string, word: string): readonly number[] {
  const bytes = readFileSync(file);
  const places: number[] = [];
  for (let at = bytes.indexOf(word); at >= 0; at = bytes.indexOf(word, at + 1)) places.push(at);
  expect(places.length).toBeGreaterThan(0);
  return places;
}

function replaceAll(file: string, word: string, other: string): void {
  const places = placesOf(file, word);
  const bytes = readFileSync(file);
  for (const at of places) bytes.write(other, at);
  writeFileSync(file, bytes);
}

describe('G11: a folder that is whole', () => {
  it('serves everything', async () => {
    expect(await look(damagedCopy(() => {}))).toEqual({ refused: undefined, served: AGENTS, errors: [] });
  });
});

describe('G11 G13: a folder that was cut short', () => {
  for (const file of ['log.db', 'blobs.db']) {
    for (const share of [0, 0.01, 0.3, 0.6, 0.999]) {
      it(`is refused with corrupt, and left as it is, when ${Math.round(share * 100)} % of the pages of ${file} are left`, async () => {
        const dir = damagedCopy((copy) => truncateSync(join(copy, file), pagesOf(join(copy, file), share)));
        const before = readFileSync(join(dir, file));
        const error = await refusal(openSkep({ dir }), 'corrupt');
        expect(error.message).toContain(file);
        expect(readFileSync(join(dir, file)).equals(before)).toBe(true);
      });
    }
    it(`is refused with corrupt when ${file} is gone, and makes no new one`, async () => {
      const dir = damagedCopy((copy) => rmSync(join(copy, file)));
      await refusal(openSkep({ dir }), 'corrupt');
      await refusal(openSkep({ dir }), 'corrupt');
    });
  }

  it('is refused with corrupt when folder.json is nonsense', async () => {
    await refusal(openSkep({ dir: damagedCopy((copy) => writeFileSync(join(copy, 'folder.json'), '{"form')) }), 'corrupt');
  });
});

describe('G11: bytes that changed', () => {
  it('anywhere in blobs.db are found, or do not matter: what is served is right', async () => {
    const size = statSync(join(good, 'blobs.db')).size;
    let told = 0;
    for (let probe = 0; probe < 24; probe += 1) {
      // Steps of the golden ratio spread over the file, and meet every kind of page.
      const at = Math.floor(size * ((probe * 0.6180339887) % 1));
      const dir = damagedCopy((copy) => flip(join(copy, 'blobs.db'), at));
      const { refused, errors } = await look(dir);
      if (refused !== undefined || errors.length > 0) told += 1;
      rmSync(dir, { recursive: true });
    }
    expect(told).toBeGreaterThan(0);
  }, 120_000);

  it('in any one record of the log are found, or lie where nobody reads any more', async () => {
    const probes = ['honey', 'nectar'].flatMap((word) => {
      const places = placesOf(join(good, 'log.db'), word);
      return Array.from({ length: 8 }, (_, probe) => places[Math.floor((probe * places.length) / 8)] as number);
    });
    let told = 0;
    for (const at of new Set(probes)) {
      const dir = damagedCopy((copy) => flip(join(copy, 'log.db'), at));
      const { refused, errors } = await look(dir);
      if (refused !== undefined || errors.length > 0) told += 1;
      rmSync(dir, { recursive: true });
    }
    expect(told).toBeGreaterThan(0);
  }, 120_000);

  it('in any page of log.db or blobs.db refuse the open, or the agents concerned; nothing hangs', async () => {
    for (const file of ['log.db', 'blobs.db']) {
      for (let page = 0; page < statSync(join(good, file)).size / PAGE_BYTES; page += 1) {
        const dir = damagedCopy((copy) => {
          const bytes = readFileSync(join(copy, file));
          bytes.fill(0xee, page * PAGE_BYTES + (page === 0 ? 100 : 0), page * PAGE_BYTES + 300);
          writeFileSync(join(copy, file), bytes);
        });
        const { refused, served, errors } = await look(dir);
        if (refused === undefined) expect(served + errors.length).toBe(AGENTS);
        rmSync(dir, { recursive: true });
      }
    }
  }, 120_000);

  it('at the end of blobs.db, when less than a page is missing, are told by the open or by the agents', async () => {
    // Opening fills such a page with zeros before it compares the lengths (embedded), so the hashes have to find it.
    const dir = damagedCopy((copy) => truncateSync(join(copy, 'blobs.db'), statSync(join(copy, 'blobs.db')).size - 9_000));
    const { refused, served, errors } = await look(dir);
    if (refused === undefined) expect(served + errors.length).toBe(AGENTS);
  });

  it('in every snapshot are told for each agent, by doctor too', async () => {
    // Honey stands in snapshots and segments.
    const dir = damagedCopy((copy) => replaceAll(join(copy, 'blobs.db'), 'honey', 'money'));
    const { refused, served, errors } = await look(dir);
    expect(refused).toBeUndefined();
    expect(served).toBe(0);
    expect(errors).toHaveLength(AGENTS);
    const skep = await openSkep({ dir, kinds: [Counter], onWarning: () => {} });
    const report = await skep.client.doctor();
    expect(report.ok).toBe(false);
    // The others go on.
    expect(await skep.agent(Counter, 'fresh').increment(1)).toBe(1);
    await skep.close();
  });

  it('in the history alone leave the agents alive; history and doctor tell', async () => {
    const dir = freshDir();
    const skep = await openSkep({ dir, kinds: [Counter], settleEveryMs: 20 });
    const agent = skep.agent(Counter, 'a');
    await agent.note('pollen');
    await expect.poll(() => readFileSync(join(dir, 'blobs.db-wal')).includes('pollen')).toBe(true);
    await skep.client.restore(agent.id, { version: 0 });
    await agent.note('honey');
    await skep.close();
    const again = await openSkep({ dir, kinds: [Counter], settleEveryMs: 20 });
    await again.recovered;
    await again.agent(Counter, 'a').note('wax');
    await expect
      .poll(async () => (await again.client.doctor()).checks.find(({ name }) => name === 'snapshots')?.detail)
      .toMatch(/^1 snapshots and [2-9]/);
    await again.close();
    replaceAll(join(dir, 'blobs.db'), 'pollen', 'nectar');
    const last = await openSkep({ dir, kinds: [Counter], onWarning: () => {} });
    expect((await last.agent(Counter, 'a').state()).value.notes).toEqual(['honey', 'wax']);
    await refusal(last.agent(Counter, 'a').history(), 'corrupt');
    const report = await last.client.doctor();
    expect(report.checks.find(({ name }) => name === 'snapshots')).toMatchObject({ ok: false });
    await last.close();
  });

  it('in the records of the log stop the agents whose records they are', async () => {
    // The nectar of even agents stands in the log alone.
    const dir = damagedCopy((copy) => replaceAll(join(copy, 'log.db'), 'nectar', 'vinega'));
    const { refused, served, errors } = await look(dir);
    expect(refused).toBeUndefined();
    expect(errors.length).toBeGreaterThanOrEqual(AGENTS / 2);
    expect(served).toBe(AGENTS - errors.length);
  });
});

describe('G13: a format from the future', () => {
  it('is refused with unsupported-format, and left as it is', async () => {
    const dir = damagedCopy((copy) => writeFileSync(join(copy, 'folder.json'), '{"format":99}\n'));
    const error = await refusal(openSkep({ dir }), 'unsupported-format');
    expect(error.message).toContain('99');
    expect(error.remedy).toContain('later');
    copyFileSync(join(good, 'folder.json'), join(dir, 'folder.json'));
    expect((await look(dir)).served).toBe(AGENTS);
  });
});
