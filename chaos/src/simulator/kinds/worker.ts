import { defineAgent } from '@skep/actor';
import type { AgentId } from '@skep/kernel';

export interface WorkerState {
  done: { [operation: string]: number };
}

export interface Work {
  readonly op: string;
  /** How long each step takes, in ms. */
  readonly steps: readonly number[];
  /** A counter that is asked, too. */
  readonly ask: string | null;
}

/** What steps reach. */
export interface StepWorld {
  effect(effect: {
    readonly agent: AgentId;
    readonly operation: string;
    readonly step: string;
    readonly occurrence: number;
    readonly id: string;
  }): void;
  sleep(ms: number): Promise<void>;
}

export const workerKind = (passivateAfterMs: number, world: StepWorld) =>
  defineAgent({
    kind: 'worker',
    initial: { done: {} } as WorkerState,
    passivateAfterMs,
    handlers: {
      async work(state, { op, steps, ask }: Work, context) {
        let sum = 0;
        for (const [index, ms] of steps.entries()) {
          sum += await context.step('fetch', async ({ id }) => {
            world.effect({ agent: context.agent, operation: op, step: 'fetch', occurrence: index + 1, id });
            await world.sleep(ms);
            return ms;
          });
        }
        if (ask !== null) await context.ask({ kind: 'counter', name: ask }, 'add', { op: `${op} ask`, by: 1 });
        state.done[op] = (state.done[op] ?? 0) + 1;
        return sum;
      },
    },
    queries: { look: (state) => state },
  });
