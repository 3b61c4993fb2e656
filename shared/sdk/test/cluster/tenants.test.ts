import { type AgentId, encode, LIMITS } from '@skep/kernel';
import { decodeFrame, encodeFrame, encodePeerItem, type PeerItem } from '@skep/protocol';
import { describe, expect, it } from 'vitest';
import type { AgentInfo } from '../../src/index.js';
import { refusal } from '../refusal.js';
import { callOf, commandOf, swarmOf, Tally, Town, tally } from './town.js';

/** Sends a frame as a client of a tenant would, and returns what comes back within a while. */
async function frame(town: Town, tenant: string, items: readonly PeerItem[]): Promise<readonly PeerItem[]> {
  const { bus } = town.outside.ports;
  const inbox = bus.inbox();
  const answers: PeerItem[] = [];
  const stop = bus.subscribe(inbox, ({ payload }) => void answers.push(...decodeFrame(payload).items));
  const bytes = encodeFrame('forger' as never, items.map(encodePeerItem));
  bus.publish(`skep.${tenant}.main.node.${town.node('n1').node.id}`, bytes, { replyTo: inbox });
  await town.wait(3_000);
  stop();
  return answers;
}

function ask(number: number, agent: AgentId, method: string, parameters: readonly unknown[]): PeerItem {
  return { kind: 'ask', number, agent, method, parameters: parameters as never, waitMs: 1_000 };
}

