/**
 * What the benchmark runs in processes of its own, each started with a role and a folder:
 *
 *   load     holds the folder, works until it is killed, tells which steps were acknowledged
 *   reopen   takes the folder over, and tells how long its agents took to answer
 *   call     calls the agents of a folder that another process holds, through its socket
 */
import { setTimeout as pause } from 'node:timers/promises';
import { agentId, connectSkep, openSkep } from '@skep/sdk';
import type { FromChild, ToChild } from './child-message.js';
import { AGENTS, OpenSwarm, type Talk, type Worker, workerKind, workersOf } from './swarm.js';

const TELL_EVERY_MS = 20;
const UNTIL_KILLED_MS = 1_000_000_000;

async function load({ dir }: Extract<ToChild, { role: 'load' }>): Promise<void> {
  const swarm = await OpenSwarm.open({ dir });
  const acknowledged = new Array<number>(AGENTS).fill(0);
  const work = async (agent: Worker, index: number): Promise<void> => {
    for (;;) acknowledged[index] = await agent.step(1);
  };
  for (const [index, agent] of swarm.agents.entries()) void work(agent, index);
  void swarm.talking(UNTIL_KILLED_MS);
  for (;;) {
    tell({ kind: 'acknowledged', steps: acknowledged });
    await pause(TELL_EVERY_MS);
  }
}

async function reopen({ dir }: Extract<ToChild, { role: 'reopen' }>): Promise<void> {
  const talk: Talk = { live: false, turns: 0 };
  const kind = workerKind(talk);
  const startMs = performance.now();
  const skep = await openSkep({ dir, kinds: [kind] });
  const openMs = performance.now() - startMs;
  const agents = workersOf(skep, kind);
  let firstMs: number | undefined;
  const answer = async (agent: Worker): Promise<number> => {
    const steps = await agent.step(1);
    firstMs ??= performance.now() - startMs;
    return steps;
  };
  const steps = await Promise.all(agents.map(answer));
  const allMs = performance.now() - startMs;
  const recovered = await skep.recovered;
  tell({ kind: 'reopened', openMs, firstMs: firstMs ?? allMs, allMs, recovered: recovered.agents, steps });
  await skep.close();
}

async function call({ dir, operations, rounds, roundMs, callers }: Extract<ToChild, { role: 'call' }>): Promise<void> {
  const client = await connectSkep(dir);
  if (client === undefined) throw new Error('nobody holds the folder');
  const agents = Array.from({ length: AGENTS }, (_, index) => agentId({ tenant: 'default', kind: 'worker', name: String(index) }));
  const step = (index: number) => client.call(agents[index % AGENTS] as (typeof agents)[number], 'step', 1);
  const sequentialMs: number[] = [];
  for (let each = -Math.ceil(operations / 5); each < operations; each += 1) {
    const startMs = performance.now();
    await step(0);
    if (each >= 0) sequentialMs.push(performance.now() - startMs);
  }
  const rates: number[] = [];
  for (let round = -1; round < rounds; round += 1) {
    let calls = 0;
    const startMs = performance.now();
    const loop = async (caller: number): Promise<void> => {
      for (let at = caller; performance.now() - startMs < roundMs; at += callers) {
        await step(at);
        calls += 1;
      }
    };
    await Promise.all(Array.from({ length: callers }, (_, caller) => loop(caller)));
    if (round >= 0) rates.push((calls * 1000) / (performance.now() - startMs));
  }
  tell({ kind: 'called', sequentialMs, rates });
  await client.close();
}

function tell(message: FromChild): void {
  process.send?.(message);
}

process.once('message', (task: ToChild) => {
  const role = { load, reopen, call }[task.role] as (task: ToChild) => Promise<void>;
  role(task).then(
    () => process.disconnect(),
    (error) => {
      tell({ kind: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      process.exitCode = 1;
      process.disconnect();
    },
  );
});
// The benchmark is gone: so is the reason to go on.
process.once('disconnect', () => process.exit());
