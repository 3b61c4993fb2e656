import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HashHex } from '@skep/kernel';
import { eventually } from '@skep/ports/conformance';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NatsPorts } from '../src/index.js';
import { type Cluster, makeCredentials, natsHere, startCluster } from '../src/servers/index.js';
import { newRoot, portsOn } from './ports-kit.js';

describe.skipIf(!natsHere())('hints of nodes that went away', () => {
  const folder = mkdtempSync(join(tmpdir(), 'skep-closings-'));
  const credentials = makeCredentials(folder);
  const node = credentials.clientOptions({ role: 'node' });
  const system = credentials.clientOptions({ role: 'system' });
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await startCluster({ servers: 3, credentials });
    await cluster.ready;
  }, 60_000);
  afterAll(async () => {
    await cluster?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = async (name: string, user = node): Promise<NatsPorts> => {
    const ports = portsOn(cluster.urls, { ...user, system, name, root: '_skep' });
    await ports.ready;
    return ports;
  };

  it('O4: whoever closes all of his connections is named; who lost his server, and who only bears the name, is not', async () => {
    const told: string[] = [];
    const watcher = await open('watcher');
    watcher.onPeerClosed((name) => told.push(name));
    const others = [await open('n1'), await open('n2')];
    // Until the watcher listens: whoever closes meanwhile is not seen.
    const closingIsSeen = (name: string) =>
      eventually(`the closing of ${name}`, async () => {
        await (await open(name)).close();
        return told.includes(name) ? true : undefined;
      });
    await closingIsSeen('early');
    const impostor = portsOn(cluster.urls, { ...credentials.clientOptions({ role: 'queen' }), name: 'n2', root: newRoot() });
    await eventually('an impostor that is connected', () => (impostor.state.kind === 'connected' ? true : undefined));
    await impostor.close();
    const [server] = cluster.servers;
    await server?.stop();
    await server?.start();
    await cluster.settled();
    // Whoever was connected to it may still be on his way to another one.
    await eventually('connections of n1', () =>
      Promise.all([others[0]?.registry.list(''), others[0]?.blob.has('0'.repeat(64) as HashHex)]).catch(() => undefined),
    );
    await eventually('the bus of n1', () => (others[0]?.state.kind === 'connected' ? true : undefined));
    await closingIsSeen('late');
    await others[0]?.close();
    await eventually('the word of who closed', () => (told.includes('n1') ? true : undefined));
    expect(told.filter((name) => name !== 'early' && name !== 'late')).toEqual(['n1']);
    await Promise.all([watcher.close(), others[1]?.close()]);
  }, 60_000);
});
