import { defineAgent } from '@skep/actor';

export interface CounterState {
  count: number;
  /** How often each operation took effect; the agent itself does not look at it. */
  seen: { [operation: string]: number };
}

export interface Add {
  readonly op: string;
  readonly by: number;
}

export const counterKind = (passivateAfterMs: number) =>
  defineAgent({
    kind: 'counter',
    initial: { count: 0, seen: {} } as CounterState,
    passivateAfterMs,
    handlers: {
      add(state, { op, by }: Add) {
        state.count += by;
        state.seen[op] = (state.seen[op] ?? 0) + 1;
        return state.count;
      },
    },
    queries: {
      look: (state) => state,
      /** The state after a while of reading: whatever happens meanwhile must not show. */
      async past(state, _input: null, context) {
        const events = await context.history();
        return { state, events: events.map(({ position, version, type }) => ({ position, version, type })) };
      },
    },
  });
