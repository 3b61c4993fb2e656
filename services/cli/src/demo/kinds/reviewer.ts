import { defineAgent } from '@skep/sdk';
import { teamOf, workersOf } from '../cast.js';
import { NOTHING_YET, type Remembering, remember, type Told, take } from './memory.js';

interface ReviewerState extends Remembering {
  reviewed: number;
  sentBack: number;
}

const SENT_BACK_SHARE = 0.15;

/** Judges the work of its team, sends some of it back, and talks with the workers. */
export const Reviewer = defineAgent({
  kind: 'reviewer',
  tags: ['demo'],
  initial: (): ReviewerState => ({ ...structuredClone(NOTHING_YET), reviewed: 0, sentBack: 0 }),
  handlers: {
    review(state, { task, worker, round }: { readonly task: string; readonly worker: string; readonly round: number }, context) {
      state.reviewed += 1;
      if (round === 1 && context.random() < SENT_BACK_SHARE) {
        state.sentBack += 1;
        context.send({ kind: 'worker', name: worker }, 'rework', { task, reviewer: context.name });
        return;
      }
      context.send({ kind: 'planner', name: teamOf(context.name) }, 'finished', { task, worker, rounds: round });
    },
    reflect(state, input: Told & { readonly fact: string }, context) {
      remember(state, `after ${state.reviewed} reviews: ${input.fact}`);
      return take(state, input, context);
    },
    /** Asks a worker what it knows, and remembers the answer. */
    async mentor(state, input: Told, context) {
      const workers = workersOf(teamOf(context.name));
      const worker = workers[Math.floor(context.random() * workers.length)] ?? '';
      const advice = await context.ask({ kind: 'worker', name: worker }, 'advise', { reviewer: context.name });
      remember(state, `${worker} knows: ${String(advice)}`);
      return take(state, input, context);
    },
  },
  queries: {
    judge(state, rumour: string) {
      return state.reviewed >= 0 && rumour.length > 0 ? 'not true' : 'unknown';
    },
  },
});
