import { defineAgent } from '@skep/sdk';
import { workersOf } from '../cast.js';
import { NOTHING_YET, type Remembering, remember, type Told, take } from './memory.js';

interface Task {
  title: string;
  worker: string;
  status: 'given' | 'done';
}

interface PlannerState extends Remembering {
  goal: string;
  /** The plan that the team shares. */
  plan: { revision: number; tasks: { [id: string]: Task } };
  given: number;
  done: number;
  sentBack: number;
}

/** Tasks of the plan; older ones leave it. */
const TASKS_MAX = 12;

/** Leads a team: gives tasks to its workers and learns from its reviewers how they went. */
export const Planner = defineAgent({
  kind: 'planner',
  tags: ['demo'],
  initial: (team: string): PlannerState => ({
    ...structuredClone(NOTHING_YET),
    goal: `map the meadows of the ${team}`,
    plan: { revision: 0, tasks: {} },
    given: 0,
    done: 0,
    sentBack: 0,
  }),
  handlers: {
    assign(state, input: Told & { readonly title: string }, context) {
      const workers = workersOf(context.name);
      const worker = workers[state.given % workers.length] ?? '';
      state.given += 1;
      const id = `task-${state.given}`;
      state.plan.tasks[id] = { title: input.title, worker, status: 'given' };
      delete state.plan.tasks[`task-${state.given - TASKS_MAX}`];
      state.plan.revision += 1;
      context.send({ kind: 'worker', name: worker }, 'take', { task: id, title: input.title, revision: state.plan.revision });
      return take(state, input, context);
    },
    finished(state, { task, worker, rounds }: { readonly task: string; readonly worker: string; readonly rounds: number }) {
      const planned = state.plan.tasks[task];
      if (planned !== undefined) planned.status = 'done';
      state.done += 1;
      state.sentBack += rounds - 1;
      remember(state, `${worker} finished ${task}${rounds > 1 ? ' at the second try' : ''}`);
    },
    progress(state, { worker, fact }: { readonly worker: string; readonly fact: string }) {
      remember(state, `${worker} reports: ${fact}`);
    },
  },
  queries: {
    outline(state) {
      return {
        goal: state.goal,
        revision: state.plan.revision,
        open: Object.values(state.plan.tasks).filter(({ status }) => status === 'given').length,
      };
    },
  },
});
