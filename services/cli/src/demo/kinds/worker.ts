import { defineAgent } from '@skep/sdk';
import { reviewersOf, teamOf } from '../cast.js';
import { NOTHING_YET, type Remembering, remember, type Told, take } from './memory.js';

interface WorkerState extends Remembering {
  /** What it knows of its team's plan. */
  plan: { goal: string; revision: number; open: number };
  task: { id: string; title: string } | null;
  taken: number;
  belief: string | null;
}

/** Every so many observations the planner hears of one. */
const REPORT_EVERY = 4;

/** Works on tasks, looks around, remembers. */
export const Worker = defineAgent({
  kind: 'worker',
  tags: ['demo'],
  initial: (): WorkerState => ({
    ...structuredClone(NOTHING_YET),
    plan: { goal: '', revision: 0, open: 0 },
    task: null,
    taken: 0,
    belief: null,
  }),
  handlers: {
    observe(state, input: Told & { readonly fact: string }, context) {
      remember(state, input.fact);
      if (state.calls % REPORT_EVERY === 0) {
        context.send({ kind: 'planner', name: teamOf(context.name) }, 'progress', { worker: context.name, fact: input.fact });
      }
      return take(state, input, context);
    },
    /** Asks its planner how the plan stands, and keeps what it hears. */
    async consult(state, input: Told, context) {
      const outline = (await context.ask({ kind: 'planner', name: teamOf(context.name) }, 'outline')) as unknown as WorkerState['plan'];
      state.plan = outline;
      remember(state, `the plan is at revision ${outline.revision}, ${outline.open} tasks are open`);
      return take(state, input, context);
    },
    take(state, { task, title, revision }: { readonly task: string; readonly title: string; readonly revision: number }, context) {
      state.task = { id: task, title };
      state.taken += 1;
      state.plan.revision = revision;
      const reviewers = reviewersOf(teamOf(context.name));
      const reviewer = reviewers[state.taken % reviewers.length] ?? '';
      context.send({ kind: 'reviewer', name: reviewer }, 'review', { task, worker: context.name, round: 1 });
    },
    rework(state, { task, reviewer }: { readonly task: string; readonly reviewer: string }, context) {
      remember(state, `${reviewer} sent ${task} back`);
      context.send({ kind: 'reviewer', name: reviewer }, 'review', { task, worker: context.name, round: 2 });
    },
    /** Somebody else asks for advice: a turn of this agent within a turn of the other. */
    advise(state, { reviewer }: { readonly reviewer: string }) {
      remember(state, `told ${reviewer} what it knows`);
      return state.memories.at(0) ?? 'nothing yet';
    },
    /** The wrong turn: it believes what it hears and throws away what it knew. */
    trust(state, input: Told & { readonly rumour: string }, context) {
      state.belief = input.rumour;
      state.memories = [];
      state.task = null;
      return take(state, input, context);
    },
    /** The other way: it asks somebody who knows before it believes. */
    async examine(state, input: Told & { readonly rumour: string }, context) {
      const [reviewer = ''] = reviewersOf(teamOf(context.name));
      const verdict = await context.ask({ kind: 'reviewer', name: reviewer }, 'judge', input.rumour);
      remember(state, `${reviewer} says of "${input.rumour}": ${String(verdict)}`);
      return take(state, input, context);
    },
  },
});
