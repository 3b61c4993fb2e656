/** Address keys as configurations give them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SkepError } from '../src/index.js';
import { parseNodeConfiguration } from '../src/operations/index.js';
import { ConfigError, loadConfig, loadProject, readAddressKey } from '../src/project/index.js';
import { freshFolders } from './folders.js';
import { refusal } from './refusal.js';

const { freshDir } = freshFolders();
const KEY = Uint8Array.from({ length: 32 }, (_, at) => at * 7);
const HEX = Buffer.from(KEY).toString('hex');

function project(addressKeys: string, files: Readonly<Record<string, string>> = {}): string {
  const dir = freshDir();
  mkdirSync(join(dir, 'keys'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  const file = join(dir, 'skep.config.ts');
  writeFileSync(file, `import { defineSkep } from '@skep/sdk';\nexport default defineSkep({ kinds: [], addressKeys: ${addressKeys} });\n`);
  return file;
}

async function loadFailure(file: string): Promise<SkepError> {
  const error = await loadConfig(file).catch((thrown: unknown) => thrown);
  if (!(error instanceof ConfigError)) throw new Error(`nothing was refused: ${String(error)}`);
  return error.error;
}

describe('V14: address keys in skep.config.ts', () => {
  it('V14: are bytes, or paths relative to it, of files with 64 digits, in either case and with a line break', async () => {
    const file = project(`{ a: 'keys/a.key', b: new Uint8Array(32).fill(1), c: './c.key' }`, {
      'keys/a.key': `${HEX}\n`,
      'c.key': ` ${HEX.toUpperCase()}\r\n`,
    });
    const wanted = { a: KEY, b: new Uint8Array(32).fill(1), c: KEY };
    expect((await loadConfig(file)).addressKeys).toEqual(wanted);
    const other = project(`{ a: new Uint8Array(32), d: new Uint8Array(32) }`);
    // Of several modules the first that speaks of a tenant.
    expect((await loadProject([file, other])).addressKeys).toEqual({ ...wanted, d: new Uint8Array(32) });
    expect((await loadConfig(project('undefined'))).addressKeys).toEqual({});
  });

  it.each([
    ['a file that is not there', `{ acme: 'nowhere.key' }`, {}, /nowhere\.key \(ENOENT\)/],
    ['a folder', `{ acme: 'keys' }`, {}, /keys \(EISDIR\)/],
    ['a file without a key', `{ acme: 'a.key' }`, { 'a.key': 'honey' }, /64 hexadecimal digits/],
    ['a file with half a key', `{ acme: 'a.key' }`, { 'a.key': HEX.slice(32) }, /64 hexadecimal digits/],
    ['a file with two keys', `{ acme: 'a.key' }`, { 'a.key': `${HEX}\n${HEX}` }, /64 hexadecimal digits/],
    ['the key itself', `{ acme: '${HEX}' }`, {}, /stands there itself/],
    ['a number', `{ acme: 7 }`, {}, /no path/],
    ['a list', `['acme']`, {}, /no object/],
    ['a tenant that cannot be', `{ '': 'a.key' }`, {}, /tenant/],
  ])('G13 V14: %s is refused, naming the tenant and never the key', async (_, keys, files, why) => {
    const { code, message, remedy, id, stack } = await loadFailure(project(keys, files));
    expect(code).toBe('not-configured');
    expect(message).toMatch(why);
    if (keys.includes('acme:')) expect([message.includes('acme'), id]).toEqual([true, 'acme']);
    expect(remedy).not.toBe('');
    for (const text of [message, remedy, String(stack)]) expect(text).not.toContain(HEX.slice(0, 16));
  });
});

describe('V14: address keys of a node', () => {
  const given = { name: 'n1', servers: ['nats://127.0.0.1:4222'] };

  it('V14: are paths of files, which are read when it starts', async () => {
    const { addressKeys } = parseNodeConfiguration({ ...given, addressKeys: { acme: '/keys/acme.key' } }, 'here');
    expect(addressKeys).toEqual({ acme: '/keys/acme.key' });
    const path = join(freshDir(), 'acme.key');
    writeFileSync(path, HEX);
    expect(readAddressKey({ tenant: 'acme', path, source: 'here' })).toEqual(KEY);
    const missing = Promise.resolve().then(() => readAddressKey({ tenant: 'acme', path: `${path}s`, source: 'node n1' }));
    expect(await refusal(missing, 'not-configured')).toMatchObject({ id: 'acme', message: expect.stringContaining('node n1') });
  });

  it.each([
    ['the key itself', { acme: HEX }, 'acme'],
    ['a path that ends in the key', { acme: `/keys/${HEX}` }, 'acme'],
    ['nothing', { acme: '' }, 'acme'],
    ['a list', ['acme'], 'addressKeys'],
    ['a tenant that cannot be', { ['x'.repeat(200)]: 'a.key' }, 'x'.repeat(128)],
  ])('G13 V14: %s is refused', async (_, addressKeys, id) => {
    const work = Promise.resolve().then(() => parseNodeConfiguration({ ...given, addressKeys }, 'here'));
    const error = await refusal(work, 'not-configured');
    expect(error.id).toBe(id);
    expect(JSON.stringify(error) + error.stack).not.toContain(HEX);
  });
});
