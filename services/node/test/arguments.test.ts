/** What a node is told: by flags, by a file, and what is refused. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readArguments } from '../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'skep-node-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SERVER = 'nats://127.0.0.1:4222';

function written(configuration: object | string): string {
  const file = join(folder, 'node.json');
  writeFileSync(file, typeof configuration === 'string' ? configuration : JSON.stringify(configuration));
  return file;
}

describe('what a node is told', () => {
  test('flags are enough', () => {
    const args = ['--name', 'n1', '--server', SERVER, '--server', 'tls://b:4222', '--kinds', 'skep.config.ts', '--replicas', '3', '--level', 'fsync'];
    expect(readArguments(args, folder)).toEqual({
      ...{ name: 'n1', universe: 'main', servers: [SERVER, 'tls://b:4222'], kinds: [join(folder, 'skep.config.ts')], replicas: 3, level: 'fsync' },
    });
  });

  test('a file says the same, its paths beside it, and flags come first', () => {
    const file = written({ name: 'n1', servers: [SERVER], kinds: ['kinds.js'], credentials: 'credentials', limits: { mailboxMessages: 10 } });
    expect(readArguments(['--config', file, '--name', 'n7'], '/')).toEqual({
      ...{ name: 'n7', universe: 'main', servers: [SERVER], kinds: [join(folder, 'kinds.js')], credentials: join(folder, 'credentials') },
      limits: { mailboxMessages: 10 },
    });
  });

  test('V14: address keys are named by their files, beside it', () => {
    const file = written({ name: 'n1', servers: [SERVER], addressKeys: { acme: 'acme.key', umbrella: '/keys/umbrella.key' } });
    const { addressKeys } = readArguments(['--config', file], '/') ?? {};
    expect(addressKeys).toEqual({ acme: join(folder, 'acme.key'), umbrella: '/keys/umbrella.key' });
  });

  test('--help asks for nothing else', () => {
    expect(readArguments(['--help'], folder)).toBeUndefined();
  });

  test.each([
    ['no name', { servers: [SERVER] }, 'name'],
    ['a name that is none', { name: 'x'.repeat(200), servers: [SERVER] }, undefined],
    ['no server', { name: 'n1' }, 'servers'],
    ['an address that is none', { name: 'n1', servers: ['localhost'] }, 'localhost'],
    ['a level that there is not', { name: 'n1', servers: [SERVER], level: 'sure' }, 'level'],
    ['four copies', { name: 'n1', servers: [SERVER], replicas: 4 }, 'replicas'],
    ['a limit that there is not', { name: 'n1', servers: [SERVER], limits: { patience: 1 } }, 'patience'],
    ['a limit below nothing', { name: 'n1', servers: [SERVER], limits: { timers: -1 } }, 'timers'],
    ['a field that there is not', { name: 'n1', servers: [SERVER], port: 1 }, 'port'],
    ['kinds that are no list', { name: 'n1', servers: [SERVER], kinds: 'a.ts' }, 'kinds'],
    ['an address key where its file should be', { name: 'n1', servers: [SERVER], addressKeys: { acme: 'a'.repeat(64) } }, 'acme'],
    ['a file that is no JSON', '{', undefined],
    ['a file that is no object', '[]', undefined],
  ])('%s is refused with a remedy', (_, configuration, id) => {
    const refused = () => readArguments(['--config', written(configuration)], folder);
    expect(refused).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/not-configured|invalid-id/), remedy: expect.stringMatching(/./) }),
    );
    if (id !== undefined) expect(refused).toThrow(expect.objectContaining({ id }));
  });

  test('a flag that there is not is refused', () => {
    expect(() => readArguments(['--fast'], folder)).toThrow(expect.objectContaining({ code: 'not-configured' }));
  });
});
