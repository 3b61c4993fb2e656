import { natsHere } from '@skep/nats/servers';
import { expect, test } from 'vitest';
import { skep, temporaryFolder } from '../programs/skep.js';

test('O5 O6 the demo of one process plays every scene: sixty agents, one kill, nothing lost', { timeout: 90_000 }, async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  const { code, json, stderr } = await skep({ folder }, 'demo', '--embedded', '--seconds', '60', '--json');
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

const cluster = natsHere();

test.skipIf(!cluster)(
  'O4 O5 O13 G1 G4 the demo of a cluster: a node is killed, then a NATS server that leads; what was acknowledged is there, once',
  {
    timeout: 120_000,
  },
  async ({ onTestFinished }) => {
    const folder = temporaryFolder(onTestFinished);
    const { code, json, stderr } = await skep({ folder }, 'demo', '--seconds', '90', '--json');
    expect(stderr).toContain('kill -9 of a node');
    expect(json).toMatchObject({
      ...{ nodes: 3, natsServers: 3, natsServer: expect.stringMatching(/^(fast|stock)$/), level: 'fsync', agents: 60 },
      ...{ killed: true, nodeKill: { firstAgentMs: expect.any(Number), allAgentsMs: expect.any(Number) } },
      ...{ acknowledgedLost: 0, doubleCommits: 0, gaps: 0, failedCalls: 0, rootsEqual: 60, accountsEqual: 60 },
    });
    expect(json.inFlightAtKill).toBeGreaterThanOrEqual(50);
    // It ends by itself when all is played; on a machine that is busy beyond measure there may be no time for these.
    const { skipped } = json;
    expect(skipped).not.toContain('judgement');
    if (!skipped.includes('nats-leader-kill')) expect(json).toMatchObject({ natsLeaderKill: { writesStoppedMs: expect.any(Number) } });
    if (!skipped.includes('rolling-restart')) expect(json).toMatchObject({ rollingRestart: { failedCalls: 0, p99Ms: expect.any(Number) } });
    expect(code).toBe(0);
  },
);

test('where there is no NATS server the demo runs in one process, and says which scenes that leaves out, and the remedy', {
  timeout: 60_000,
}, async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  const { code, json, stderr } = await skep({ folder, env: { SKEP_SERVERS: folder, PATH: folder } }, 'demo', '--seconds', '20', '--json');
  expect(stderr).toContain('No cluster today');
  expect(json).toMatchObject({ level: 'local', remedy: expect.stringContaining('nats-server'), acknowledgedLost: 0 });
  expect(json.skipped).toEqual(expect.arrayContaining(['node-kill', 'nats-leader-kill', 'rolling-restart']));
  expect(code).toBe(0);
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
