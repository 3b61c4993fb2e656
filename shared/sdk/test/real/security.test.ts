/** Who may do what, with nodes behind a real server: everybody shows a key and a certificate. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agentId, parseJson } from '@skep/kernel';
import { makeCredentials, natsHere } from '@skep/nats/servers';
import { decodeFrame, encodeFrame, encodePeerItem } from '@skep/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Tally } from '../cluster/town.js';
import { City, filesOf } from './city.js';
import { TextClient } from './text-client.js';

const PUBLISH = /^Permissions Violation for Publish/;
const SUBSCRIBE = /^Permissions Violation for Subscription/;

describe.skipIf(!natsHere())('U10 G10 O13: strangers and other tenants', () => {
  let city: City;
  let acme: TextClient;
  let bee: TextClient;
  /** Sees whatever reaches the subjects that a node may hear. */
  let spy: TextClient;

  beforeAll(async () => {
    city = await City.of({ kinds: [Tally], tenants: ['acme', 'bee', '*', 'acme.x'], nodes: ['n1', 'n2'], mutualTls: true });
    acme = await city.client({ tenant: 'acme' });
    bee = await city.client({ tenant: 'bee' });
    spy = await city.client({ role: 'node' });
    expect(await acme.ask('skep.acme.main.call.tally.secret.add', '5')).toMatchObject({ value: 5, version: 1 });
  }, 60_000);

  afterAll(() => city?.close());

  /** What the tenant `acme` has is as it was. */
  async function isUnharmed(): Promise<void> {
    expect(await acme.ask('skep.acme.main.agent.tally.secret.get', '')).toMatchObject({ version: 1, value: { count: 5 } });
    expect(bee.complaints.filter((each) => !/^Permissions Violation/.test(each))).toEqual([]);
  }

  describe('without good credentials', () => {
    const tls = () => filesOf(city.access({ tenant: 'bee' }).tls ?? {});
    const signedBy = (user: Parameters<City['access']>[0]) => (nonce: string) =>
      city.access(user).authenticator(nonce) as { nkey: string; sig: string };

    it('nobody connects who shows no key, an unknown one, or somebody else’s without its secret', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'skep-stranger-'));
      const unknown = makeCredentials(folder, { tenants: ['acme'] }).clientOptions({ tenant: 'acme' }).authenticator;
      const mixed = (nonce: string) => ({ ...signedBy({ tenant: 'bee' })(nonce), nkey: signedBy({ tenant: 'acme' })(nonce).nkey });
      const late = (nonce: string) => signedBy({ tenant: 'bee' })(`${nonce}x`);
      try {
        for (const authenticator of [undefined, (nonce: string) => unknown(nonce) as object, mixed, late, () => ({ user: 'acme', pass: 'acme' })]) {
          const options = { tls: tls(), ...(authenticator === undefined ? {} : { authenticator }) };
          await expect(TextClient.connect(city.address, options)).rejects.toThrow('Authorization Violation');
        }
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });

    it('nobody connects without a certificate of this authority, or in plain text', async () => {
      const { ca } = tls();
      const authenticator = signedBy({ tenant: 'bee' });
      await expect(TextClient.connect(city.address, { authenticator, tls: ca === undefined ? {} : { ca } })).rejects.toThrow();
      await expect(TextClient.connect(city.address, { authenticator })).rejects.toThrow();
      await isUnharmed();
    });
  });

  it('requests to the agents of another tenant are refused, and reach nothing', async () => {
    const incarnation = city.node('n1').node.id;
    const secret = agentId({ tenant: 'acme', kind: 'tally', name: 'secret' });
    const frame = encodeFrame('bee' as never, [
      encodePeerItem({ kind: 'ask', number: 1, agent: secret, method: 'terminate', parameters: [], waitMs: 1_000 }),
    ]);
    for (const rest of [
      'call.tally.secret.add',
      'agent.tally.secret.terminate',
      'swarm.status',
      'swarm.follow',
      `node.${incarnation}`,
      'event.tally.secret',
    ]) {
      bee.say(`skep.acme.main.${rest}`, rest.startsWith('node') ? frame : '1', { reply: bee.inbox() });
      expect(await bee.complaint(), rest).toMatch(PUBLISH);
    }
    // Under its own subject a frame names whom it likes. It is not told either where the agent is, which both nodes know.
    const look = encodePeerItem({ kind: 'ask', number: 1, agent: secret, method: 'info', parameters: [], waitMs: 5_000 });
    for (const name of ['n1', 'n2']) {
      const { id } = city.node(name).node;
      await acme.asked(`skep.acme.main.node.${id}`, encodeFrame('acme' as never, [look]));
      const answer = decodeFrame(await bee.asked(`skep.bee.main.node.${id}`, frame)).items;
      expect(answer).toEqual([{ kind: 'refusal', number: 1, error: { error: expect.objectContaining({ code: 'forbidden' }) } }]);
    }
    await isUnharmed();
  });

  it('what nodes say to each other, the streams and the servers are out of reach', async () => {
    const incarnation = city.node('n1').node.id;
    const subjects = [
      `_skep.main.peer.${incarnation}`,
      `_skep.main.gateway.${incarnation}`,
      '_skep.main.heartbeat',
      '_skep.main.admin.n1.drain',
      '_skep.log.0.main',
      '_INBOX.NODE.x',
      '_INBOX.acme.x',
      '_INBOX.OPERATOR.x',
      '$JS.API.STREAM.NAMES',
      '$JS.API.STREAM.PURGE.x',
      '$KV.x.y',
      '$SYS.REQ.SERVER.PING',
      '$SRV.PING',
      'anything',
    ];
    for (const subject of subjects) {
      bee.say(subject, '{}', { reply: bee.inbox() });
      expect(await bee.complaint(), subject).toMatch(PUBLISH);
    }
    await isUnharmed();
  });

  it('nobody listens to another tenant, to the nodes, or in the place of a node', async () => {
    const patterns = [
      'skep.acme.main.event.>',
      'skep.*.main.event.>',
      'skep.bee.main.call.>',
      'skep.bee.main.call.*.*.* skep',
      'skep.>',
      '_skep.>',
      '_INBOX.>',
      '_INBOX.acme.>',
      '_INBOX.*.*',
      '$JS.>',
      '$SYS.>',
      '*.acme.>',
      '>',
    ];
    for (const pattern of patterns) {
      bee.listen(pattern);
      expect(await bee.complaint(), pattern).toMatch(SUBSCRIBE);
    }
  });

  it('a node publishes nothing where the client that asked may not publish itself', async () => {
    const incarnation = city.node('n1').node.id;
    const places = ['_skep.main.peer.forged', '_skep.main.gateway.forged', '_skep.main.admin.>', '_INBOX.acme.forged', '_INBOX.NODE.forged'];
    const caught = [...places, '_INBOX.bee', 'skep.acme.>', 'skep.bee.*.event.>', 'forged'].map((pattern) => spy.listen(pattern));
    await spy.flush();
    const forged = [
      '_skep.main.peer.forged',
      '_skep.main.gateway.forged',
      '_skep.main.admin.n1.drain',
      '_INBOX.acme.forged',
      '_INBOX.NODE.forged',
      '_INBOX.bee',
      'skep.acme.main.call.tally.secret.add',
      'skep.bee.main.call.tally.mine.add',
      'skep.bee.main.event.tally.mine',
      '$JS.API.STREAM.NAMES',
      '$JS.API.STREAM.PURGE.x',
      '$SYS.REQ.SERVER.PING',
      'forged',
    ];
    const ask = encodePeerItem({
      kind: 'ask',
      number: 1,
      agent: agentId({ tenant: 'bee', kind: 'tally', name: 'mine' }),
      method: 'info',
      parameters: [],
      waitMs: 1_000,
    });
    for (const [at, reply] of forged.entries()) {
      bee.say('skep.bee.main.call.tally.mine.echo', '5', { reply });
      bee.say('skep.bee.main.call.tally.mine.nothing', '5', { reply });
      bee.say('skep.bee.main.swarm.status', '', { reply });
      bee.say('skep.bee.main.agent.tally.mine.get', '[[', { reply });
      bee.say(`skep.bee.main.node.${incarnation}`, encodeFrame(`forger${at}` as never, [ask]), { reply });
      bee.say(`skep.bee.main.node.${incarnation}`, 'no frame', { reply });
    }
    // What was asked before is answered by then, or nearly so: the last answers come after further round trips.
    for (let time = 0; time < 5; time += 1) {
      await bee.ask('skep.bee.main.call.tally.mine.echo', '"done"');
      await bee.ask('skep.bee.main.swarm.status', '');
    }
    await spy.flush();
    expect(caught.flat().map(({ subject }) => subject)).toEqual([]);
    expect(await bee.ask('skep.bee.main.agent.tally.mine.info', '')).toMatchObject({ error: { code: 'unknown-agent' } });
    await isUnharmed();
  });

  it('a trace of a message goes nowhere where its sender may not publish', async () => {
    const caught = ['_skep.main.admin.>', '_INBOX.acme.>', 'skep.acme.>'].map((pattern) => spy.listen(pattern));
    const allowed = spy.listen('skep.bee.trace');
    await spy.flush();
    for (const to of ['_skep.main.admin.n1.drain', '_INBOX.acme.trace', 'skep.acme.main.call.tally.secret.add']) {
      bee.say('skep.bee.main.call.tally.mine.echo', '5', { reply: bee.inbox(), headers: [['Nats-Trace-Dest', to]] });
      bee.say('skep.bee.main.call.tally.mine.echo', '5', {
        reply: bee.inbox(),
        headers: [
          ['Nats-Trace-Dest', to],
          ['Nats-Trace-Only', 'true'],
        ],
      });
    }
    await bee.flush();
    await bee.ask('skep.bee.main.call.tally.mine.echo', '"done"');
    await spy.flush();
    expect(caught.flat()).toEqual([]);
    bee.say('skep.bee.main.call.tally.mine.echo', '5', { reply: bee.inbox(), headers: [['Nats-Trace-Dest', 'skep.bee.trace']] });
    await expect.poll(() => allowed.length).toBeGreaterThan(0);
    await isUnharmed();
  });

  it('who follows hears the turns of its own agents alone, and nobody can make up a turn', async () => {
    const [heardByAcme, heardByBee] = [acme.listen('skep.acme.*.event.>'), bee.listen('skep.bee.*.event.>')];
    await acme.ask('skep.acme.main.swarm.follow', '{"follow":"mine"}');
    await bee.ask('skep.bee.main.swarm.follow', '{"kind":"tally","id":"same"}');
    await bee.ask('skep.bee.main.swarm.unfollow', '{"follow":"mine"}');
    await acme.ask('skep.acme.main.call.tally.same.add', '7');
    await bee.ask('skep.bee.main.call.tally.same.add', '8');
    bee.say('skep.bee.main.event.tally.same', '{}');
    expect(await bee.complaint()).toMatch(PUBLISH);
    await expect.poll(() => [heardByAcme.length, heardByBee.length]).toEqual([1, 1]);
    const agents = [...heardByAcme, ...heardByBee].map(({ payload }) => (parseJson(payload.toString()) as { agent: string }).agent);
    expect(agents).toEqual(['acme/tally/same', 'bee/tally/same']);
  });

  it('a tenant whose name is a wildcard, or looks like more than one token, is a tenant like others', async () => {
    for (const [tenant, token] of [
      ['*', '=2a'],
      ['acme.x', 'acme=2ex'],
    ] as const) {
      const client = await city.client({ tenant });
      expect(await client.ask(`skep.${token}.main.call.tally.a.add`, '1'), tenant).toMatchObject({ value: 1 });
      client.say('skep.acme.main.call.tally.secret.add', '1', { reply: client.inbox() });
      expect(await client.complaint(), tenant).toMatch(PUBLISH);
      client.listen('skep.acme.main.event.>');
      expect(await client.complaint(), tenant).toMatch(SUBSCRIBE);
    }
    await isUnharmed();
  });

  it('lists, states and errors tell nothing of other tenants', async () => {
    const texts = await Promise.all(
      ['swarm.list', 'swarm.status', 'agent.tally.secret.info', 'agent.tally.secret.history'].map(async (rest) =>
        (await bee.asked(`skep.bee.main.${rest}`, '')).toString(),
      ),
    );
    expect(texts.filter((text) => text.includes('acme'))).toEqual([]);
    expect(await bee.ask('skep.bee.main.swarm.list', '{"tenant":"acme"}')).toMatchObject({ error: { code: 'forbidden' } });
  });
});
