import { defineAgent } from '@skep/actor';
import { type AgentId, LIMITS, type Value } from '@skep/kernel';
import { describe, expect, it } from 'vitest';
import { codeOf, Door, Hive, id, isSettled } from './hive.js';

let gate: Door | undefined;

const Peer = defineAgent({
  kind: 'peer',
  initial: { seen: [] as Value[] },
  turnDeadlineMs: 1_000,
  supervision: { attemptsMax: 2, backoffMs: 10 },
  handlers: {
    note(state, what: Value) {
      state.seen.push(what);
      return state.seen.length;
    },
    refuse() {
      throw new Error('not today');
    },
    async relay(state, path: string[], context) {
      const [next, ...rest] = path;
      state.seen.push(next === undefined ? 'end' : await context.ask({ kind: 'peer', name: next }, 'relay', rest));
      return state.seen.length;
    },
    async both(state, names: string[], context) {
      state.seen.push(await Promise.all(names.map((name) => context.ask({ kind: 'peer', name }, 'waitFor', context.name))));
    },
    async waitFor(_state, back: string, context) {
      if (context.name === 'quick') return 'quick';
      await gate?.passed;
      return context.ask({ kind: 'peer', name: back }, 'note', 'cycle');
    },
    async readsBack(state, name: string, context) {
      state.seen.push(await context.ask({ kind: 'peer', name }, 'seen'));
      return state.seen.length;
    },
    async careful(state, name: string, context) {
      state.seen.push(await context.ask({ kind: 'peer', name }, 'refuse').catch((error: { code: string }) => error.code));
    },
    async twice(state, _input: null, context) {
      state.seen.push(await context.ask({ kind: 'peer', name: 'b' }, 'note', 'same'), await context.ask({ kind: 'peer', name: 'b' }, 'note', 'same'));
    },
    async stranger(_state, to: { tenant: string }, context) {
      await context.ask({ kind: 'peer', name: 'b', tenant: to.tenant }, 'note', 1);
    },
    async strangerById(_state, to: AgentId, context) {
      context.send(to, 'note', 1);
    },
    async unknown(_state, method: string, context) {
      await context.ask({ kind: method === 'kind' ? 'nobody' : 'peer', name: 'b' }, method);
    },
    floats(_state, _input: null, context) {
      void context.ask({ kind: 'peer', name: 'b' }, 'refuse');
    },
  },
  queries: { seen: (state) => state.seen.length },
});

const Patient = defineAgent({
  kind: 'patient',
  initial: { seen: [] as Value[] },
  handlers: {
    async long(state, _input: null, context) {
      for (let at = 0; at < 20; at += 1) await context.step('wait', () => gate?.passed.then(() => null));
      state.seen.push(await context.ask({ kind: 'peer', name: 'b' }, 'note', 'after long'));
    },
  },
});

const A = id('peer', 'a');
const B = id('peer', 'b');
const PATIENT = id('patient', 'p');

async function hive() {
  gate = undefined;
  const world = new Hive([Peer, Patient]);
  return { world, life: await world.start() };
}

