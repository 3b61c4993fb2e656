import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { findServers, mustFindServer, natsHere } from '../../src/servers/index.js';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skep-find-'));
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** A program that only knows its version. */
function program(at: string, answer: string): void {
  mkdirSync(join(at, '..'), { recursive: true });
  writeFileSync(at, `#!/bin/sh\necho '${answer}'\n`);
  chmodSync(at, 0o755);
}

describe('the servers that are at hand', () => {
  test('where there are none, all three are named, each with a remedy in one line', () => {
    const { missing, ...found } = findServers({ folder, path: '' });
    expect(found).toEqual({});
    expect(missing.map(({ kind }) => kind)).toEqual(['fast', 'stock', 'toxiproxy']);
    for (const { message, remedy } of missing) {
      expect(message).toMatch(/^\S+ is not here/);
      expect(remedy).toMatch(/Go 1\.26/);
      expect(remedy).not.toContain('\n');
    }
  });

  test('whoever needs one is told what to do', () => {
    expect(() => mustFindServer('stock', { folder, path: '' })).toThrow(
      expect.objectContaining({ code: 'not-configured', id: 'nats-server', remedy: expect.stringContaining('brew install nats-server') }),
    );
  });

  test('what the set-up wrote down is part of the message', () => {
    writeFileSync(join(folder, 'servers.json'), JSON.stringify({ missing: [{ name: 'nats-server', because: 'Go is missing' }] }));
    const { missing } = findServers({ folder: join(folder, 'bin'), path: '' });
    expect(missing.find(({ kind }) => kind === 'stock')?.message).toBe('nats-server is not here: Go is missing');
  });

  test.skipIf(process.platform === 'win32')('a server on PATH will do, unless it is too old; the newer one further on is taken', () => {
    program(join(folder, 'old', 'nats-server'), 'nats-server: v2.10.27');
    program(join(folder, 'new', 'nats-server'), 'nats-server: v2.12.7');
    const old = findServers({ folder, path: join(folder, 'old') });
    expect(old.stock).toBeUndefined();
    expect(old.missing.find(({ kind }) => kind === 'stock')?.message).toContain('is 2.10.27');
    expect(findServers({ folder, path: `${join(folder, 'old')}:${join(folder, 'new')}` }).stock).toEqual({
      path: join(folder, 'new', 'nats-server'),
      version: '2.12.7',
    });
  });

  test.skipIf(process.platform === 'win32')('a server that only bears the fast one its name is not taken for it', () => {
    program(join(folder, 'nats-server-fast'), 'nats-server: v2.15.2');
    expect(findServers({ folder, path: '' }).fast).toBeUndefined();
  });
});

test('a suite that must be skipped is named in the report of the run, with the remedy', () => {
  vi.stubEnv('SKEP_SERVERS', folder);
  vi.stubEnv('PATH', '');
  vi.stubEnv('SKEP_TEST_REPORT', join(folder, 'report'));
  expect(natsHere()).toBe(false);
  const [first] = readFileSync(join(folder, 'report'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  expect(first).toEqual({ skipped: expect.stringContaining('nats-server is not here'), remedy: expect.stringContaining('PATH') });
});
