import { expect, test } from 'vitest';
import { skep, temporaryFolder } from '../programs/skep.js';

test('O5 O6 the demo plays every scene within 20 seconds: sixty agents, one kill, nothing lost', { timeout: 60_000 }, async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  const { code, json, stderr } = await skep({ folder }, 'demo', '--seconds', '20', '--json');
  expect(stderr).toContain('SIGKILL in the middle');
  expect(json).toMatchObject({
    agents: 60,
    level: 'local',
    killed: true,
    acknowledgedLost: 0,
    doubled: 0,
    rootsEqual: 60,
    accountsEqual: 60,
    restoredRootEqual: true,
    skipped: [],
  });
  expect(json.inFlightAtKill).toBeGreaterThanOrEqual(50);
  expect(json.acknowledged).toBeGreaterThanOrEqual(10_000);
  expect(json.turns).toBeGreaterThan(json.acknowledged);
  expect(json.p99Ms).toBeGreaterThanOrEqual(json.p50Ms);
  expect(code).toBe(0);
  // What the demo left behind can be worked with afterwards.
  const branch = await skep({ folder }, 'agent', 'get', 'worker/north-3-careful', '--dir', '.skep/demo', '--json');
  expect(branch.json).toMatchObject({ version: 2, value: { memories: expect.any(Array) } });
});

test('scenes that do not fit stand in skipped, and a folder with something else in it is left alone', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  const short = await skep({ folder }, 'demo', '--seconds', '0.5', '--json');
  expect(short).toMatchObject({ code: 0, json: { agents: 60, killed: false } });
  expect(short.json.skipped).toContain('crash');
  await skep({ folder }, 'agent', 'create', 'state/mine', '--dir', 'mine');
  expect(await skep({ folder }, 'demo', '--dir', 'mine', '--seconds', '1', '--json')).toMatchObject({
    code: 1,
    json: { error: { code: 'invalid-input' } },
  });
  expect((await skep({ folder }, 'agent', 'ls', '--dir', 'mine', '--json')).json.agents).toHaveLength(1);
});
