import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { type AgentHandle, type Context, defineAgent, openSkep } from '../src/index.js';
import { Counter } from './kinds.js';

const Typed = defineAgent({
  kind: 'typed',
  initial: { words: [] as string[] },
  handlers: {
    add(state, word: string) {
      state.words.push(word);
      return { count: state.words.length };
    },
    addLater: async (state, { word }: { word: string }) => {
      state.words.push(word);
      return word.length;
    },
    addMaybe(state, word?: string) {
      state.words.push(word ?? 'nothing');
    },
    anything(_state, _input: unknown) {
      return true;
    },
    nothing(_state, _input: null) {},
    /** Names that a handle keeps for itself. */
    state(_state) {
      return 'a handler called state';
    },
    // biome-ignore lint/suspicious/noThenProperty: a kind may well have such a method, and its handle must not be taken for a promise.
    then(_state) {
      return 'a handler called then';
    },
  },
  queries: {
    last: (state) => state.words.at(-1),
  },
});

const Superposing = defineAgent({
  kind: 'superposing',
  initial: { words: [] as string[] },
  handlers: {
    async best(_state, _input: null, ctx) {
      const { winner, value, branches } = await ctx.superpose(3, async (branch) => {
        expectTypeOf(branch.state).toEqualTypeOf<{ words: string[] }>();
        const inner = await branch.superpose(2, (leaf) => leaf.state.words.length);
        expectTypeOf(inner.value).toEqualTypeOf<number>();
        return (await branch.step('say', () => 'word')) + inner.value;
      });
      expectTypeOf(winner).toEqualTypeOf<number>();
      expectTypeOf(value).toEqualTypeOf<string>();
      return [value, branches.length] as const;
    },
    /** A context that is annotated serves a state of any type. */
    plain: async (_state, _input: null, ctx: Context) => (await ctx.superpose(1, (branch) => branch.index)).value,
  },
});

describe('U1: a kind is typed from its definition to its handle', () => {
  it('P1: types the state, the inputs and the replies', async () => {
    await using skep = await openSkep({ memory: true, kinds: [Counter] });
    const counter = skep.agent(Counter, 'a1');
    const total: number = await counter.increment(2);
    expect(total).toBe(2);
    await counter.note('hello');
    const seen: number = await counter.total();
    expect(seen).toBe(2);
    // @ts-expect-error an input of another type is refused by the compiler, and by the schema
    await expect(counter.increment('two')).rejects.toMatchObject({ code: 'invalid-input' });
    // @ts-expect-error an input may not be left out when the handler wants one
    await expect(counter.increment()).rejects.toMatchObject({ code: 'invalid-input' });
    expect((await counter.state()).value).toEqual({ count: 2, notes: ['hello'] });
    await counter.reset();
    expect((await counter.at(1)).value.count).toBe(2);
    expect((await counter.history()).map((event) => event.type)).toEqual(['increment', 'note', 'noted', 'reset']);
  });

  it('types optional, absent and promised inputs and replies', async () => {
    await using skep = await openSkep({ memory: true, kinds: [Typed] });
    const typed = skep.agent(Typed, 't');
    expectTypeOf(typed.add).parameters.toEqualTypeOf<[string]>();
    expectTypeOf(typed.addLater).returns.resolves.toEqualTypeOf<number>();
    expectTypeOf(typed.addMaybe).parameters.toEqualTypeOf<[(string | undefined)?]>();
    expectTypeOf(typed.last).parameters.toEqualTypeOf<[undefined?]>();
    expectTypeOf((await typed.state()).value.words).toEqualTypeOf<string[]>();
    expect(await typed.add('one')).toEqual({ count: 1 });
    expect(await typed.addLater({ word: 'three' })).toBe(5);
    await typed.addMaybe();
    await typed.addMaybe('four');
    await typed.nothing();
    expect(await typed.anything({ at: 1 })).toBe(true);
    expect(await typed.anything()).toBe(true);
    expect(await typed.last()).toBe('four');
    // @ts-expect-error there is no such method
    expect(typed.remove).toBeUndefined();
    // @ts-expect-error a query takes no input here
    await typed.last('x');
  });

  it('keeps methods of its own reachable through call, and is no promise', async () => {
    await using skep = await openSkep({ memory: true, kinds: [Typed] });
    const typed = await skep.agent(Typed, 't');
    expect((await typed.state()).version).toBe(0);
    expect((await typed.call('state')).value).toBe('a handler called state');
    expect('then' in typed).toBe(false);
    await typed.add('one');
    const copy = await typed.branch('t2');
    expect((await copy.call('then')).value).toBe('a handler called then');
    expectTypeOf(copy).toEqualTypeOf<typeof typed>();
    expectTypeOf(typed.id).toBeString();
  });

  it('lets a function take any handle of a kind', async () => {
    type CounterHandle = typeof Counter extends import('../src/index.js').AgentKind<infer State, infer Handlers, infer Queries>
      ? AgentHandle<State, Handlers, Queries>
      : never;
    const twice = async (counter: CounterHandle): Promise<number> => {
      await counter.increment(1);
      return counter.increment(1);
    };
    await using skep = await openSkep({ memory: true, kinds: [Counter] });
    expect(await twice(skep.agent(Counter, 'a'))).toBe(2);
  });

  it('refuses by the compiler a handler whose state is another one', () => {
    defineAgent({
      kind: 'wrong',
      schema: z.object({ count: z.number() }),
      initial: { count: 0 },
      handlers: {
        add(state) {
          // @ts-expect-error the state has no such field
          state.total = 1;
        },
      },
    });
    // @ts-expect-error the initial state does not fit the schema
    defineAgent({ kind: 'wrong', schema: z.object({ count: z.number() }), initial: { count: 'none' }, handlers: {} });
  });

  it('V3: types the states of branches, in handlers and on handles', async () => {
    await using skep = await openSkep({ memory: true, kinds: [Superposing] });
    const agent = skep.agent(Superposing, 'a');
    expect(await agent.best()).toEqual(['word0', 3]);
    expect(await agent.plain()).toBe(0);
    await skep.client.create(agent.id).catch(() => {});
    const tried = agent.superposition('tried');
    await tried.create({ one: { state: { words: ['one'] } } });
    expectTypeOf(await tried.state('one')).toEqualTypeOf<{ words: string[] }>();
    // @ts-expect-error the state of this kind has words
    await tried.add('two', { state: { word: 'two' } });
    expectTypeOf((await tried.collapse('first')).value).toEqualTypeOf<{ words: string[] }>();
  });
});
