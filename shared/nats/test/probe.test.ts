import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOfRejection } from '@skep/ports/conformance';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type NatsPorts, ROOT } from '../src/index.js';
import { type Cluster, makeCredentials, natsHere, startCluster } from '../src/servers/index.js';
import { bytesOf, lane, newRoot, portsOn } from './ports-kit.js';

describe.skipIf(!natsHere())('what servers hold (G2)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'skep-probe-'));
  const credentials = makeCredentials(folder, { tenants: ['acme'] });
  const node = credentials.clientOptions({ role: 'node' });
  const system = credentials.clientOptions({ role: 'system' });
  let three: Cluster;
  let lazy: Cluster;
  const opened: NatsPorts[] = [];
  const open = (...given: Parameters<typeof portsOn>): NatsPorts => {
    const ports = portsOn(given[0], { ...given[1], root: given[1]?.root ?? newRoot() });
    opened.push(ports);
    return ports;
  };

  beforeAll(async () => {
    [three, lazy] = await Promise.all([startCluster({ servers: 3, credentials }), startCluster({ servers: 1, credentials, syncAlways: false })]);
    await Promise.all([three.ready, lazy.ready]);
  }, 60_000);
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((ports) => ports.close()));
  });
  afterAll(async () => {
    await Promise.all([three?.close(), lazy?.close()]);
    rmSync(folder, { recursive: true, force: true });
  });

  it('is asked of every server through the system account: versions, fsync, clocks, copies', async () => {
    const ports = open([three.urls[0] as string], { ...node, system });
    const report = await ports.ready;
    expect(report.servers.map(({ name, version, syncAlways }) => [name, version, syncAlways])).toEqual(
      ['n1', 'n2', 'n3'].map((name) => [name, three.version, true]),
    );
    for (const { clockAheadMs } of report.servers) expect(clockAheadMs).toBeTypeOf('number');
    expect(report).toMatchObject({ clusterSize: 3, replicas: 3, holds: 'fsync', level: 'fsync', payloadBytesMax: 8 * 1024 * 1024, warnings: [] });
    expect(report.apiLevel).toBeGreaterThanOrEqual(2);
    expect(ports.log.level).toBe('fsync');
  });

  it('is not more than what can be seen: without a system user a cluster holds replicated', async () => {
    const ports = open(three.urls, node);
    const report = await ports.ready;
    expect(report.servers.map(({ name }) => name)).toEqual(['n1', 'n2', 'n3']);
    expect([report.holds, ports.log.level]).toEqual(['replicated', 'replicated']);
    expect(report.warnings).toEqual([expect.stringContaining('no system user')]);
    const asked = open(three.urls, { ...node, level: 'fsync' });
    expect(await codeOfRejection(asked.ready)).toBe('not-configured');
    expect(await codeOfRejection(asked.log.append(lane('a'), bytesOf('x'), 0))).toBe('not-configured');
  });

  it('a level above it is refused with the servers named, and nothing is made', async () => {
    const root = newRoot();
    const refused = open(lazy.urls, { ...node, system, root, level: 'fsync' });
    await expect(refused.ready).rejects.toMatchObject({
      code: 'not-configured',
      message: expect.stringContaining('n1 acknowledge before they fsync'),
    });
    expect(await codeOfRejection(open(lazy.urls, { ...node, system, root, level: 'replicated' }).ready)).toBe('not-configured');
    const held = open(lazy.urls, { ...node, system, root, level: 'memory' });
    expect(await held.ready).toMatchObject({ level: 'memory', replicas: 1, clusterSize: 1 });
    expect(await held.registry.list('')).toEqual([]);
  });

  it('wrong credentials are told as such, of the node and of the system user', async () => {
    const wrong = { authenticator: undefined as never, user: 'nobody', password: 'x' };
    expect(await codeOfRejection(open(three.urls, { ...wrong, inboxPrefix: '_INBOX.NODE' }).ready)).toBe('not-configured');
    await expect(open(three.urls, { ...node, system: { user: 'nobody', password: 'x' } }).ready).rejects.toMatchObject({
      code: 'not-configured',
      message: expect.stringContaining('system user'),
    });
  });

  it('three copies on a server alone are refused', async () => {
    await expect(open(lazy.urls, { ...node, replicas: 3 }).ready).rejects.toMatchObject({
      code: 'not-configured',
      message: expect.stringContaining('alone'),
    });
  });

  it('what the user may not publish is told at once, with the reason', async () => {
    const foreign = open(three.urls, { ...node, root: newRoot() });
    await foreign.ready;
    await expect(foreign.log.append(lane('a'), bytesOf('x'), 0)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('Permissions Violation'),
    });
  });

  it('servers that take less at once than a message between nodes may have are refused at the start', async () => {
    const small = await startCluster({ servers: 1, payloadBytesMax: 1024 * 1024 });
    try {
      await expect(open(small.urls).ready).rejects.toMatchObject({
        code: 'not-configured',
        message: expect.stringContaining('1048576 bytes at once (max_payload)'),
        remedy: expect.stringContaining('max_payload: 8388608'),
      });
    } finally {
      await small.close();
    }
  });

  it('streams that are there count: the number of shards is read back, other copies are refused', async () => {
    const root = ROOT;
    const first = open(three.urls, { ...node, root, logShards: 3 });
    await first.ready;
    let last = 0;
    for (let at = 0; at < 10; at += 1) {
      const result = await first.log.append(lane(`n${at}`), bytesOf('x'), 0);
      if (result.kind === 'appended') last = Math.max(last, result.sequence);
    }
    const second = open(three.urls, { ...node, root, logShards: 8 });
    await second.ready;
    for (let at = 0; at < 10; at += 1) expect(await second.log.read(lane(`n${at}`), 0)).toHaveLength(1);
    await expect(open(three.urls, { ...node, root, replicas: 1 }).ready).rejects.toMatchObject({
      code: 'not-configured',
      message: expect.stringContaining('num_replicas is 3, and should be 1'),
    });
  });
});
