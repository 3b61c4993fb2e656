import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { inRoot } from '../setup/places.mjs';
import { fetchServers, serversMatch, wantedServers } from '../setup/servers.mjs';
import { stepsOn } from '../setup/step.mjs';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skep-servers-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A program that stands in for Go: it answers its version, and does with a build what the lines say. */
function goThat(...lines: readonly string[]): string {
  const file = join(folder, 'go');
  writeFileSync(file, ['#!/bin/sh', 'if [ "$1" = version ]; then echo "go version go1.26.0 any/any"; exit 0; fi', ...lines, ''].join('\n'));
  chmodSync(file, 0o755);
  return file;
}

const known = (): { have: Record<string, string>; missing: { name: string; because: string }[] } =>
  JSON.parse(readFileSync(join(folder, 'servers.json'), 'utf8'));

describe('the servers of the set-up', () => {
  test('the version of the fast server is the one that its go.mod asks for', () => {
    const required = /nats-server\/v2 v(\S+)/.exec(readFileSync(inRoot('deploy', 'nats', 'go.mod'), 'utf8'))?.[1];
    for (const { name, version } of wantedServers().filter((each) => each.name.startsWith('nats-server'))) {
      expect(`${name} ${version.split(' ')[0]}`).toBe(`${name} ${required}`);
    }
  });

  test('without Go the set-up goes on, names all three with a remedy, and remembers', async () => {
    const lines = await fetchServers({ tools: folder, go: 'no-such-go' });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/nats-server, nats-server-fast, toxiproxy-server: not here, Go is missing\. Remedy: install Go .*brew.*docker/);
    expect(known().missing.map(({ name }) => name)).toEqual(wantedServers().map(({ name }) => name));
  });

  test.skipIf(process.platform === 'win32')('a build that fails is remembered with what Go said, and leaves no half-made file', async () => {
    const lines = await fetchServers({ tools: folder, go: goThat('echo "dial tcp: no network" >&2', 'exit 1') });
    expect(lines.join()).toContain('no network');
    expect(known().missing[0]?.because).toContain('exit code 1');
    expect(existsSync(join(folder, 'bin', 'nats-server'))).toBe(false);
  });

  test.skipIf(process.platform === 'win32')('what is built is not built again; another version is', async () => {
    const log = join(folder, 'log');
    const made = `case "$1" in build) touch "$4" ;; *) touch "$GOBIN/nats-server" "$GOBIN/server" ;; esac`;
    const go = goThat(`echo "$*" >> ${log}`, made);
    expect(await fetchServers({ tools: folder, go })).toEqual([]);
    expect(serversMatch(folder)).toBe(true);
    const first = readFileSync(log, 'utf8').trim().split('\n');
    expect(first).toHaveLength(3);
    writeFileSync(join(folder, 'servers.json'), JSON.stringify({ ...known(), have: { ...known().have, 'toxiproxy-server': '1.0.0' } }));
    expect(serversMatch(folder)).toBe(false);
    expect(await fetchServers({ tools: folder, go })).toEqual([]);
    expect(readFileSync(log, 'utf8').trim().split('\n').slice(3)).toEqual([first[2]]);
  });

  test('a damaged memory counts as none', async () => {
    mkdirSync(join(folder, 'bin'));
    writeFileSync(join(folder, 'servers.json'), '{');
    expect(serversMatch(folder)).toBe(false);
    await expect(fetchServers({ tools: folder, go: 'no-such-go' })).resolves.toHaveLength(1);
  });
});

describe('steps', () => {
  test('a step that fails fails, and short steps are not shown', async () => {
    const written: string[] = [];
    const step = stepsOn({ isTTY: true, write: (text) => written.push(text) });
    await expect(Promise.all([step('a', async () => 1), step('b', () => Promise.reject(new Error('no')))])).rejects.toThrow('no');
    expect(written).toEqual([]);
  });

  test('steps at the same time share one line', async () => {
    const written: string[] = [];
    let bothShown = () => {};
    const shown = new Promise<void>((resolve) => {
      bothShown = resolve;
    });
    const write = (text: string) => {
      written.push(text);
      if (text.includes('packages') && text.includes('servers')) {
        bothShown();
      }
    };
    const step = stepsOn({ isTTY: true, columns: 120, write });
    await Promise.all([step('packages', () => shown), step('servers', () => shown)]);
    expect(written.some((text) => /packages \.\.\. \d+ s, servers \.\.\. \d+ s/.test(text))).toBe(true);
    expect(written.filter((text) => text.includes('done in'))).toHaveLength(2);
  });
});
