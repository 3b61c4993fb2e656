import { setTimeout as pause } from 'node:timers/promises';
import type { LaneId } from '@skep/kernel';
import type { Log, Sequence } from '@skep/ports';
import { codeOfRejection, eventually } from '@skep/ports/conformance';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, natsHere, startCluster } from '../src/servers/index.js';
import { names, shardOf } from '../src/streams.js';
import { bytesOf, lane, pairOn, textOf } from './ports-kit.js';

const RETRY_MS = 10;

/** One writer that follows rule L8: what is unknown is settled by the last entry, and the same bytes are sent again. */
async function write(log: Log, id: LaneId, text: string, expected: Sequence): Promise<Sequence> {
  for (;;) {
    try {
      const result = await log.append(id, bytesOf(text), expected);
      if (result.kind === 'appended') return result.sequence;
    } catch {
      await pause(RETRY_MS);
    }
    const last = await log.last(id).catch(() => undefined);
    if (last !== undefined && last.sequence > expected) {
      expect(textOf(last.bytes)).toBe(text);
      return last.sequence;
    }
  }
}

async function texts(log: Log, id: LaneId): Promise<(string | undefined)[]> {
  const found: (string | undefined)[] = [];
  for (let from = 0; ; ) {
    const page = await log.read(id, from);
    if (page.length === 0) return found;
    found.push(...page.map(({ bytes }) => textOf(bytes)));
    from = (page.at(-1)?.sequence ?? 0) + 1;
  }
}

describe.skipIf(!natsHere())('a lane on one server', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster({ servers: 1 });
    await cluster.ready;
  }, 60_000);
  afterAll(() => cluster?.close());

  it('an append whose acknowledgement is lost is outcome-unknown; the last entry settles it (L8)', async () => {
    const { one, two, close } = await pairOn(cluster.urls, { answerMs: 100 });
    const first = await write(one.log, lane('a'), 'first', 0);
    const [server] = cluster.servers;
    server?.pause();
    expect(await codeOfRejection(one.log.append(lane('a'), bytesOf('second'), first))).toBe('outcome-unknown');
    server?.resume();
    const last = await eventually('the entry that was under way', async () => {
      const found = await two.log.last(lane('a')).catch(() => undefined);
      return found !== undefined && found.sequence > first ? found : undefined;
    });
    expect(textOf(last.bytes)).toBe('second');
    // The same batch again, as a writer does that knows no better: refused, and nothing is there twice.
    const again = await eventually('a connection', () => one.log.append(lane('a'), bytesOf('second'), first).catch(() => undefined));
    expect(again).toEqual({ kind: 'conflict', last: last.sequence });
    // Where time is this short, any answer may be late.
    const found = await eventually('the lane', () => texts(two.log, lane('a')).catch(() => undefined));
    expect(found).toEqual(['first', 'second']);
    await close();
  });

  it('trims of one, appends of another: the newest entry stays, and a zombie never starts the lane anew (L10)', async () => {
    const { one, two, close } = await pairOn(cluster.urls);
    let last = 0;
    const trims: Promise<void>[] = [];
    for (let at = 0; at < 100; at += 1) {
      last = await write(one.log, lane('a'), `${at}`, last);
      for (const trim of [two.log.trim(lane('a'), Number.MAX_SAFE_INTEGER), one.log.trim(lane('a'), last)]) {
        trim.catch(() => {});
        trims.push(trim);
      }
      if (at % 10 === 0) expect((await two.log.append(lane('a'), bytesOf('zombie'), 0)).kind).toBe('conflict');
    }
    await Promise.all(trims);
    expect((await one.log.last(lane('a')))?.sequence).toBe(last);
    expect((await two.log.append(lane('a'), bytesOf('zombie'), 0)).kind).toBe('conflict');
    await close();
  });
});

describe.skipIf(!natsHere()).each(['fast', 'stock'] as const)('a lane on three servers, %s', (flavour) => {
  let cluster: Cluster | undefined;
  beforeAll(async () => {
    if (!natsHere(flavour)) return;
    cluster = await startCluster({ servers: 3, flavour });
    await cluster.ready;
  }, 60_000);
  afterAll(() => cluster?.close());

  it('kill -9 of its leader under load: nothing acknowledged is lost or doubled, writing and watching go on (G2)', async ({ skip }) => {
    if (cluster === undefined) return skip(`there is no ${flavour} nats-server`);
    const running = cluster;
    const { root, one, two, raw, close } = await pairOn(running.urls, { ignoreGossip: false, logShards: 1 });
    const told = new Map<string, string | undefined>();
    two.registry.watch('k/', ({ key, value }) => told.set(key, textOf(value)));
    const stream = names.logStream(root, shardOf(lane('a'), 1));
    const leader = async (): Promise<string | undefined> => {
      const answer = await raw.jetstream.info(stream);
      return answer.kind === 'ok' ? (answer.body.cluster as { leader?: string }).leader : undefined;
    };
    let last = 0;
    const expected: string[] = [];
    const put = async (at: number): Promise<void> => {
      expected.push(`entry ${at}`);
      last = await write(one.log, lane('a'), `entry ${at}`, last);
    };
    for (let at = 0; at < 50; at += 1) await put(at);
    const leading = await eventually('a leader', leader);
    const killing = running.servers.find(({ name }) => name === leading)?.kill();
    for (let at = 50; at < 100; at += 1) await put(at);
    await killing;
    await eventually('an update', () => two.registry.update('k/1', bytesOf('after'), 0).catch(() => undefined));
    await eventually('the news of it', () => (told.get('k/1') === 'after' ? true : undefined));
    await Promise.all(running.servers.filter(({ state }) => state === 'ended').map((server) => server.start()));
    await running.settled();
    for (let at = 100; at < 120; at += 1) await put(at);
    expect(await texts(two.log, lane('a'))).toEqual(expected);
    expect((await two.log.last(lane('a')))?.sequence).toBe(last);
    await close();
  }, 120_000);
});
