/** The commands of a cluster, against one that runs: one NATS server, two nodes, started and ended by the commands themselves. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attachCluster, isClusterRunning, makeCredentials, natsHere, readClusterContext } from '@skep/nats/servers';
import { attachNodes } from '@skep/sdk/operations';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skepHere } from '../programs/shell.js';
import { type Ended, skep } from '../programs/skep.js';

const AGENTS = ['a1', 'a2', 'a3', 'a4', 'a5', 'a6'];
const CHANGE = '{"changes":[{"set":"n","value":1}]}';

/** What these commands print besides the rest. */
interface ClusterPrinted {
  readonly nodes: readonly {
    readonly node: string;
    readonly name: string;
    readonly status: string;
    readonly pid: number | null;
    readonly agents: number;
  }[];
  readonly servers: readonly { readonly pid: number }[];
  readonly credentials: string;
  readonly urls: readonly string[];
  readonly node: string;
}

const said = ({ json }: Ended): ClusterPrinted => json as unknown as ClusterPrinted;

describe.skipIf(!natsHere())('a cluster of this machine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'skep-cli-cluster-'));
  const clusterDir = join(folder, '.skep', 'cluster');
  let started: Ended;

  /** By their processes, whatever they say of themselves. */
  const runningNodes = (): readonly string[] =>
    (attachNodes(join(clusterDir, 'nodes'))?.nodes ?? []).filter(({ state }) => state === 'running').map(({ name }) => name);
  const serversRun = (): boolean => {
    const context = readClusterContext(clusterDir);
    return context !== undefined && isClusterRunning(clusterDir, context);
  };

  beforeAll(async () => {
    writeFileSync(join(folder, 'acme.key'), `${'c0ffee11'.repeat(8)}\n`);
    writeFileSync(join(folder, 'skep.config.ts'), "export default { kinds: [], addressKeys: { acme: 'acme.key' } };\n");
    started = await skep({ folder }, 'up', '--servers', '1', '--nodes', '2', '--tenant', 'acme', '--json');
  });

  // Whatever failed: nothing of it outlives the test.
  afterAll(async () => {
    await attachNodes(join(clusterDir, 'nodes'))?.kill();
    await attachCluster(clusterDir).then((cluster) => cluster?.close());
    rmSync(folder, { recursive: true, force: true });
  });

  test('U10: up starts servers and nodes that stay, with credentials that nobody else reads', () => {
    expect(started).toMatchObject({ code: 0, json: { level: 'fsync', tenants: ['default', 'acme'], universe: 'main' } });
    expect(runningNodes()).toEqual(['n1', 'n2']);
    expect(serversRun()).toBe(true);
    expect(readFileSync(join(said(started).credentials, 'users', 'operator.nk'), 'utf8')).toMatch(/^SU/);
  });

  test('a second up is refused, and changes nothing', async () => {
    expect(await skepHere(folder, 'up', '--json')).toMatchObject({ code: 1, json: { error: { code: 'folder-held' } } });
    expect(await skepHere(folder, 'up', '--servers', '3', '--json')).toMatchObject({ code: 1, json: { error: { code: 'invalid-input' } } });
    expect(await skepHere(folder, 'reset', '--yes', '--json')).toMatchObject({ code: 1, json: { error: { code: 'folder-held' } } });
  });

  test('the commands of agents work on the cluster, those of every tenant', async () => {
    for (const name of AGENTS) {
      expect(await skepHere(folder, 'agent', 'call', `state/${name}`, 'update', CHANGE, '--json')).toMatchObject({
        code: 0,
        json: { level: 'fsync' },
      });
    }
    expect(await skepHere(folder, 'agent', 'create', 'acme/state/b1', '--json')).toMatchObject({ code: 0 });
    expect((await skepHere(folder, 'agent', 'ls', '--json')).json.agents.map(({ agent }) => agent)).toEqual([
      'acme/state/b1',
      ...AGENTS.map((name) => `default/state/${name}`),
    ]);
    expect((await skepHere(folder, 'agent', 'ls', '--tenant', 'acme', '--json')).json.agents).toHaveLength(1);
    expect((await skepHere(folder, 'agent', 'get', 'state/a1', '--json')).json.value).toEqual({ n: 1 });
    expect((await skepHere(folder, 'agent', 'log', 'state/a1', '--json')).json.events).toHaveLength(1);
    expect(existsSync(join(folder, '.skep', 'folder.json'))).toBe(false);
  });

  test('status and node ls show the nodes', async () => {
    const status = await skepHere(folder, 'status', '--json');
    expect(status).toMatchObject({ code: 0, json: { level: 'fsync', agents: { known: 7 }, nodes: [{ node: 'n1' }, { node: 'n2' }] } });
    expect((await skepHere(folder, 'status')).stdout).toMatch(/^cluster +.*cluster\n[\s\S]*^n2 +serving/m);
    expect(said(await skepHere(folder, 'node', 'ls', '--json')).nodes).toMatchObject([
      { node: 'n1', status: 'serving', pid: said(started).nodes[0]?.pid },
      { node: 'n2', status: 'serving', pid: said(started).nodes[1]?.pid },
    ]);
  });

  test('doctor looks at servers, level, nodes and agents', async () => {
    const well = await skepHere(folder, 'doctor', '--json');
    expect(well).toMatchObject({ code: 0, json: { ok: true } });
    expect(well.json.checks.map(({ name }) => name)).toEqual(expect.arrayContaining(['Node', 'server n1', 'level', 'node n1', 'node n2', 'agents']));
    const text = (await skepHere(folder, 'doctor')).stdout;
    expect(text).toMatch(/server n1 .*sync_interval always/);
    expect(text).toMatch(/node n2 .*serving/);
  });

  test('V14: nodes have the address keys of the project, and the doctor says which', async () => {
    const { json, stdout } = await skepHere(folder, 'doctor', '--json');
    expect(json.checks).toContainEqual({
      name: 'address key of acme',
      ok: true,
      detail: expect.stringMatching(/^[0-9a-f]{32}, on n1, n2$/),
      remedy: null,
    });
    expect(stdout).not.toContain('c0ffee11');
  });

  test('watch follows the turns of every tenant', async () => {
    let isOver = false;
    const watching = skepHere(folder, 'watch', '--seconds', '4', '--json').finally(() => {
      isOver = true;
    });
    // When it begins to watch is not told.
    while (!isOver) await skepHere(folder, 'agent', 'call', 'acme/state/b1', 'update', CHANGE);
    const { code, stdout } = await watching;
    expect(code).toBe(0);
    expect(stdout).toContain('"agent":"acme/state/b1"');
  });

  test('O1: an agent is found, moved, pinned and let go', async () => {
    const { node: from } = said(await skepHere(folder, 'agent', 'where', 'state/a1', '--json'));
    const to = from === 'n1' ? 'n2' : 'n1';
    expect(await skepHere(folder, 'agent', 'migrate', 'state/a1', '--to', to, '--json')).toMatchObject({ code: 0, json: { from, to } });
    expect((await skepHere(folder, 'agent', 'where', 'state/a1')).stdout).toBe(`state/a1 is on ${to}\n`);
    expect((await skepHere(folder, 'agent', 'pin', 'state/a1', '--to', from)).stdout).toBe(`state/a1 is on ${from}, pinned to ${from}\n`);
    expect((await skepHere(folder, 'agent', 'unpin', 'state/a1')).stdout).toBe(`state/a1 is on ${from}\n`);
    expect((await skepHere(folder, 'agent', 'get', 'state/a1', '--json')).json.value).toEqual({ n: 1 });
  });

  test.each([
    ['an agent that there is not', ['agent', 'migrate', 'state/nobody', '--to', 'n1'], 1, 'unknown-agent'],
    ['a node that there is not', ['agent', 'migrate', 'state/a1', '--to', 'n9'], 1, 'invalid-input'],
    ['no node to move to', ['agent', 'migrate', 'state/a1'], 2, 'invalid-input'],
    ['a node to kill that there is not', ['node', 'kill', 'n9'], 1, 'invalid-input'],
    ['a node to drain that there is not', ['node', 'drain', 'n9'], 3, 'unavailable'],
    ['a node to add that runs', ['node', 'add', 'n1'], 1, 'invalid-input'],
    ['servers that are not there', ['status', '--server', 'nats://127.0.0.1:9'], 3, 'unavailable'],
    ['credentials that are not there', ['status', '--server', 'nats://127.0.0.1:9', '--creds', 'absent'], 1, 'not-configured'],
    ['processes of a cluster that is far away', ['node', 'kill', 'n1', '--dir', 'elsewhere'], 1, 'not-configured'],
  ])('%s: refused with a remedy', async (_, args, code, error) => {
    const ended = await skepHere(folder, ...args, '--json');
    expect(ended).toMatchObject({ code, json: { error: { code: error, remedy: expect.stringMatching(/./) } } });
  });

  test('O13: without credentials, with those of others, and as a tenant only what that may', async () => {
    const [server = ''] = said(started).urls;
    const key = (name: string): string => join(said(started).credentials, 'users', name);
    const others = makeCredentials(join(folder, 'others'), { tenants: ['default'] }).dir;
    for (const args of [[], ['--creds', others]]) {
      expect(await skepHere(folder, 'agent', 'ls', '--server', server, ...args, '--json')).toMatchObject({
        code: 1,
        json: { error: { code: 'not-configured', message: expect.stringContaining('refuses') } },
      });
    }
    const acme = ['--server', server, '--creds', key('tenant-acme.nk')];
    expect((await skepHere(folder, 'agent', 'ls', ...acme, '--json')).json.agents).toMatchObject([{ agent: 'acme/state/b1' }]);
    expect(await skepHere(folder, 'agent', 'get', 'state/a1', ...acme, '--json')).toMatchObject({ code: 1, json: { error: { code: 'forbidden' } } });
    expect(await skepHere(folder, 'node', 'ls', ...acme, '--json')).toMatchObject({ code: 1, json: { error: { code: 'forbidden' } } });
  });

  test('O5: node kill shows when its agents answered again; node add brings the node back', async () => {
    const killed = await skepHere(folder, 'node', 'kill', 'n2', '--json');
    expect(killed).toMatchObject({ code: 0, json: { node: 'n2', silent: [] } });
    expect(runningNodes()).toEqual(['n1']);
    expect(said(await skepHere(folder, 'node', 'ls', '--json')).nodes).toMatchObject([
      { status: 'serving' },
      { node: 'n2', status: 'ended', pid: null },
    ]);
    expect(await skepHere(folder, 'doctor')).toMatchObject({ code: 1, stdout: expect.stringMatching(/FAIL {2}node n2[\s\S]*skep node add n2/) });
    for (const name of AGENTS) expect((await skepHere(folder, 'agent', 'get', `state/${name}`, '--json')).json.value).toEqual({ n: 1 });
    expect(await skepHere(folder, 'node', 'add', 'n2', '--json')).toMatchObject({ code: 0, json: { node: 'n2' } });
  });

  test('node drain moves the agents and ends the node; the last one stays', async () => {
    expect(await skepHere(folder, 'node', 'drain', 'n1', '--json')).toMatchObject({ code: 0, json: { node: 'n1', left: 0 } });
    expect(said(await skepHere(folder, 'node', 'ls', '--json')).nodes).toMatchObject([{ node: 'n1', status: 'ended' }, { status: 'serving' }]);
    expect((await skepHere(folder, 'agent', 'where', 'state/a1', '--json')).json).toMatchObject({ node: 'n2' });
    expect(await skepHere(folder, 'node', 'drain', 'n2', '--json')).toMatchObject({ code: 3, json: { error: { code: 'unavailable' } } });
    expect(await skepHere(folder, 'node', 'kill', 'n2', '--json')).toMatchObject({ code: 3, json: { error: { code: 'unavailable' } } });
  });

  test('down ends what up started, and up brings back what it held', async () => {
    expect(await skepHere(folder, 'down', '--json')).toMatchObject({
      code: 0,
      json: { ended: true, nodes: [{ name: 'n2' }], servers: [{ name: 'n1' }] },
    });
    expect(runningNodes()).toEqual([]);
    expect(serversRun()).toBe(false);
    expect(await skepHere(folder, 'agent', 'get', 'state/a1', '--json')).toMatchObject({ code: 3, json: { error: { code: 'unavailable' } } });
    expect(await skepHere(folder, 'down', '--json')).toMatchObject({ code: 0, json: { ended: false } });
    expect(await skep({ folder }, 'up', '--nodes', '1', '--json')).toMatchObject({ code: 0 });
    expect((await skepHere(folder, 'agent', 'get', 'state/a1', '--json')).json.value).toEqual({ n: 1 });
    expect(await skepHere(folder, 'down', '--json')).toMatchObject({ code: 0 });
  });
});

test('where there is no cluster, its commands say how to get one', async () => {
  for (const args of [
    ['node', 'ls'],
    ['node', 'kill', 'n1'],
    ['node', 'drain', 'n1'],
    ['node', 'add'],
    ['agent', 'where', 'state/a1'],
  ]) {
    expect(await skepHere(join(tmpdir(), 'absent'), ...args, '--json')).toMatchObject({
      code: 1,
      json: { error: { code: 'not-configured', remedy: expect.stringContaining('skep up') } },
    });
  }
});
