/** What another process can ask of the holder of a folder: the same as the holder itself, with the same answers. */
import { describe, expect, it } from 'vitest';
import { type AgentId, agentId, type Client, defineAgent, type Skep, type WatchedTurn } from '../src/index.js';
import { freshFolders } from './folders.js';
import { Box, Counter } from './kinds.js';
import { refusal } from './refusal.js';

const { freshDir, open, connect } = freshFolders();
const id = (name: string, kind = 'counter') => agentId({ tenant: 'default', kind, name });

const Waiter = defineAgent({
  kind: 'waiter',
  initial: { served: 0 },
  handlers: {
    async wait(state, ms: number) {
      await new Promise((resolve) => setTimeout(resolve, ms));
      state.served += 1;
    },
  },
});

async function pair(options: Parameters<typeof open>[1] = {}): Promise<{ readonly skep: Skep; readonly local: Client; readonly remote: Client }> {
  const dir = freshDir();
  const skep = await open(dir, { kinds: [Counter, Waiter, Box], ...options });
  return { skep, local: skep.client, remote: await connect(dir) };
}

/** What a call gives, or the error with which it is refused. */
async function outcome(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    (value) => ({ value }),
    (error) => ({ code: error.code, message: error.message, id: error.id, remedy: error.remedy, status: error.status, retry: error.retry }),
  );
}

const READS: readonly (readonly [string, (client: Client) => Promise<unknown>])[] = [
  ['info', (client) => client.info(id('a'))],
  ['info of nobody', (client) => client.info(id('nobody'))],
  ['info of a wrong id', (client) => client.info('x' as AgentId)],
  ['info of no text', (client) => client.info(7 as unknown as AgentId)],
  ['list', (client) => client.list()],
  ['list filtered', (client) => client.list({ kind: 'counter', limit: 1 })],
  ['list badly filtered', (client) => client.list({ limit: -1 })],
  ['list with an unknown status', (client) => client.list({ status: 'asleep' as never })],
  ['get', (client) => client.get(id('a'))],
  ['get of nobody', (client) => client.get(id('nobody'))],
  ['get of an unknown kind', (client) => client.get(id('a', 'unheard'))],
  ['at', (client) => client.at(id('a'), 1)],
  ['at too late', (client) => client.at(id('a'), 99)],
  ['at no version', (client) => client.at(id('a'), 0.5)],
  ['at nothing', (client) => client.at(id('a'), undefined as unknown as number)],
  ['history', (client) => client.history(id('a'))],
  ['history in part', (client) => client.history(id('a'), { from: 2, to: 2 })],
  ['history wrongly', (client) => client.history(id('a'), { from: '1' as unknown as number })],
  ['diff', (client) => client.diff(id('a'), 0, 2)],
  ['diff of nobody', (client) => client.diff(id('nobody'), 0, 2)],
  ['checkpoints', (client) => client.checkpoints(id('a'))],
  ['call of a query', (client) => client.call(id('a'), 'total')],
  ['call of an unknown method', (client) => client.call(id('a'), 'divide', 1)],
  ['call of an inherited name', (client) => client.call(id('a'), 'constructor')],
  ['call without a method', (client) => client.call(id('a'), undefined as unknown as string)],
  ['call with a bad deadline', (client) => client.call(id('a'), 'total', null, { deadlineMs: -1 })],
  ['call with a bad operation', (client) => client.call(id('a'), 'increment', 1, { operation: 'x' })],
  ['call with a wrong version', (client) => client.call(id('a'), 'increment', 1, { expectedVersion: 77 })],
  ['call with a bad version', (client) => client.call(id('a'), 'increment', 1, { expectedVersion: -1 })],
  ['call with a wrong input', (client) => client.call(id('a'), 'increment', 'two')],
  ['call with NaN', (client) => client.call(id('a'), 'increment', Number.NaN)],
  ['call with a function', (client) => client.call(id('a'), 'increment', { list: [() => 1] } as never)],
  ['create again', (client) => client.create(id('a'))],
  ['checkpoint without a name', (client) => client.checkpoint(id('a'), '')],
  ['checkpoint under a number', (client) => client.checkpoint(id('a'), 5 as unknown as string)],
  ['branch onto what exists', (client) => client.branch(id('a'), 'a')],
  ['branch of an unknown version', (client) => client.branch(id('a'), 'z', { version: 55 })],
  ['restore nothing', (client) => client.restore(id('a'), {} as never)],
  ['restore null', (client) => client.restore(id('a'), null as never)],
  ['restore an unknown checkpoint', (client) => client.restore(id('a'), { checkpoint: 'none' })],
  ['resume what is active', (client) => client.resume(id('a'))],
  ['doctor', (client) => client.doctor()],
];

