/** The kind that scenario files speak of. Steps wait until the scenario opens their door. */
import { defineAgent } from '@skep/actor';
import type { Value } from '@skep/kernel';
import { Door } from './hive.js';

export interface Outside {
  /** A step of an agent runs: the world outside sees it. */
  readonly ran: (text: string) => void;
  readonly doors: Map<string, Door<Value>>;
}

export function scenarioKind({ ran, doors }: Outside) {
  return defineAgent({
    kind: 'cell',
    initial: { count: 0, list: [] as Value[] },
    turnDeadlineMs: 10_000,
    supervision: { attemptsMax: 2, backoffMs: 100 },
    handlers: {
      add(state, by: number) {
        state.count += by;
        return state.count;
      },
      look: (state) => state.count,
      fail(state) {
        state.count = -1;
        throw new Error('no');
      },
      push(state, what: Value) {
        state.list.push(what);
      },
      send(state, { to, what }: { to: string; what: Value[] }, context) {
        state.count += 1;
        for (const each of what) context.send({ kind: 'cell', name: to }, 'push', each);
      },
      sendFail(_state, to: string, context) {
        context.send({ kind: 'cell', name: to }, 'fail');
      },
      async ask(state, to: string, context) {
        state.list.push(await context.ask({ kind: 'cell', name: to }, 'add', 1));
      },
      async steps(state, names: string[], context) {
        for (const name of names) {
          const result = await context.step(name, () => {
            ran(`${context.name} ${name}`);
            return (doors.get(name) ?? doors.set(name, new Door<Value>()).get(name))?.passed;
          });
          state.list.push(result as Value);
        }
        return state.list.length;
      },
      timer(_state, { name, ...options }: { name: string; afterMs?: number; everyMs?: number }, context) {
        context.timer(name, options, 'push', name);
      },
    },
    queries: { list: (state) => state.list },
  });
}
