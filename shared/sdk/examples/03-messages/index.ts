/**
 * Three agents that share work: a desk hands out tasks, a worker does them, an auditor is asked before anything is paid.
 *
 * `ctx.send` is a message: it leaves when its turn is committed, arrives once and in order, whatever crashes.
 * `ctx.ask` awaits a reply. `ctx.timer` is an alarm clock that survives the process, too.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { defineAgent, openSkep } from '@skep/sdk';

const Desk = defineAgent({
  kind: 'desk',
  initial: { open: [] as string[], done: [] as string[], reminders: 0 },
  handlers: {
    order(state, task: string, ctx) {
      state.open.push(task);
      ctx.send({ kind: 'worker', name: 'bea' }, 'work', { task, replyTo: ctx.name });
      ctx.timer('remind', { everyMs: 50 }, 'remind');
    },
    finished(state, { task }: { task: string }, ctx) {
      state.open = state.open.filter((each) => each !== task);
      state.done.push(task);
      if (state.open.length === 0) ctx.cancelTimer('remind');
    },
    remind(state) {
      state.reminders += 1;
    },
  },
});

const Worker = defineAgent({
  kind: 'worker',
  initial: { hours: 0 },
  handlers: {
    async work(state, { task, replyTo }: { task: string; replyTo: string }, ctx) {
      // Others may look at this agent while it waits; its next message has to wait for this turn.
      const allowed = await ctx.ask({ kind: 'auditor', name: 'aud' }, 'mayPay', { task, hours: task.length });
      if (allowed !== true) return;
      state.hours += task.length;
      ctx.send({ kind: 'desk', name: replyTo }, 'finished', { task });
    },
  },
});

const Auditor = defineAgent({
  kind: 'auditor',
  initial: { spent: 0, refused: [] as string[] },
  handlers: {
    mayPay(state, { task, hours }: { task: string; hours: number }) {
      if (state.spent + hours > 30) {
        state.refused.push(task);
        return false;
      }
      state.spent += hours;
      return true;
    },
  },
});

export async function main(dir: string, print: (line: string) => void): Promise<void> {
  await using skep = await openSkep({ dir, kinds: [Desk, Worker, Auditor] });
  const desk = skep.agent(Desk, 'front');
  for (const task of ['sweep the hive', 'count honey', 'paint the whole meadow blue']) await desk.order(task);

  // Nobody has to wait for messages; this program does, to have something to print.
  const auditor = skep.agent(Auditor, 'aud');
  const isOver = async () => {
    const { done, reminders } = (await desk.state()).value;
    return done.length === 2 && reminders > 0 && (await auditor.state()).value.refused.length === 1;
  };
  while (!(await isOver())) await pause(10);
  const { done, open } = (await desk.state()).value;
  print(`done: ${done.join(', ')}`);
  print(`open: ${open.join(', ')}`);
  print(`hours paid: ${(await skep.agent(Worker, 'bea').state()).value.hours}`);
}

if (process.argv[1] === import.meta.filename) await main('.skep', console.log);
