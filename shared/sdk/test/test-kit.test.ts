import { describe, expect, it } from 'vitest';
import { type AgentId, agentId, defineAgent } from '../src/index.js';
import { ManualClock, testSkep } from '../src/testing.js';
import { Counter } from './kinds.js';
import { refusal } from './refusal.js';

const Reminder = defineAgent({
  kind: 'reminder',
  initial: { said: [] as { text: string; atMs: number }[], beats: 0 },
  handlers: {
    remind(_state, { text, afterMs }: { text: string; afterMs: number }, ctx) {
      ctx.timer(text, { afterMs }, 'say', text);
    },
    say(state, text: string, ctx) {
      state.said.push({ text, atMs: ctx.now() });
    },
    beat(_state, everyMs: number, ctx) {
      ctx.timer('beat', { everyMs }, 'beaten');
    },
    beaten(state) {
      state.beats += 1;
    },
  },
});

const START_MS = Date.UTC(2026, 0, 1);

describe('U15: the test kit', () => {
  it('fires due timers in order, each at its own time, and only when time goes on', async () => {
    await using skep = await testSkep({ kinds: [Reminder] });
    const me = skep.agent(Reminder, 'me');
    await me.remind({ text: 'late', afterMs: 90_000 });
    await me.remind({ text: 'early', afterMs: 30_000 });
    expect((await me.state()).value.said).toEqual([]);
    await skep.advance(29_999);
    expect((await me.state()).value.said).toEqual([]);
    await skep.advance(1);
    expect((await me.state()).value.said).toEqual([{ text: 'early', atMs: START_MS + 30_000 }]);
    await skep.advance(24 * 3_600_000);
    expect((await me.state()).value.said.map((each) => each.atMs - START_MS)).toEqual([30_000, 90_000]);
    expect(skep.clock.nowMs()).toBe(START_MS + 30_000 + 24 * 3_600_000);
  });

  it('fires a timer that repeats as often as it is due, over days in a moment', async () => {
    await using skep = await testSkep({ kinds: [Reminder] });
    const me = skep.agent(Reminder, 'me');
    await me.beat(60_000);
    await skep.advance(3_600_000);
    expect((await me.state()).value.beats).toBe(60);
  });

  it('K2: gives the same run for the same seed, and another for another', async () => {
    const Dice = defineAgent({
      kind: 'dice',
      initial: { thrown: [] as number[] },
      handlers: {
        throw(state, _input: null, ctx) {
          state.thrown.push(Math.floor(ctx.random() * 1_000_000));
        },
      },
    });
    const root = async (seed: number) => {
      await using skep = await testSkep({ kinds: [Dice], seed });
      const dice = skep.agent(Dice, 'd');
      for (let at = 0; at < 10; at += 1) await dice.throw();
      return [(await dice.state()).root, skep.operation(), JSON.stringify(await dice.history())];
    };
    const first = await root(1);
    expect(await root(1)).toEqual(first);
    expect(await root(2)).not.toEqual(first);
  });

  it('G4: keeps over a crash what was acknowledged, timers and checkpoints too', async () => {
    await using skep = await testSkep({ kinds: [Reminder] });
    const me = skep.agent(Reminder, 'me');
    await me.remind({ text: 'tea', afterMs: 60_000 });
    const before = await me.checkpoint('before tea');
    skep.crash();
    await refusal(me.state(), 'unavailable');
    await skep.reopen();
    expect((await me.state()).version).toBe(0);
    await skep.advance(60_000);
    skep.crash();
    await skep.reopen();
    expect((await me.state()).value.said.map((each) => each.text)).toEqual(['tea']);
    expect((await before.state()).said).toEqual([]);
    expect((await me.history()).map((event) => event.type)).toEqual(['remind', 'snapshot created', 'say']);
  });

  it('O5: brings back agents that were at rest or settled before the crash', async () => {
    await using skep = await testSkep({ kinds: [Counter] });
    for (let at = 0; at < 20; at += 1) await skep.agent(Counter, `c${at}`).increment(at + 1);
    await skep.advance(10 * 60_000);
    for (let at = 10; at < 20; at += 1) await skep.agent(Counter, `c${at}`).increment(1);
    const roots = async () => Promise.all(Array.from({ length: 20 }, async (_, at) => (await skep.agent(Counter, `c${at}`).state()).root));
    const before = await roots();
    skep.crash();
    await skep.reopen();
    expect(await roots()).toEqual(before);
    expect((await skep.client.list()).length).toBe(20);
  });

  it('K3: tells those who waited that nobody knows, and stops the dead process from writing', async () => {
    let release = (_value: number) => {};
    let calls = 0;
    const Slow = defineAgent({
      kind: 'slow',
      initial: { got: [] as number[] },
      handlers: {
        async fetch(state, _input: null, ctx) {
          const got = await ctx.step('fetch', () => {
            calls += 1;
            return new Promise<number>((resolve) => {
              release = resolve;
            });
          });
          state.got.push(got);
        },
      },
    });
    await using skep = await testSkep({ kinds: [Slow] });
    const slow = skep.agent(Slow, 's');
    const call = refusal(slow.fetch(), 'outcome-unknown');
    await skep.advance(0);
    const releaseDead = release;
    skep.crash();
    await call;
    await skep.reopen();
    await skep.advance(0);
    expect(calls).toBe(2);
    releaseDead(1);
    await skep.advance(0);
    expect((await slow.state()).value.got).toEqual([]);
    release(2);
    await skep.advance(0);
    expect((await slow.state()).value.got).toEqual([2]);
  });

  it('U2: resumes an interrupted turn without taking its finished steps again', async () => {
    const seen: string[] = [];
    const Worker = defineAgent({
      kind: 'worker',
      initial: { result: '' },
      handlers: {
        async work(state, _input: null, ctx) {
          const draft = await ctx.step('draft', () => {
            seen.push('draft');
            return 'a draft';
          });
          const final = await ctx.step('final', () => {
            seen.push('final');
            return seen.length < 3 ? new Promise<string>(() => {}) : `${draft}, final`;
          });
          state.result = final;
        },
      },
    });
    await using skep = await testSkep({ kinds: [Worker] });
    const worker = skep.agent(Worker, 'w');
    const call = refusal(worker.work(), 'outcome-unknown');
    await skep.advance(0);
    skep.crash();
    await call;
    await skep.reopen();
    await skep.advance(0);
    expect(seen).toEqual(['draft', 'final', 'final']);
    expect((await worker.state()).value.result).toBe('a draft, final');
  });

  it('O6: delivers what agents sent each other once, whatever the moment of the crash', async () => {
    const Ping = defineAgent({
      kind: 'ping',
      initial: { got: [] as number[] },
      handlers: {
        sendAll(_state, to: string, ctx) {
          for (let at = 0; at < 5; at += 1) ctx.send({ kind: 'ping', name: to }, 'take', at);
        },
        take(state, at: number) {
          state.got.push(at);
        },
      },
    });
    for (let rounds = 0; rounds < 12; rounds += 1) {
      await using skep = await testSkep({ kinds: [Ping] });
      const call = skep
        .agent(Ping, 'a')
        .sendAll('b')
        .catch(() => 'crashed');
      for (let at = 0; at < rounds; at += 1) await Promise.resolve();
      skep.crash();
      const outcome = await call;
      await skep.reopen();
      await skep.advance(1_000);
      const { got } = (await skep.agent(Ping, 'b').state()).value;
      expect([[], [0, 1, 2, 3, 4]]).toContainEqual(got);
      if (outcome === undefined) expect(got.length).toBe(5);
    }
  });

  it('K4: goes on watching after a crash', async () => {
    await using skep = await testSkep({ kinds: [Counter] });
    const seen: [AgentId, number][] = [];
    const stop = await skep.client.watch((turns) => seen.push(...turns.map(({ agent, version }): [AgentId, number] => [agent, version])));
    await skep.agent(Counter, 'a').increment(1);
    skep.crash();
    await skep.reopen();
    await skep.agent(Counter, 'a').increment(1);
    await skep.advance(0);
    stop();
    await skep.agent(Counter, 'a').increment(1);
    await skep.advance(0);
    const a = agentId({ tenant: 'default', kind: 'counter', name: 'a' });
    expect(seen).toEqual([
      [a, 1],
      [a, 2],
    ]);
  });

  it('closes in good order and reopens, and refuses to open twice', async () => {
    const skep = await testSkep({ kinds: [Counter] });
    await skep.agent(Counter, 'a').increment(3);
    await refusal(skep.reopen(), 'folder-held');
    await skep.close();
    await skep.close();
    await refusal(skep.agent(Counter, 'a').total(), 'unavailable');
    await skep.reopen();
    expect(await skep.agent(Counter, 'a').total()).toBe(3);
    await skep.close();
  });

  it('opens, crashes and reopens a hundred times', async () => {
    await using skep = await testSkep({ kinds: [Counter] });
    for (let at = 0; at < 100; at += 1) {
      await skep.agent(Counter, 'a').increment(1);
      skep.crash();
      await skep.reopen();
    }
    expect(await skep.agent(Counter, 'a').total()).toBe(100);
  });

  it('G13: refuses a step back in time, and a timer without end', async () => {
    const clock = new ManualClock();
    await refusal(clock.advance(-1), 'invalid-input');
    await refusal(clock.advance(Number.NaN), 'invalid-input');
    const order: string[] = [];
    clock.setTimer(10, () => order.push('second'));
    clock.setTimer(5, () => order.push('first'));
    clock.setTimer(10, () => order.push('third'));
    const cancel = clock.setTimer(7, () => order.push('never'));
    cancel();
    await clock.advance(10);
    expect(order).toEqual(['first', 'second', 'third']);
    clock.setTimer(0, () => order.push('by itself'));
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(order.at(-1)).toBe('by itself');
  });
});
