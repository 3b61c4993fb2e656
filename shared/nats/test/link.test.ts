import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, natsHere, startCluster } from '../src/servers/index.js';
import { rawOn } from './ports-kit.js';

/** Holds the process up, as a long turn or a busy machine does. */
function stall(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

describe.skipIf(!natsHere())('requests of a process that stalls', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster({ servers: 1 });
    await cluster.ready;
  }, 60_000);
  afterAll(() => cluster?.close());

  it('K7: take the answer that came meanwhile, however late it is read', async () => {
    const { link, connected, close } = rawOn(cluster.urls);
    await connected;
    const kinds = new Set<string>();
    for (let round = 0; round < 10; round += 1) {
      const answer = link.ask('$JS.API.INFO', new Uint8Array(0), { timeoutMs: 100 });
      await new Promise((sent) => setImmediate(sent));
      stall(500);
      kinds.add((await answer).kind);
    }
    expect([...kinds]).toEqual(['answer']);
    await close();
  });

  it('K7: end when nobody answers, soon after their time', async () => {
    const { link, connected, close } = rawOn(cluster.urls);
    await connected;
    link.subscribe('silent', () => {});
    await link.flush();
    expect(await link.ask('silent', new Uint8Array(0), { timeoutMs: 50 })).toEqual({ kind: 'lost', why: 'timeout' });
    await close();
  });
});
