/** Replays over a cluster that the command starts and ends by itself. */
import { readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { natsHere } from '@skep/nats/servers';
import { describe, expect, test, vi } from 'vitest';
import { skepHere } from '../programs/shell.js';
import { skep, temporaryFolder } from '../programs/skep.js';

function trajectory(name: string, steps: number): string {
  const trajectory = Array.from({ length: steps }, (_, at) => ({ action: `step ${at}`, observation: `saw ${at}`, response: '', thought: null }));
  return JSON.stringify({ environment: name, trajectory });
}

function write(folder: string): readonly string[] {
  return ['a', 'b', 'c', 'd', 'e', 'f'].map((name, at) => {
    writeFileSync(join(folder, `${name}.traj`), trajectory(name, 3 + at));
    return `${name}.traj`;
  });
}

describe.skipIf(!natsHere())('a replay over nodes', () => {
  test('O5 Q11: a node is killed in the middle: roots as in one process, nothing acknowledged lost, nothing left behind', async ({
    onTestFinished,
  }) => {
    const folder = temporaryFolder(onTestFinished);
    const files = write(folder);
    // Others leave and remove their own things in the usual one meanwhile.
    const temporary = temporaryFolder(onTestFinished);
    vi.stubEnv('TMPDIR', temporary);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const alone = await skep({ folder }, 'replay', ...files, '--json');
    const killed = await skep({ folder }, 'replay', ...files, '--nodes', '3', '--kill-at', '50%', '--json');
    expect(killed).toMatchObject({
      code: 0,
      json: { nodes: 3, servers: 3, level: 'fsync', acknowledgedLost: 0, killedNode: expect.stringMatching(/^n[123]$/) },
    });
    expect(killed.json.killedAtEvent).toBe(17);
    // The shortest one had ended before.
    expect(killed.json.inFlightAtKill).toBe(files.length - 1);
    expect(killed.json.agents).toEqual(alone.json.agents);
    expect(readdirSync(temporary)).toEqual([]);
  });
});

test('where there is no NATS server it says what to install', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  const files = write(folder);
  vi.stubEnv('SKEP_SERVERS', join(folder, 'none'));
  vi.stubEnv('PATH', '');
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  for (const args of [['replay', ...files, '--nodes', '2'], ['up']]) {
    expect(await skepHere(folder, ...args, '--json')).toMatchObject({
      code: 1,
      json: { error: { code: 'not-configured', id: expect.stringMatching(/^nats-server/), remedy: expect.stringContaining('install Go') } },
    });
  }
});

test.each([
  ['one node that is killed', ['--nodes', '1', '--kill-at', '50%']],
  ['no node', ['--nodes', '0']],
  ['more nodes than one machine runs', ['--nodes', '40']],
  ['a folder for nodes', ['--nodes', '2', '--dir', 'data']],
])('%s: a wrong command line', async (_, args) => {
  expect(await skepHere(tmpdir(), 'replay', 'a.traj', ...args, '--json')).toMatchObject({ code: 2, json: { error: { code: 'invalid-input' } } });
});