describe('U1: a client through the socket', () => {
  it('answers every read and refuses every mistake as the local one does', async () => {
    const { local, remote } = await pair();
    await local.call(id('a'), 'increment', 2);
    await local.call(id('a'), 'note', 'hello');
    await local.checkpoint(id('a'), 'first');
    for (const [name, ask] of READS) expect(await outcome(ask(remote)), name).toEqual(await outcome(ask(local)));
    const { turnsPerSecond: _, latencyMs: __, ...status } = await local.status();
    expect(await remote.status()).toMatchObject(status);
  });

  it('does every write as the local one does', async () => {
    const writes = (client: Client, name: string) => [
      () => client.create(id(name)),
      () => client.call(id(name), 'increment', 4),
      () => client.call(id(name), 'increment', 5, { expectedVersion: 1 }),
      () => client.checkpoint(id(name), 'nine'),
      () => client.call(id(name), 'reset'),
      () => client.restore(id(name), { checkpoint: 'nine' }),
      () => client.restore(id(name), { version: 1 }),
      () => client.suspend(id(name)),
      () => client.call(id(name), 'increment', 1),
      () => client.resume(id(name)),
      () => client.branch(id(name), `${name}2`, { version: 2 }),
      () => client.terminate(id(name)),
      () => client.call(id(name), 'increment', 1),
    ];
    const { local, remote } = await pair();
    // Two agents with names of one length, so that answers differ in the name and the time only.
    const told = async (client: Client, name: string) => {
      const answers: unknown[] = [];
      for (const write of writes(client, name)) answers.push(await outcome(write()));
      const text = JSON.stringify(answers)
        .replaceAll(new RegExp(`\\b${name}`, 'g'), 'agent')
        .replaceAll(/"updatedMs":\d+/g, '"updatedMs":0');
      return JSON.parse(text);
    };
    expect(await told(remote, 'here')).toEqual(await told(local, 'away'));
  });

  it('carries bytes, dates and odd keys', async () => {
    const { remote } = await pair();
    const held = JSON.parse('{"__proto__":{"a":1},"constructor":2,"":[null,true,-1.5,"\\u0000"]}');
    const value = { ...held, bytes: Uint8Array.of(1, 2, 3), date: new Date(5), text: 'é🐝' };
    Object.defineProperty(value, '__proto__', { value: { a: 1 }, enumerable: true });
    await remote.call(id('b', 'box'), 'put', value);
    const back = (await remote.call(id('b', 'box'), 'get')).value;
    expect(Object.keys(back as object).sort()).toEqual(Object.keys(value).sort());
    expect(back).toEqual(value);
  });

  it('carries answers that are longer than a frame, several at once', async () => {
    const { local, remote } = await pair();
    const big = (at: number) => id(`big${at}`, 'box');
    for (let at = 0; at < 6; at += 1) {
      for (let round = 0; round < 8; round += 1) await local.call(big(at), 'put', String.fromCharCode(97 + round).repeat(900_000));
    }
    const histories = await Promise.all(Array.from({ length: 6 }, (_, at) => remote.history(big(at))));
    for (const [at, history] of histories.entries()) expect(history).toEqual(await local.history(big(at)));
  });

  it('holds many calls in flight and matches each with its answer', async () => {
    const { remote } = await pair();
    const replies = await Promise.all(Array.from({ length: 3_000 }, (_, at) => remote.call(id(`n${at % 50}`), 'increment', at + 1)));
    expect(replies.length).toBe(3_000);
    const totals = await Promise.all(Array.from({ length: 50 }, (_, at) => remote.call(id(`n${at}`), 'total')));
    expect(totals.reduce((sum, reply) => sum + Number(reply.value), 0)).toBe((3_000 * 3_001) / 2);
  });

  it('U2: gives a call up at its deadline, and the connection goes on', async () => {
    const { remote, local } = await pair();
    const late = await refusal(remote.call(id('w', 'waiter'), 'wait', 300, { deadlineMs: 50 }), 'timeout');
    expect(late.message).toContain('wait of default/waiter/w was not answered within 50 ms');
    expect(late.retry).toBe('same-operation');
    expect((await remote.call(id('a'), 'increment', 1)).value).toBe(1);
    await refusal(local.call(id('w', 'waiter'), 'wait', 300, { deadlineMs: 50 }), 'timeout');
  });

  it('U2: has a deadline of its own when the call names none', async () => {
    const dir = freshDir();
    await open(dir, { kinds: [Waiter] });
    const hurried = await connect(dir, { deadlineMs: 40 });
    await refusal(hurried.call(id('w', 'waiter'), 'wait', 200), 'timeout');
  });

  it('U8: watches, with several listeners, and stops', async () => {
    const { local, remote } = await pair();
    const seen: { one: WatchedTurn[]; other: WatchedTurn[] } = { one: [], other: [] };
    const [stopOne, stopOther] = await Promise.all([
      remote.watch((turns) => seen.one.push(...turns)),
      remote.watch((turns) => seen.other.push(...turns)),
    ]);
    await local.call(id('a'), 'increment', 1);
    await expect.poll(() => seen.other.length).toBe(1);
    expect(seen.one).toEqual(seen.other);
    expect(seen.one[0]).toMatchObject({ agent: id('a'), version: 1, type: 'increment', changes: 1 });
    stopOne();
    await local.call(id('a'), 'increment', 1);
    await expect.poll(() => seen.other.length).toBe(2);
    expect(seen.one.length).toBe(1);
    stopOther();
    const again: WatchedTurn[] = [];
    await remote.watch((turns) => again.push(...turns));
    await local.call(id('a'), 'increment', 1);
    await expect.poll(() => again.length).toBe(1);
    expect(seen.other.length).toBe(2);
  });

  it('G13: ends what is under way with outcome-unknown when it closes, and refuses the rest with closed', async () => {
    const { remote } = await pair();
    const under = remote.call(id('w', 'waiter'), 'wait', 500);
    const ended = refusal(under, 'outcome-unknown');
    await remote.close();
    expect((await ended).message).toContain('the connection was closed');
    await refusal(remote.info(id('a')), 'closed');
    await remote.close();
  });

  it('G13: is told unavailable when the holder has closed the folder', async () => {
    const { skep, remote } = await pair();
    await remote.call(id('a'), 'increment', 1);
    await skep.close();
    await expect.poll(() => outcome(remote.info(id('a')))).toMatchObject({ code: 'unavailable' });
  });
});
