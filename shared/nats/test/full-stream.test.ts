import { isSkepError } from '@skep/kernel';
import { codeOfRejection } from '@skep/ports/conformance';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, natsHere, startCluster } from '../src/servers/index.js';
import { bytesOf, lane, pairOn, textOf } from './ports-kit.js';

const LIMIT_BYTES = 512 * 1024;
const ENTRY_BYTES = 20_000;

describe.skipIf(!natsHere()).each([1, 3] as const)('a stream that is full, on %i servers', (servers) => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster({ servers });
    await cluster.ready;
  }, 60_000);
  afterAll(() => cluster?.close());

  it('refuses appends with disk-full, reads on, loses nothing, and takes appends again after a trim', async () => {
    const { one, two, close } = await pairOn(cluster.urls, { logBytesMax: LIMIT_BYTES, logShards: 1 });
    const { log } = one;
    const written: number[] = [];
    let refused: unknown;
    while (refused === undefined && written.length < LIMIT_BYTES / ENTRY_BYTES + 2) {
      const bytes = new Uint8Array(ENTRY_BYTES).fill(written.length);
      const result = await log.append(lane('a'), bytes, written.at(-1) ?? 0).catch(async (error: unknown) => {
        if (!isSkepError(error, 'outcome-unknown')) refused = error;
        else return { kind: 'appended', sequence: (await log.last(lane('a')))?.sequence ?? 0 } as const;
      });
      const sequence = result?.kind === 'conflict' ? result.last : (result?.sequence ?? 0);
      if (sequence > (written.at(-1) ?? 0)) written.push(sequence);
    }
    expect(isSkepError(refused, 'disk-full')).toBe(true);
    expect(written.length).toBeGreaterThan(10);
    const last = written.at(-1) ?? 0;
    for (const { log: each } of [one, two]) {
      expect((await each.last(lane('a')))?.sequence).toBe(last);
      expect((await each.read(lane('a'), 0)).map(({ sequence, bytes }) => [sequence, bytes[0]])).toEqual(
        written.map((sequence, at) => [sequence, at]),
      );
    }
    expect(await codeOfRejection(two.log.append(lane('b'), new Uint8Array(ENTRY_BYTES), 0))).toBe('disk-full');
    await log.trim(lane('a'), written[10] ?? 0);
    const after = await log.append(lane('a'), bytesOf('after'), last);
    expect(after.kind).toBe('appended');
    expect(textOf((await two.log.last(lane('a')))?.bytes)).toBe('after');
    await close();
  });
});
