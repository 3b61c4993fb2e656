import { setImmediate as nextRound } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { agentId, defineAgent, openSkep, type Skep } from '../src/index.js';
import { freshFolders } from './folders.js';
import { Counter } from './kinds.js';
import { refusal } from './refusal.js';

const { freshDir, open } = freshFolders();
const id = (name: string) => agentId({ tenant: 'default', kind: 'counter', name });

describe('U1: a swarm in this process', () => {
  it('opens in memory, again and again', async () => {
    for (let at = 0; at < 20; at += 1) {
      await using skep = await openSkep({ memory: true, kinds: [Counter] });
      expect(await skep.agent(Counter, 'a').increment(1)).toBe(1);
    }
  });

  it('keeps on its folder what was acknowledged, and says so', async () => {
    const dir = freshDir();
    const first = await open(dir, { kinds: [Counter] });
    const reply = await first.agent(Counter, 'a').call('increment', 3);
    expect(reply).toEqual({ value: 3, version: 1, level: 'local' });
    await first.close();
    const second = await open(dir, { kinds: [Counter] });
    expect(await second.agent(Counter, 'a').total()).toBe(3);
    expect((await second.recovered).agents).toBe(1);
  });

  it('closes once, however often it is asked, also by await using', async () => {
    const dir = freshDir();
    let kept: Skep;
    {
      await using skep = await openSkep({ dir, kinds: [Counter] });
      kept = skep;
      await skep.agent(Counter, 'a').increment(1);
      await Promise.all([skep.close(), skep.close()]);
    }
    await kept.close();
    await using again = await openSkep({ dir, kinds: [Counter] });
    expect(await again.agent(Counter, 'a').total()).toBe(1);
  });

  it('G13: refuses everything with closed when it is closed, in memory and on a folder', async () => {
    for (const options of [{ memory: true as const }, { dir: freshDir() }]) {
      const skep = await openSkep({ ...options, kinds: [Counter] });
      const counter = skep.agent(Counter, 'a');
      await counter.increment(1);
      await skep.close();
      const works = [counter.increment(1), counter.total(), counter.state(), counter.history(), counter.info(), counter.checkpoint('x')];
      const others = [skep.client.list(), skep.client.status(), skep.client.doctor(), skep.client.get(id('b')), skep.client.watch(() => {})];
      for (const work of [...works, ...others]) await refusal(work, 'closed');
    }
  });

  it('answers calls that were under way when it closes, or says that they changed nothing', async () => {
    const dir = freshDir();
    const skep = await open(dir, { kinds: [Counter] });
    const calls = Promise.allSettled(Array.from({ length: 200 }, () => skep.agent(Counter, 'a').increment(1)));
    await nextRound();
    await skep.close();
    const results = await calls;
    const done = results.filter((result) => result.status === 'fulfilled').length;
    for (const result of results) if (result.status === 'rejected') expect(result.reason.code).toBe('closed');
    const again = await open(dir, { kinds: [Counter] });
    expect(await again.agent(Counter, 'a').total()).toBe(done);
  });

  it('U1: takes new kinds at the next turn, for agents in memory, too', async () => {
    const version = (text: string) =>
      defineAgent({
        kind: 'greeter',
        initial: { greeted: 0 },
        handlers: {
          greet(state) {
            state.greeted += 1;
            return `${text} ${state.greeted}`;
          },
        },
        queries: { word: () => text },
      });
    await using skep = await openSkep({ memory: true, kinds: [version('hello')] });
    const greeter = skep.agent(version('hello'), 'g');
    expect([await greeter.greet(), await greeter.word()]).toEqual(['hello 1', 'hello']);
    skep.setKinds([version('good day')]);
    expect([await greeter.greet(), await greeter.word()]).toEqual(['good day 2', 'good day']);
    expect((await skep.client.status()).kinds.map((kind) => kind.kind)).toEqual(['greeter', 'state']);
  });

  it('G13: answers each time for an agent that cannot be brought to life, and serves the others', async () => {
    const Broken = defineAgent({
      kind: 'broken',
      initial: (): { n: number } => {
        throw new Error('no state today');
      },
      handlers: { go() {} },
    });
    await using skep = await openSkep({ memory: true, kinds: [Broken, Counter], onWarning: () => {} });
    const broken = skep.agent(Broken, 'b');
    for (const work of [() => broken.go(), () => broken.state(), () => broken.go(), () => broken.info()]) {
      const error = await work().catch((thrown) => thrown);
      expect(error.name).toBe('SkepError');
    }
    expect(await skep.agent(Counter, 'a').increment(1)).toBe(1);
  });

  it('G13: keeps the old kinds when the new ones clash', async () => {
    await using skep = await openSkep({ memory: true, kinds: [Counter] });
    expect(() => skep.setKinds([Counter, Counter])).toThrowError(expect.objectContaining({ code: 'invalid-input' }));
    expect(await skep.agent(Counter, 'a').increment(1)).toBe(1);
    await refusal(openSkep({ memory: true, kinds: [Counter, Counter] }), 'invalid-input');
  });

  it('U7: lists by tenant, kind, tag, status and page', async () => {
    await using skep = await openSkep({ memory: true, kinds: [Counter] });
    for (const name of ['a', 'b', 'c']) await skep.agent(Counter, name).increment(1);
    await skep.agent(Counter, 'd', { tenant: 'other' }).increment(1);
    await skep.client.call(agentId({ tenant: 'default', kind: 'state', name: 's' }), 'update', { changes: [{ set: 'x', value: 1 }] });
    await skep.client.suspend(id('b'));
    const names = async (filter: Parameters<Skep['client']['list']>[0]) => (await skep.client.list(filter)).map((info) => info.name);
    expect(await names({})).toEqual(['a', 'b', 'c', 's', 'd']);
    expect(await names({ tenant: 'other' })).toEqual(['d']);
    expect(await names({ kind: 'state' })).toEqual(['s']);
    expect(await names({ tag: 'counting', tenant: 'default' })).toEqual(['a', 'b', 'c']);
    expect(await names({ status: 'suspended' })).toEqual(['b']);
    expect(await names({ limit: 2 })).toEqual(['a', 'b']);
    expect(await names({ after: id('b'), limit: 1 })).toEqual(['c']);
    expect(await names({ limit: 0 })).toEqual([]);
  });

  it('U8: watches acknowledged turns until told to stop', async () => {
    await using skep = await openSkep({ memory: true, kinds: [Counter] });
    const seen: number[] = [];
    const stop = await skep.client.watch((turns) => seen.push(...turns.map((turn) => turn.version)));
    await skep.agent(Counter, 'a').increment(1);
    await skep.agent(Counter, 'a').increment(1);
    await nextRound();
    stop();
    await skep.agent(Counter, 'a').increment(1);
    await nextRound();
    expect(seen).toEqual([1, 2]);
  });

  it('P1: cannot be changed through what it gave out, nor through what it was given', async () => {
    const Keeper = defineAgent({
      kind: 'keeper',
      initial: { list: [] as number[] },
      handlers: {
        keep(state, list: number[]) {
          state.list = list;
          return list;
        },
      },
      queries: { all: (state) => state.list },
    });
    await using skep = await openSkep({ memory: true, kinds: [Keeper] });
    const keeper = skep.agent(Keeper, 'k');
    const given = [1, 2];
    const under = keeper.keep(given);
    given.push(3);
    const returned = await under;
    const spoil = (list: number[]) => {
      try {
        list.push(99);
      } catch {
        // Frozen is as good as copied.
      }
    };
    spoil(returned);
    spoil((await keeper.state()).value.list);
    spoil(await keeper.all());
    spoil((await keeper.at(1)).value.list);
    expect((await keeper.state()).value).toEqual({ list: [1, 2] });
    expect((await keeper.at(1)).value).toEqual({ list: [1, 2] });
  });
});