describe('U2 G4: an ask', () => {
  it('gives the answer, is journalled, and two of the same kind are two', async () => {
    const { world, life } = await hive();
    await life.call(A, 'twice');
    expect(await life.state(A)).toEqual({ seen: [1, 2] });
    expect(await life.state(B)).toEqual({ seen: ['same', 'same'] });
    expect((await world.records(A)).map((record) => (record.kind === 'step' ? record.name : record.kind))).toEqual([
      'begun',
      `intent to ask ${B} note`,
      `ask ${B} note`,
      `intent to ask ${B} note`,
      `ask ${B} note`,
      'turn',
    ]);
  });

  it('of a query asks for no journal', async () => {
    const { world, life } = await hive();
    await life.call(A, 'readsBack', 'b');
    expect((await world.records(A)).map((record) => record.kind)).toEqual(['turn']);
  });

  it('passes a refusal on as an error that the handler may catch', async () => {
    const { life } = await hive();
    await life.call(A, 'careful', 'b');
    expect(await life.state(A)).toEqual({ seen: ['handler-failed'] });
  });

  it('of an unknown kind or method, or of another tenant, is refused before anything is sent', async () => {
    const { world, life } = await hive();
    expect(await codeOf(life.call(A, 'unknown', 'kind'))).toBe('unknown-kind');
    expect(await codeOf(life.call(A, 'unknown', 'method'))).toBe('unknown-method');
    expect(await codeOf(life.call(A, 'stranger', { tenant: 'other' }))).toBe('unknown-agent');
    expect(await codeOf(life.call(A, 'strangerById', 'other/peer/b'))).toBe('unknown-agent');
    expect(await world.records()).toEqual([]);
  });

  it('that nobody awaits harms nobody when it is refused', async () => {
    const { world, life } = await hive();
    await life.call(A, 'floats');
    await world.clock.advance(100);
    expect(await life.call(A, 'note', 1)).toMatchObject({ value: 1 });
  });

  it('at the end of a turn that outlasts the window is no operation too old, also when the turn is resumed', async () => {
    const { world, life } = await hive();
    const doors = Array.from({ length: 20 }, () => new Door());
    gate = doors[0];
    const call = life.call(PATIENT, 'long');
    call.catch(() => {});
    let current = life;
    const begunMs = world.clock.nowMs();
    for (let at = 0; at < 20; at += 1) {
      if (at === 19) {
        current.crash();
        current = await world.start();
      }
      await world.clock.advance(50_000);
      // Meanwhile the agent that will be asked forgets what is older than the window.
      await world.driven(current.call(B, 'note', at, { slot: world.operation() }));
      gate = doors[at + 1];
      doors[at]?.open();
      await isSettled(call);
    }
    expect(world.clock.nowMs() - begunMs).toBeGreaterThan(LIMITS.operationWindowMs);
    expect(await world.driven(current.state(PATIENT))).toEqual({ seen: [21] });
  });
});

describe('U2: a cycle of calls', () => {
  it('along the chain is refused with every agent named, and nobody waits', async () => {
    const { life } = await hive();
    await expect(life.call(A, 'relay', ['b', 'c', 'a'])).rejects.toMatchObject({
      code: 'call-cycle',
      message: expect.stringContaining(`${A} -> ${B}`),
    });
    await expect(life.call(A, 'relay', ['a'])).rejects.toMatchObject({ code: 'call-cycle', message: expect.stringContaining(`${A} -> ${A}`) });
    expect(await life.call(A, 'relay', ['b', 'c', 'd'])).toMatchObject({ version: 1 });
  });

  it('through agents that wait for each other, from two sides, is refused to one of them', async () => {
    const { life } = await hive();
    gate = new Door();
    const one = codeOf(life.call(A, 'both', ['b']));
    const other = codeOf(life.call(B, 'both', ['a']));
    gate.open();
    expect([await one, await other].sort()).toContain('call-cycle');
  });

  it('through one of several asked in parallel is found, whichever has answered', async () => {
    const { life } = await hive();
    gate = new Door();
    const call = codeOf(life.call(A, 'both', ['b', 'quick']));
    await isSettled(call);
    gate.open();
    expect(await call).toBe('call-cycle');
  });

  it('by a query is none: it sees the last state of an agent that waits', async () => {
    const { life } = await hive();
    gate = new Door();
    const waiting = codeOf(life.call(A, 'waitFor', 'b'));
    await isSettled(waiting);
    expect(await life.call(B, 'readsBack', 'a')).toMatchObject({ version: 1 });
    gate.open();
    expect(await waiting).toBe('done');
  });

  it('longer than the chain may be is refused', async () => {
    const { life } = await hive();
    const path = (count: number) => Array.from({ length: count }, (_, at) => `p${at}`);
    expect(await codeOf(life.call(A, 'relay', path(LIMITS.callChain)))).toBe('call-cycle');
    expect(await codeOf(life.call(A, 'relay', path(LIMITS.callChain - 1)))).toBe('done');
  });
});
