import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineAgent, openSkep } from '../src/index.js';

const Counter = defineAgent({
  kind: 'counter',
  schema: z.object({ count: z.number().int(), notes: z.array(z.string()) }),
  initial: { count: 0, notes: [] },
  inputs: { increment: z.number().int() },
  handlers: {
    increment(state, by: number) {
      state.count += by;
      return state.count;
    },
    note(state, text: string, context) {
      state.notes.push(text);
      context.emit('noted', { text });
    },
    reset(state) {
      state.count = 0;
    },
  },
  queries: {
    total(state) {
      return state.count;
    },
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
    expect((await counter.state()).value).toEqual({ count: 2, notes: ['hello'] });
    await counter.reset();
    expect((await counter.at(1)).value.count).toBe(2);
    expect((await counter.history()).map((event) => event.type)).toEqual(['increment', 'note', 'noted', 'reset']);
  });
});
