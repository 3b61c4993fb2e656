/** Replays by the built program: whole, killed in the middle, with bad files among good ones. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DATA, skep, temporaryFolder } from '../programs/skep.js';

function trajectory(name: string, steps: number): object {
  return {
    environment: name,
    trajectory: Array.from({ length: steps }, (_, at) => ({
      action: `step ${at}`,
      observation: `saw ${at}`,
      response: '',
      thought: null,
      state: { open_file: `f${at}` },
    })),
  };
}

function write(folder: string, files: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(files).map(([name, content]) => {
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
    return name;
  });
}

test('files become agents, steps become versions, and every one of them can be looked at afterwards', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  const files = write(folder, { 'a.traj': trajectory('a', 3), 'b.traj': trajectory('b', 5) });
  const { code, json } = await skep({ folder }, 'replay', ...files, '--dir', 'data', '--json');
  expect(code).toBe(0);
  expect(json).toMatchObject({
    agents: [
      { id: 'default/trajectory/a', events: 3, version: 3, root: expect.stringMatching(/^[0-9a-f]{64}$/), bytes: expect.any(Number) },
      { id: 'default/trajectory/b', events: 5, version: 5 },
    ],
    killedAtEvent: null,
    acknowledgedLost: 0,
  });
  const at = await skep({ folder }, 'agent', 'at', json.agents[1]?.id ?? '', '--version', '2', '--dir', 'data', '--json');
  expect(at.json.value).toMatchObject({ steps: 2, openFile: 'f1', last: { action: 'step 1', observation: 'saw 1' } });
  expect((await skep({ folder }, 'agent', 'diff', 'trajectory/b', '2', '3', '--dir', 'data')).stdout).toContain('~ openFile: "f1" -> "f2"');
  const again = await skep({ folder }, 'replay', ...files, '--dir', 'data', '--json');
  expect(again).toMatchObject({ code: 1, json: { error: { code: 'agent-exists' } } });
});

test('O5 work that is killed in the middle ends with the roots of work that was not', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  const files = write(folder, { 'a.traj': trajectory('a', 30), 'b.traj': trajectory('b', 9), 'c.traj': trajectory('c', 1) });
  const whole = await skep({ folder }, 'replay', ...files, '--json');
  const shares = ['1%', '50%', '99%'];
  const killed = await Promise.all(shares.map((share) => skep({ folder }, 'replay', ...files, '--kill-at', share, '--json')));
  expect(killed.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(killed.map(({ json }) => json.killedAtEvent)).toEqual([1, 20, 39]);
  for (const { json } of killed) {
    expect(json.acknowledgedLost).toBe(0);
    expect(json.inFlightAtKill).toBeGreaterThan(0);
    expect(json.agents).toEqual(whole.json.agents);
  }
  // Without --dir nothing is left behind.
  expect(readdirSync(folder).sort()).toEqual(files.sort());
});

test('a bad file is named and left out, a single event cannot be killed in its middle', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  const [good = ''] = write(folder, { 'good.traj': trajectory('good', 1), 'bad.traj': '{' });
  const mixed = await skep({ folder }, 'replay', good, 'bad.traj', 'absent.traj', '--json');
  expect(mixed.code).toBe(1);
  expect(mixed.json).toMatchObject({ agents: [{ id: 'default/trajectory/good', version: 1 }], acknowledgedLost: 0 });
  expect(mixed.json.refused.map(({ id }) => id)).toEqual([join(folder, 'bad.traj'), join(folder, 'absent.traj')]);
  expect(mixed.stderr).toContain('bad.traj cannot be replayed');
  expect(await skep({ folder }, 'replay', 'bad.traj', '--dir', 'data', '--json')).toMatchObject({ code: 1, json: { error: { code: 'malformed' } } });
  expect(existsSync(join(folder, 'data'))).toBe(false);
  expect(await skep({ folder }, 'replay', good, '--kill-at', '50%', '--json')).toMatchObject({ code: 1, json: { error: { code: 'invalid-input' } } });
});

describe.skipIf(!existsSync(DATA))('real work of agents (skipped where the folder shared/data is absent)', () => {
  test('O5 the recorded trajectories survive a kill with equal roots', async ({ onTestFinished }) => {
    const folder = temporaryFolder(onTestFinished);
    const dir = join(DATA, 'trajectories');
    const files = readdirSync(dir).map((name) => join(dir, name));
    const [whole, killed] = await Promise.all([
      skep({ folder }, 'replay', ...files, '--json'),
      skep({ folder }, 'replay', ...files, '--kill-at', '50%', '--json'),
    ]);
    expect([whole.code, killed.code]).toEqual([0, 0]);
    expect(whole.json.agents).toHaveLength(files.length);
    expect(killed.json.agents).toEqual(whole.json.agents);
    const events = whole.json.agents.reduce((sum, agent) => sum + agent.events, 0);
    expect(killed.json).toMatchObject({ killedAtEvent: Math.round(events / 2), acknowledgedLost: 0 });
  });
});
