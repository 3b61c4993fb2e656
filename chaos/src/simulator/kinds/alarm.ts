import { defineAgent } from '@skep/actor';

export interface AlarmState {
  /** How often each timer was set, and how often it rang. */
  set: { [operation: string]: number };
  rung: { [operation: string]: number };
  beats: number;
  beatsLeft: number;
}

export const alarmKind = (passivateAfterMs: number) =>
  defineAgent({
    kind: 'alarm',
    initial: { set: {}, rung: {}, beats: 0, beatsLeft: 0 } as AlarmState,
    passivateAfterMs,
    handlers: {
      later(state, { op, afterMs }: { readonly op: string; readonly afterMs: number }, context) {
        state.set[op] = (state.set[op] ?? 0) + 1;
        context.timer(op, { afterMs }, 'ring', { op });
        return null;
      },
      ring(state, { op }: { readonly op: string }) {
        state.rung[op] = (state.rung[op] ?? 0) + 1;
      },
      start(state, { everyMs, times }: { readonly op: string; readonly everyMs: number; readonly times: number }, context) {
        state.beatsLeft += times;
        context.timer('beat', { everyMs }, 'beat');
        return state.beatsLeft;
      },
      beat(state, _input: null, context) {
        state.beats += 1;
        state.beatsLeft -= 1;
        if (state.beatsLeft <= 0) context.cancelTimer('beat');
      },
    },
    queries: { look: (state) => state },
  });