describe('G10 U10 O8: a tenant reaches its own agents alone', () => {
  it('the subject names the tenant: another one has another agent of the same name', async () => {
    const town = await Town.of(['n1', 'n2']);
    await town.raw(callOf('a', 'add', 'red'), '5');
    expect(await town.raw(callOf('a', 'total', 'blue'), '')).toMatchObject({ value: 0 });
    expect(await town.refused(commandOf('a', 'info', 'blue'), '')).toMatchObject({ code: 'unknown-agent' });
    expect(await town.raw(commandOf('a', 'info', 'red'), '')).toMatchObject({ tenant: 'red', version: 1 });
  });

  it('branches stay with their tenant, whatever their name says', async () => {
    const town = await Town.of(['n1', 'n2']);
    await town.raw(callOf('a', 'add', 'red'), '5');
    const made = (await town.raw(commandOf('a', 'branch', 'red'), '["blue/tally/b"]')) as unknown as AgentInfo;
    expect(made).toMatchObject({ tenant: 'red', name: 'blue/tally/b' });
    expect(await town.refused(commandOf('b', 'info', 'blue'), '')).toMatchObject({ code: 'unknown-agent' });
  });

  it('lists show its own agents, also of other nodes; filters do not lead further', async () => {
    const town = await Town.of(['n1', 'n2', 'n3']);
    for (let at = 0; at < 12; at += 1) for (const tenant of ['red', 'blue', 'red2', 're']) await town.raw(callOf(`a${at}`, 'add', tenant), '1');
    const { agents, after } = (await town.raw(swarmOf('list', 'red'), '')) as unknown as { agents: AgentInfo[]; after: string | null };
    expect(agents.map(({ agent }) => agent)).toEqual(Array.from({ length: 12 }, (_, at) => tally(`a${at}`, 'red')).sort());
    expect(agents.every(({ version, active }) => version === 1 && active)).toBe(true);
    expect(after).toBe(null);
    expect(await town.refused(swarmOf('list', 'red'), '{"tenant":"blue"}')).toMatchObject({ code: 'forbidden' });
    expect(await town.refused(swarmOf('list', 'red'), '{"after":"blue/tally/a1"}')).toMatchObject({ code: 'forbidden', id: 'blue/tally/a1' });
    expect(await town.raw(swarmOf('list', 'red'), '{"kind":"tally","limit":2}')).toMatchObject({ agents: [{}, {}], after: tally('a1', 'red') });
    expect(await town.raw(swarmOf('list', 'green'), '')).toEqual({ agents: [], after: null });
    expect(await town.raw(swarmOf('status', 'red'), '')).toMatchObject({
      agents: { known: 12, active: 12 },
      nodes: [{ node: 'n1' }, { node: 'n2' }, { node: 'n3' }],
    });
    expect(await town.raw(swarmOf('status', 'green'), '')).toMatchObject({ agents: { known: 0, active: 0 } });
  });

  it('frames that name agents of another tenant are refused, and change nothing', async () => {
    const town = await Town.of(['n1', 'n2']);
    await town.raw(callOf('a', 'add', 'red'), '5');
    const slot = { slot: [town.operation()] };
    const answers = await frame(town, 'blue', [
      ask(1, tally('a', 'red'), 'call', ['add', 1, slot]),
      ask(2, tally('a', 'red'), 'get', []),
      ask(3, tally('a', 'red'), 'terminate', []),
      ask(4, 'red/tally' as AgentId, 'get', []),
      ask(5, tally('a', 'blue'), 'settleAll', []),
      ask(6, tally('a', 'blue'), 'watch', []),
      ask(7, tally('a', 'blue'), 'call', [{}, 1, slot]),
      ask(8, tally('a', 'blue'), 'call', ['add', 1, { slot: ['x'.repeat(200), 1, 0] }]),
      ask(9, tally('a', 'blue'), 'call', ['add', 1, { slot: 'me' }]),
    ]);
    const codes = new Map(
      answers.map((item) => [item.kind === 'refusal' ? item.number : 0, item.kind === 'refusal' ? item.error.error.code : item.kind]),
    );
    expect(codes).toEqual(
      new Map([
        [1, 'forbidden'],
        [2, 'forbidden'],
        [3, 'forbidden'],
        [4, 'invalid-id'],
        [5, 'unknown-method'],
        [6, 'unknown-method'],
        [7, 'malformed'],
        [8, 'invalid-id'],
        [9, 'malformed'],
      ]),
    );
    expect(await town.raw(commandOf('a', 'get', 'red'), '')).toMatchObject({ version: 1, value: { count: 5 } });
    expect(await town.refused(commandOf('a', 'info', 'blue'), '')).toMatchObject({ code: 'unknown-agent' });
  });

  it('a chain in a frame is left out: a client cannot pass for an agent, whose operations may be of any age', async () => {
    const town = await Town.of(['n1']);
    const old = town.operation(Date.UTC(2025, 0, 1));
    const [answer] = await frame(town, 'default', [ask(1, tally('a'), 'call', ['add', 1, { slot: [old], chain: [tally('b')] }])]);
    expect(answer).toMatchObject({ kind: 'refusal', error: { error: { code: 'operation-too-old' } } });
  });

  it('what is no frame is answered as such, and harms nobody', async () => {
    const town = await Town.of(['n1']);
    const { bus } = town.outside.ports;
    const subject = `skep.default.main.node.${town.node('n1').node.id}`;
    for (const payload of [
      new Uint8Array(),
      Uint8Array.of(0xc1),
      encode([9, 'me']),
      encode([1, '']),
      Uint8Array.of(...encode([1, 'me']), ...encode([3])),
      encode('x'),
    ]) {
      const [item] = decodeFrame(await town.drive(bus.request(subject, payload, { timeoutMs: 5_000 }))).items;
      expect(item).toMatchObject({ kind: 'refusal', number: 0 });
    }
    expect(await town.raw(callOf('a', 'add'), '1')).toMatchObject({ value: 1 });
  });

  it('a client refuses what its tenant does not own before it sends it', async () => {
    const town = await Town.of(['n1']);
    const client = town.client({ tenant: 'blue' });
    await refusal(town.drive(client.call(tally('a', 'red'), 'add', 1)), 'forbidden');
    await refusal(town.drive(client.get(tally('a', 'red'))), 'forbidden');
    await refusal(town.drive(client.list({ tenant: 'red' })), 'forbidden');
    expect((await town.drive(client.call(tally('a', 'blue'), 'add', 1))).value).toBe(1);
  });

  it('a tenant that floods a node leaves room for the others', async () => {
    const town = await Town.of(['n1'], { kinds: [Tally], node: { requestsMax: 40 } });
    const { bus } = town.outside.ports;
    const flood = Array.from({ length: 100 }, (_, at) =>
      bus.request(callOf(`f${at}`, 'slow', 'red'), new TextEncoder().encode('1'), {
        headers: new Map([['Skep-Deadline', '3000']]),
        timeoutMs: 60_000,
      }),
    );
    await town.wait(100);
    expect(town.node('n1').underWay).toBe(20);
    expect(await town.raw(callOf('a', 'add', 'blue'), '1')).toMatchObject({ value: 1 });
    expect(await town.refused(callOf('a', 'add', 'red'), '1')).toMatchObject({ code: 'overloaded', id: 'red' });
    const answers = (await town.drive(Promise.all(flood))).map((bytes) => JSON.parse(new TextDecoder().decode(bytes)).error.code);
    expect(answers.filter((code) => code === 'overloaded')).toHaveLength(80);
  });
});

