/** Clients that do not read, ask for too much, go away, or ask at the worst moment, with nodes behind a real server. */
import { operationId, parseJson } from '@skep/kernel';
import { natsHere } from '@skep/nats/servers';
import { encodeFrame, encodePeerItem } from '@skep/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sleepers, Tally, tally } from '../cluster/town.js';
import { City } from './city.js';
import type { TextClient } from './text-client.js';

const call = (name: string, method: string, tenant = 'acme') => `skep.${tenant}.main.call.tally.${name}.${method}`;
const IDS = 10_000;
/** More clients than a node remembers. */
const CLIENTS = 3_000;
/** Requests under way at once: the crowd and three nodes share this process. */
const AT_ONCE = 250;

describe.skipIf(!natsHere())('U10 G13: under pressure', () => {
  let city: City;
  let client: TextClient;
  let made = 0;

  beforeAll(async () => {
    city = await City.of({ kinds: [Tally], tenants: ['acme', 'bee'], nodes: ['n1', 'n2', 'n3'] });
    client = await city.client({ tenant: 'acme' });
  }, 60_000);

  afterAll(() => city?.close());

  const nodes = () => [...city.nodes.values()].map(({ node }) => node);
  const underWay = () => nodes().reduce((sum, node) => sum + node.underWay, 0);
  const inMemory = () => nodes().reduce((sum, { node }) => sum + node.host.roster.size, 0);

  /** So many pieces of work, a wave after the other. */
  async function inWaves(count: number, work: (at: number) => Promise<void>): Promise<void> {
    for (let from = 0; from < count; from += AT_ONCE) {
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, at) => work(from + at)));
    }
  }

  function operation(): string {
    made += 1;
    return operationId(
      Date.now(),
      Uint8Array.from({ length: 10 }, (_, at) => (at < 4 ? made >> (8 * at) : at) & 0xff),
    );
  }

  /** A call as somebody makes it who does not give up: the same operation, until it is answered. Returns the errors that came before. */
  async function insist(subject: string, payload: string, deadlineMs = 3_000): Promise<readonly string[]> {
    const headers = [
      ['Skep-Op', operation()],
      ['Skep-Deadline', `${deadlineMs}`],
    ] as const;
    const errors: string[] = [];
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const bytes = await client.asked(subject, payload, { headers, timeoutMs: deadlineMs + 1_000 }).catch(() => undefined);
      const answer =
        bytes === undefined ? { error: { code: 'silence' } } : bytes.length === 0 ? { error: { code: 'nobody' } } : parseJson(bytes.toString());
      const { error } = answer as { error?: { code: string } };
      if (error === undefined) return errors;
      errors.push(error.code);
    }
    throw new Error(`${subject} was never answered: ${errors.join(' ')}`);
  }

  it('O8: ten thousand ids that nobody knows leave nothing behind, and others are answered meanwhile', async () => {
    const bee = await city.client({ tenant: 'bee' });
    const crowd = await city.client({ tenant: 'acme' });
    const before = inMemory();
    const kinds = new Map<string, number>();
    let calm = 0;
    await inWaves(IDS, async (at) => {
      if (at % AT_ONCE === 0) {
        calm += 1;
        expect(await bee.ask(call('calm', 'add', 'bee'), '1')).toMatchObject({ value: calm });
      }
      const subject = [call(`u${at}`, 'total'), call(`u${at}`, 'nothing'), `skep.acme.main.agent.tally.u${at}.info`][at % 3] as string;
      const { value, error } = (await crowd.ask(subject, 'null', { timeoutMs: 60_000 })) as { value?: number; error?: { code: string } };
      const kind = error?.code ?? String(value);
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    });
    const third = Math.floor(IDS / 3);
    expect(kinds).toEqual(
      new Map([
        ['0', third + 1],
        ['unknown-method', third],
        ['unknown-agent', third],
      ]),
    );
    await expect.poll(() => [underWay(), inMemory() - before <= 1]).toEqual([0, true]);
  }, 60_000);

  it('O8: more clients than a node remembers are all answered', async () => {
    const crowd = await city.client({ tenant: 'acme' });
    const { id } = city.node('n1').node;
    const ask = encodePeerItem({ kind: 'ask', number: 1, agent: tally('nobody', 'acme'), method: 'info', parameters: [], waitMs: 30_000 });
    let answered = 0;
    await inWaves(CLIENTS, async (at) => {
      await crowd.asked(`skep.acme.main.node.${id}`, encodeFrame(`client${at}` as never, [ask]), { timeoutMs: 60_000 });
      answered += 1;
    });
    expect(answered).toBe(CLIENTS);
    await expect.poll(underWay).toBe(0);
  }, 60_000);

  it('answers for dead inboxes go nowhere; what was asked is done once', async () => {
    for (let at = 0; at < 20; at += 1) {
      client.say(call('dead', 'add'), '1', { reply: '_INBOX.acme.nobody' });
      client.say(call('dead', 'add'), '1');
    }
    const gone = await city.client({ tenant: 'acme' });
    for (let at = 0; at < 10; at += 1) gone.say(call(`gone${at}`, 'slow'), '1', { reply: gone.inbox() });
    await gone.flush();
    await expect.poll(() => sleepers.length).toBe(10);
    gone.close();
    for (const { resolve } of sleepers.splice(0)) resolve();
    await expect.poll(async () => ((await client.ask(call('dead', 'total'), '')) as { value: number }).value).toBe(40);
    for (let at = 0; at < 10; at += 1) {
      await expect.poll(async () => ((await client.ask(call(`gone${at}`, 'total'), '')) as { value: number }).value).toBe(1);
    }
    await expect.poll(underWay).toBe(0);
  });

  it('a follower that does not read is cut off by the server; the nodes and the other followers go on', async () => {
    const lazy = await city.client({ tenant: 'acme' });
    const eager = await city.client({ tenant: 'acme' });
    for (const follower of [lazy, eager]) follower.listen('skep.acme.main.event.tally.loud');
    const heard = eager.listen('skep.acme.main.event.tally.loud');
    await eager.ask('skep.acme.main.swarm.follow', '{"kind":"tally","id":"loud"}');
    await lazy.flush();
    lazy.sleep();
    const before = await city.cutOff();
    const text = JSON.stringify('x'.repeat(400_000));
    const turns = 50;
    for (let at = 1; at <= turns; at += 1) expect(await client.ask(call('loud', 'said'), text)).toMatchObject({ version: at });
    await expect.poll(() => city.cutOff(), { timeout: 20_000, interval: 100 }).toBeGreaterThan(before);
    lazy.read();
    await lazy.closed;
    await expect.poll(() => heard.length).toBe(turns);
    expect(await client.ask(call('loud', 'total'), '')).toMatchObject({ value: turns });
    expect(eager.complaints).toEqual([]);
  }, 60_000);

  it('O6: while a node drains no call fails', async () => {
    const names = Array.from({ length: 12 }, (_, at) => `drain${at}`);
    const errors: string[] = [];
    let over = false;
    let calls = 0;
    const callers = names.map(async (name) => {
      let count = 0;
      while (!over) {
        errors.push(...(await insist(call(name, 'add'), '1', 8_000)));
        count += 1;
      }
      calls += count;
      expect(await client.ask(call(name, 'total'), '')).toMatchObject({ value: count });
    });
    await expect.poll(async () => ((await client.ask(call('drain0', 'total'), '')) as { value: number }).value).toBeGreaterThan(3);
    const { node, ports } = city.nodes.get('n1') ?? {};
    expect((await node?.drain())?.left).toBe(0);
    await node?.close();
    await ports?.close();
    city.nodes.delete('n1');
    over = true;
    await Promise.all(callers);
    expect(calls).toBeGreaterThan(names.length);
    expect(errors).toEqual([]);
  }, 60_000);

  it('G4: while a node dies, a call that is repeated under its operation takes effect once', async () => {
    const names = Array.from({ length: 12 }, (_, at) => `kill${at}`);
    const errors: string[] = [];
    let over = false;
    const callers = names.map(async (name) => {
      let count = 0;
      while (!over) {
        errors.push(...(await insist(call(name, 'add'), '1')));
        count += 1;
      }
      expect(await client.ask(call(name, 'total'), '')).toMatchObject({ value: count });
    });
    await expect.poll(async () => ((await client.ask(call('kill0', 'total'), '')) as { value: number }).value).toBeGreaterThan(3);
    await city.kill('n2');
    for (const name of names) await insist(call(name, 'echo'), 'null');
    over = true;
    await Promise.all(callers);
    const allowed = ['silence', 'nobody', 'timeout', 'unavailable', 'outcome-unknown'];
    expect(errors.filter((code) => !allowed.includes(code))).toEqual([]);
  }, 60_000);
});
