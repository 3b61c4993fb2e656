/** Calls that name what is not there, or carry what the schema refuses. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type AgentId, agentId, defineAgent, openSkep } from '../../src/index.js';
import { testSkep } from '../../src/testing.js';
import { Counter } from '../kinds.js';
import { refusal } from '../refusal.js';

const a = agentId({ tenant: 'default', kind: 'counter', name: 'a' });

describe('G13: what is not there', () => {
  it('names the kinds that are loaded when one is unknown', async () => {
    await using skep = await openSkep({ memory: true, kinds: [Counter] });
    const stranger = agentId({ tenant: 'default', kind: 'stranger', name: 'a' });
    for (const work of [skep.client.call(stranger, 'go'), skep.client.create(stranger), skep.client.get(stranger), skep.client.info(stranger)]) {
      const error = await refusal(work, 'unknown-kind');
      expect(error.message).toContain('counter, state');
      expect(error.id).toBe(stranger);
    }
    expect(await skep.client.list()).toEqual([]);
  });

  it('names the methods that a kind has when one is unknown', async () => {
    await using skep = await openSkep({ memory: true, kinds: [Counter] });
    for (const method of ['decrement', '', '__proto__', 'constructor', 'toString', 'then']) {
      const error = await refusal(skep.client.call(a, method), 'unknown-method');
      expect(error.message).toContain('increment, note, reset, total');
      expect(error.id).toBe(a);
    }
    expect(await skep.client.list()).toEqual([]);
  });

  it('refuses agents, versions and checkpoints that do not exist', async () => {
    await using skep = await openSkep({ memory: true, kinds: [Counter] });
    const counter = skep.agent(Counter, 'a');
    const lookups = [
      () => counter.info(),
      () => counter.at(0),
      () => counter.history(),
      () => counter.diff(0, 0),
      () => counter.checkpoint('x'),
      () => counter.branch('b'),
    ];
    for (const look of [...lookups, () => counter.restore({ version: 0 }), () => skep.client.suspend(a), () => skep.client.terminate(a)]) {
      expect((await refusal(look(), 'unknown-agent')).id).toBe(a);
    }
    await counter.increment(1);
    for (const version of [2, -1, 0.5, Number.NaN, 2 ** 60]) await refusal(counter.at(version), 'unknown-version');
    await refusal(counter.diff(0, 9), 'unknown-version');
    await refusal(counter.restore({ version: 9 }), 'unknown-version');
    await refusal(counter.branch('b', { version: 9 }), 'unknown-version');
    expect((await refusal(counter.restore({ checkpoint: 'none' }), 'unknown-checkpoint')).message).toContain('there are: none');
    expect((await counter.info()).version).toBe(1);
    expect((await skep.client.list()).length).toBe(1);
  });

  it('creates nothing by looking', async () => {
    await using skep = await openSkep({ memory: true, kinds: [Counter] });
    const counter = skep.agent(Counter, 'a');
    expect(await counter.total()).toBe(0);
    expect(await counter.state()).toMatchObject({ version: 0, value: { count: 0, notes: [] } });
    expect(await skep.client.list()).toEqual([]);
    await refusal(counter.info(), 'unknown-agent');
  });

  it('refuses to send or ask what is not there, and the turn changes nothing', async () => {
    const Sender = defineAgent({
      kind: 'sender',
      initial: { sent: 0 },
      handlers: {
        send(state, { kind, method }: { kind: string; method: string }, ctx) {
          state.sent += 1;
          ctx.send({ kind, name: 'b' }, method);
        },
        async ask(state, { kind, method }: { kind: string; method: string }, ctx) {
          state.sent += 1;
          return ctx.ask({ kind, name: 'b' }, method);
        },
        other(state, _input: null, ctx) {
          state.sent += 1;
          ctx.send({ kind: 'sender', name: 'b', tenant: 'other' }, 'send');
          ctx.send(agentId({ tenant: 'other', kind: 'sender', name: 'b' }), 'send');
        },
      },
      queries: { total: (state) => state.sent },
    });
    await using skep = await testSkep({ kinds: [Sender] });
    const sender = skep.agent(Sender, 'a');
    await refusal(sender.send({ kind: 'none', method: 'x' }), 'unknown-kind');
    await refusal(sender.send({ kind: 'sender', method: 'x' }), 'unknown-method');
    await refusal(sender.send({ kind: 'sender', method: 'total' }), 'unknown-method');
    await refusal(sender.ask({ kind: 'none', method: 'x' }), 'unknown-kind');
    await refusal(sender.ask({ kind: 'sender', method: 'x' }), 'unknown-method');
    await refusal(sender.call('other'), 'unknown-agent');
    expect((await sender.state()).version).toBe(0);
  });
});

describe('G13: what the schema refuses', () => {
  const wrong: readonly unknown[] = ['1', 1.5, null, [1], { by: 1 }, true, new Date(1), Uint8Array.of(1)];

  it.each(wrong.map((input) => [input]))('refuses the input %j, names the method, and changes nothing', async (input) => {
    await using skep = await openSkep({ memory: true, kinds: [Counter] });
    const counter = skep.agent(Counter, 'a');
    await counter.increment(1);
    const error = await refusal(counter.call('increment', input), 'invalid-input');
    expect(error.message).toContain('counter.increment refuses its input');
    expect(await counter.state()).toMatchObject({ version: 1, value: { count: 1 } });
    expect(await counter.increment(1)).toBe(2);
  });

  const Bounded = defineAgent({
    kind: 'bounded',
    schema: z.object({ level: z.number().int().min(0).max(10), tags: z.array(z.string()).max(2) }),
    initial: { level: 0, tags: [] as string[] },
    handlers: {
      set(state, level: number) {
        state.level = level;
      },
      tag(state, tag: string, ctx) {
        state.tags.push(tag);
        ctx.send({ kind: 'bounded', name: 'other' }, 'set', 1);
        ctx.timer('later', { afterMs: 10 }, 'set', 2);
      },
      replace(state, whole: object) {
        for (const key of Object.keys(state)) delete (state as Record<string, unknown>)[key];
        Object.assign(state, whole);
      },
    },
  });

  it('refuses a state that the schema refuses: nothing is kept, sent or set', async () => {
    await using skep = await testSkep({ kinds: [Bounded] });
    const bounded = skep.agent(Bounded, 'a');
    await bounded.tag('one');
    await bounded.tag('two');
    await skep.advance(100);
    const before = await bounded.state();
    const other = await skep.agent(Bounded, 'other').state();
    for (const work of [bounded.set(11), bounded.set(0.5), bounded.tag('three'), bounded.replace({ level: 1 }), bounded.call('set', 'x')]) {
      const error = await refusal(work, 'invalid-state');
      expect(error.message).toContain('the schema of bounded refuses the new state');
    }
    await skep.advance(100);
    expect(await bounded.state()).toEqual(before);
    expect(await skep.agent(Bounded, 'other').state()).toEqual(other);
    expect((await bounded.info()).timers).toBe(0);
    await bounded.set(10);
    expect((await bounded.state()).value.level).toBe(10);
  });
});

describe('G13: definitions and options that cannot work', () => {
  const definitions: readonly (readonly [string, unknown])[] = [
    ['a handler that is no function', { kind: 'x', initial: {}, handlers: { go: 1 } }],
    ['a query that is also a handler', { kind: 'x', initial: {}, handlers: { go() {} }, queries: { go() {} } }],
    ['a schema that is none', { kind: 'x', initial: {}, schema: {}, handlers: {} }],
    ['an input schema that is none', { kind: 'x', initial: {}, inputs: { go: {} }, handlers: { go() {} } }],
    ['an initial state that is a number', { kind: 'x', initial: 5, handlers: {} }],
    ['no initial state', { kind: 'x', handlers: {} }],
  ];
  it.each(definitions)('refuses %s', (_what, definition) => {
    expect(() => defineAgent(definition as Parameters<typeof defineAgent>[0])).toThrowError(expect.objectContaining({ code: 'invalid-input' }));
  });

  const options: readonly (readonly [string, unknown, 'not-configured' | 'invalid-input' | 'invalid-id'])[] = [
    ['neither dir nor memory', {}, 'not-configured'],
    ['both', { dir: 'x', memory: true }, 'not-configured'],
    ['an empty dir', { dir: '' }, 'not-configured'],
    ['memory: false', { memory: false }, 'not-configured'],
    ['a dir that is a number', { dir: 5 }, 'not-configured'],
    ['an unknown limit', { memory: true, limits: { mailbox: 5 } }, 'invalid-input'],
    ['a limit of 0', { memory: true, limits: { mailboxMessages: 0 } }, 'invalid-input'],
    ['a limit that is text', { memory: true, limits: { mailboxMessages: '5' } }, 'invalid-input'],
    ['settleEveryMs of -1', { memory: true, settleEveryMs: -1 }, 'invalid-input'],
    ['an empty tenant', { memory: true, tenant: '' }, 'invalid-id'],
  ];
  it.each(options)('refuses to open with %s', async (_what, given, code) => {
    await refusal(openSkep(given as Parameters<typeof openSkep>[0]), code);
  });

  it('refuses a watcher that is no function', async () => {
    await using skep = await openSkep({ memory: true });
    await refusal(skep.client.watch(5 as never), 'invalid-input');
    await refusal(skep.client.list('x' as never), 'invalid-input');
    await refusal(skep.client.list({ after: 'x' as AgentId }), 'invalid-id');
  });
});