describe('U10 G13: sizes and numbers', () => {
  it('a payload of 10 MB is refused, and the node goes on', async () => {
    const town = await Town.of(['n1', 'n2']);
    const text = `"${'x'.repeat(10 * 1024 * 1024)}"`;
    expect(await town.refused(callOf('a', 'echo'), text)).toMatchObject({ code: 'payload-too-large' });
    expect(await town.refused(commandOf('a', 'checkpoint'), `["${'x'.repeat(LIMITS.payloadBytes)}"]`)).toMatchObject({ code: 'payload-too-large' });
    expect(await town.refused(commandOf('a', 'info'), '')).toMatchObject({ code: 'unknown-agent' });
    expect(await town.raw(callOf('a', 'add'), '1')).toMatchObject({ value: 1 });
    const client = town.client();
    await refusal(town.drive(client.call(tally('a'), 'echo', 'x'.repeat(10 * 1024 * 1024))), 'payload-too-large');
  });

  it('an answer that no message holds is an error, for raw calls and for clients', async () => {
    const town = await Town.of(['n1']);
    expect(await town.refused(callOf('a', 'large'), String(8 * 1024 * 1024))).toMatchObject({ code: 'payload-too-large' });
    await refusal(town.drive(town.client().call(tally('b'), 'large', 8 * 1024 * 1024)), 'payload-too-large');
  });

  it('a flood of ids that do not exist keeps nothing in memory', async () => {
    const town = await Town.of(['n1']);
    const client = town.client();
    const names = Array.from({ length: 3_000 }, (_, at) => `new${at}`);
    const codes = await town.drive(
      Promise.all(
        names.map((name) =>
          client.info(tally(name)).then(
            () => 'there',
            (error) => error.code as string,
          ),
        ),
      ),
    );
    expect(new Set(codes)).toEqual(new Set(['unknown-agent']));
    await town.drive(Promise.all(names.map((name) => client.call(tally(name), 'nothing').catch(() => {}))));
    await town.drive(Promise.all(names.map((name) => client.call(tally(name), 'total'))));
    expect(town.node('n1').node.host.roster.size).toBe(0);
    expect(town.node('n1').underWay).toBe(0);
  });

  it('subjects with ids that are no tokens are refused', async () => {
    const town = await Town.of(['n1']);
    expect(await town.refused('skep.default.main.call.tally.A.add', '1')).toMatchObject({ code: 'invalid-id' });
    expect(await town.refused('skep.default.main.call.tally.=zz.add', '1')).toMatchObject({ code: 'invalid-id' });
    expect(await town.refused('skep.default.main.call.nokind.a.add', '1')).toMatchObject({ code: 'unknown-kind' });
    expect(await town.refused(swarmOf('reboot'), '')).toMatchObject({ code: 'unknown-method' });
    expect(await town.refused(swarmOf('list'), '[1]')).toMatchObject({ code: 'invalid-input' });
    expect(await town.refused(swarmOf('list'), '{"status":"odd"}')).toMatchObject({ code: 'invalid-input' });
  });
});
