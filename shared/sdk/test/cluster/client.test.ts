import type { TraceEvent } from '@skep/simulated';
import { describe, expect, it } from 'vitest';
import { refusal } from '../refusal.js';
import { callOf, sleepers, Town, tally } from './town.js';

const NAMES = Array.from({ length: 60 }, (_, at) => `a${at}`);

describe('Q11: a client of the cluster', () => {
  it('calls, reads, lists and names versions, wherever the agents are', async () => {
    const town = await Town.of(['n1', 'n2', 'n3']);
    const client = town.client();
    const { drive } = { drive: town.drive.bind(town) };
    for (const name of NAMES) expect(await drive(client.call(tally(name), 'add', 2))).toMatchObject({ value: 2, version: 1 });
    expect((await drive(client.call(tally('a1'), 'total'))).value).toBe(2);
    expect(await drive(client.get(tally('a1')))).toMatchObject({ version: 1, value: { count: 2 } });
    expect(await drive(client.get(tally('nobody')))).toMatchObject({ version: 0 });
    expect(await drive(client.at(tally('a1'), 0))).toMatchObject({ value: { count: 0 } });
    expect(await drive(client.info(tally('a1')))).toMatchObject({ status: 'active', version: 1 });
    expect(await drive(client.checkpoint(tally('a1'), 'one'))).toMatchObject({ version: 1 });
    expect(await drive(client.checkpoints(tally('a1')))).toMatchObject([{ name: 'one' }]);
    expect(await drive(client.branch(tally('a1'), 'branch'))).toMatchObject({ agent: tally('branch') });
    expect(await drive(client.diff(tally('a1'), 0, 1))).toHaveLength(1);
    expect(await drive(client.history(tally('a1')))).toHaveLength(2);
    expect(await drive(client.suspend(tally('a1')))).toMatchObject({ status: 'suspended' });
    await refusal(drive(client.call(tally('a1'), 'add', 1)), 'agent-suspended');
    expect(await drive(client.resume(tally('a1')))).toMatchObject({ status: 'active' });
    expect(await drive(client.restore(tally('a1'), { checkpoint: 'one' }))).toMatchObject({ value: { count: 2 } });
    expect(await drive(client.create(tally('made')))).toMatchObject({ version: 0 });
    await refusal(drive(client.create(tally('made'))), 'agent-exists');
    await refusal(drive(client.branch(tally('a2'), 'a3')), 'agent-exists');
    const listed = await drive(client.list({ kind: 'tally' }));
    expect(listed.map(({ agent }) => agent)).toEqual([...NAMES, 'branch', 'made'].map((name) => tally(name)).sort());
    expect(await drive(client.list({ limit: 7, after: tally('a1') }))).toHaveLength(7);
    const status = await drive(client.status());
    expect(status).toMatchObject({ agents: { known: 62, active: 62 }, nodes: [{ node: 'n1' }, { node: 'n2' }, { node: 'n3' }] });
    expect((status.nodes ?? []).every(({ active }) => active > 0)).toBe(true);
    expect((await drive(client.doctor())).ok).toBe(true);
    expect(await drive(client.terminate(tally('a1')))).toMatchObject({ status: 'terminated' });
  });

  it('U7: lists page by page, in memory on any node or at rest, each agent once', async () => {
    const town = await Town.of(['n1', 'n2', 'n3']);
    const client = town.client();
    const names = Array.from({ length: 1_200 }, (_, at) => `p${at}`);
    await town.drive(Promise.all(names.map((name) => client.call(tally(name), 'add', 1))));
    await town.drive(town.node('n2').node.host.settleAll());
    await town.drive(town.node('n2').drain());
    for (const { node } of town.nodes.values()) await town.drive(node.node.host.settleAll());
    const ids = names.map((name) => tally(name)).sort();
    expect((await town.drive(client.list({ limit: 5_000 }))).map(({ agent }) => agent)).toEqual(ids);
    expect((await town.drive(client.list({ limit: 1_050, after: tally('p1') }))).map(({ agent }) => agent)).toEqual(
      ids.slice(ids.indexOf(tally('p1')) + 1).slice(0, 1_050),
    );
    expect(await town.drive(client.list({ tag: 'none' }))).toEqual([]);
  });

  it('the client of a node does the same in its process', async () => {
    const town = await Town.of(['n1', 'n2', 'n3']);
    const { client } = town.node('n2');
    for (const name of NAMES)
      for (let time = 1; time <= 2; time += 1) expect((await town.drive(client.call(tally(name), 'add', 1))).value).toBe(time);
    expect((await town.drive(client.call(tally('a1'), 'total'))).value).toBe(2);
    expect(await town.drive(client.list())).toHaveLength(60);
    await refusal(town.drive(client.branch(tally('a2'), 'a3')), 'agent-exists');
    expect(await town.drive(client.branch(tally('a2'), 'a2b'))).toMatchObject({ agent: tally('a2b'), version: 1 });
    expect(await town.drive(client.status())).toMatchObject({ agents: { known: 61 } });
  });

  it('O6: sends what goes to one node at one moment in one message, straight to the node that holds the agents', async () => {
    const sent: string[] = [];
    const observe = ({ kind, fields }: TraceEvent) => {
      if (kind === 'publish') sent.push(String(fields[0]));
    };
    const town = await Town.of(['n1', 'n2', 'n3'], { observe });
    const client = town.client();
    const all = () => town.drive(Promise.all(NAMES.map((name) => client.call(tally(name), 'add', 1))));
    await all();
    sent.length = 0;
    await all();
    const requests = sent.filter((subject) => subject.includes('.main.node.'));
    const answers = sent.filter((subject) => subject.startsWith('_INBOX.client1'));
    expect(requests).toHaveLength(3);
    expect(new Set(requests).size).toBe(3);
    expect(answers.length).toBeLessThanOrEqual(12);
    expect(sent.filter((subject) => subject.includes('.main.swarm.') || subject.includes('.peer.'))).toEqual([]);
    expect(await town.drive(Promise.all(NAMES.map(async (name) => (await client.call(tally(name), 'total')).value)))).toEqual(NAMES.map(() => 2));
  });

  it('refuses what cannot be sent, before it is', async () => {
    const town = await Town.of(['n1']);
    const client = town.client();
    await refusal(client.call('nonsense' as never, 'add', 1), 'invalid-id');
    await refusal(client.call(tally('a'), 5 as never, 1), 'invalid-input');
    await refusal(client.call(tally('a'), 'add', (() => 1) as never), 'invalid-value');
    await refusal(client.call(tally('a'), 'add', 1, { operation: 'again' }), 'invalid-id');
    await refusal(client.call(tally('a'), 'add', 1, { deadlineMs: -1 }), 'invalid-input');
    await refusal(client.at(tally('a'), undefined as never), 'invalid-input');
    await refusal(client.restore(tally('a'), null as never), 'invalid-input');
    await refusal(client.checkpoint(tally('a'), ''), 'invalid-id');
    await refusal(client.watch(null as never), 'invalid-input');
    await refusal(town.drive(client.call(tally('a'), 'nothing')), 'unknown-method');
    await refusal(town.drive(client.call(tally('a'), 'add', 'x')), 'handler-failed');
    await refusal(town.drive(client.call(tally('a'), 'add', 1, { expectedVersion: 4 })), 'version-conflict');
    expect((await town.drive(client.call(tally('a'), 'add', 1, { expectedVersion: 0 }))).version).toBe(1);
  });

  it('G4: an operation of the caller takes effect once', async () => {
    const town = await Town.of(['n1', 'n2']);
    const operation = town.operation();
    for (const client of [town.client(), town.client()]) {
      for (let time = 0; time < 2; time += 1) expect((await town.drive(client.call(tally('a'), 'add', 2, { operation }))).value).toBe(2);
    }
  });

  it('calls of many queries and failures never lose their session', async () => {
    const town = await Town.of(['n1']);
    const client = town.client();
    for (let round = 0; round < 3; round += 1) {
      await town.drive(Promise.all(Array.from({ length: 1_500 }, () => client.call(tally('a'), 'total'))));
      await town.drive(Promise.all(Array.from({ length: 300 }, () => client.call(tally('a'), 'nothing').catch(() => {}))));
      expect((await town.drive(client.call(tally('a'), 'add', 1))).value).toBe(round + 1);
    }
  });

  it('more calls to one agent than a session holds wait for their turn', async () => {
    const town = await Town.of(['n1']);
    const client = town.client();
    const values = await town.drive(
      Promise.all(Array.from({ length: 3_000 }, async () => (await client.call(tally('a'), 'add', 1)).value as number)),
    );
    expect(values.sort((one, other) => one - other)).toEqual(Array.from({ length: 3_000 }, (_, at) => at + 1));
  });

  it('says so when nobody is there, and when time is up', async () => {
    const town = await Town.of([]);
    const client = town.client({ deadlineMs: 2_000 });
    const error = await refusal(town.drive(client.call(tally('a'), 'add', 1)), 'unavailable');
    expect(error.message).toContain('no node');
    await refusal(town.drive(client.status()), 'unavailable');
    await town.live('n1');
    await refusal(town.drive(client.call(tally('a'), 'slow', 1, { deadlineMs: 300 })), 'timeout');
    for (const { resolve } of sleepers.splice(0)) resolve();
    await town.wait(1_000);
    expect((await town.drive(client.call(tally('a'), 'total'))).value).toBe(1);
  });

  it('G13: refuses more than it can hold, and what it holds hears of its end', async () => {
    const town = await Town.of([]);
    const client = town.client();
    const codes = new Map<string, number>();
    const note = (error: { readonly code: string }) => void codes.set(error.code, (codes.get(error.code) ?? 0) + 1);
    const waiting = Array.from({ length: 65_540 }, () => client.info(tally('a')).catch(note));
    await client.close();
    await Promise.all(waiting);
    expect(codes).toEqual(
      new Map([
        ['overloaded', 4],
        ['closed', 65_536],
      ]),
    );
  });

  it('when it is closed, who waits hears so', async () => {
    const town = await Town.of(['n1']);
    const client = town.client();
    const waiting = client.call(tally('a'), 'slow', 1);
    waiting.catch(() => {});
    await town.wait(100);
    await client.close();
    await refusal(waiting, 'outcome-unknown');
    await refusal(client.call(tally('a'), 'add', 1), 'closed');
    expect(await town.raw(callOf('b', 'add'), '1')).toMatchObject({ value: 1 });
  });

  it('O1: a node that drains or closes leads its clients to the others, and no call fails', async () => {
    const town = await Town.of(['n1', 'n2', 'n3']);
    const client = town.client();
    const all = () => Promise.all(NAMES.map(async (name) => (await client.call(tally(name), 'add', 1)).value));
    await town.drive(all());
    const drained = town.node('n2').drain();
    expect(await town.drive(all())).toEqual(NAMES.map(() => 2));
    expect(await town.drive(drained)).toMatchObject({ left: 0 });
    const closed = town.node('n3').close();
    expect(await town.drive(all())).toEqual(NAMES.map(() => 3));
    await town.drive(closed);
    expect(await town.drive(all())).toEqual(NAMES.map(() => 4));
    expect(await town.drive(client.list())).toHaveLength(60);
  });
});
