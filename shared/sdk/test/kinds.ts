/** Kinds that several tests use. */
import { z } from 'zod';
import { defineAgent } from '../src/index.js';

export const Counter = defineAgent({
  kind: 'counter',
  schema: z.object({ count: z.number().int(), notes: z.array(z.string()) }),
  initial: { count: 0, notes: [] as string[] },
  inputs: { increment: z.number().int() },
  tags: ['counting'],
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

/** Keeps and returns whatever it is given. */
export const Box = defineAgent({
  kind: 'box',
  initial: { held: null as unknown },
  handlers: {
    put(state, held: unknown) {
      state.held = held;
    },
    /** Throws away what it is told to compute, so that code can hand over what no call can carry. */
    run(state, name: string) {
      return MAKERS.get(name)?.(state);
    },
  },
  queries: {
    get(state) {
      return state.held;
    },
    make(state, name: string) {
      return MAKERS.get(name)?.(state);
    },
  },
});

/** What a test wants to happen inside `run` and `make`. */
export const MAKERS = new Map<string, (state: { held: unknown }) => unknown>();
