/**
 * `skep demo best-of-n`: eight branches of one agent follow a work, each remembers something else of it. Every action that comes is
 * evidence: a memory that knew its words was the better one. At the end the most likely branch becomes the agent's state.
 */
import { type BranchInfo, isSkepError, openSkep, type SuperpositionHandle } from '@skep/sdk';
import { Rememberer, type RememberingState } from './rememberer.js';
import { likelihoodOf, remember, type SeenLine, STRATEGIES } from './strategies.js';
import { linesOf, type Work, type WorkStep } from './work.js';

/** What is shown after each step. */
export interface BranchesFrame {
  readonly work: string;
  /** From 1. */
  readonly step: number;
  readonly steps: number;
  readonly action: string;
  readonly branches: readonly Pick<BranchInfo, 'name' | 'weight'>[];
}

export interface BestOfN {
  readonly work: string;
  readonly agent: string;
  readonly steps: number;
  /** Pieces of evidence. */
  readonly evidence: number;
  readonly kept: string;
  readonly version: number;
  readonly branches: readonly { readonly name: string; readonly weight: number; readonly bytes: number }[];
  readonly memory: readonly string[];
}

export interface BestOfNTask {
  readonly work: Work;
  /** Undefined: in memory. */
  readonly dir: string | undefined;
  readonly show: (frame: BranchesFrame) => Promise<void>;
}

/** @throws SkepError */
export async function bestOfN({ work, dir, show }: BestOfNTask): Promise<BestOfN> {
  await using skep = await openSkep({ ...(dir === undefined ? { memory: true } : { dir }), kinds: [Rememberer] });
  const agent = skep.agent(Rememberer, work.name);
  await skep.client.create(agent.id).catch((error) => {
    if (!isSkepError(error, 'agent-exists')) throw error;
  });
  const race = agent.superposition(`best of ${STRATEGIES.length} at ${new Date().toISOString()}`);
  const begun = STRATEGIES.map(({ name }) => [name, { work: 'under-way' } as const] as const);
  let info = await race.create(Object.fromEntries(begun));
  const lines: SeenLine[] = [];
  let evidence = 0;
  for (const [at, step] of work.steps.entries()) {
    if (at > 0 && step.action !== '') {
      info = await race.evidence(await judged(step, race), `step ${at + 1}`);
      evidence += 1;
    }
    lines.push(...linesOf(step, at + 1));
    for (const strategy of STRATEGIES) {
      if (info.branches.some(({ name }) => name === strategy.name))
        await race.change(strategy.name, stateOf(strategy.name, at + 1, remember(strategy, lines)));
    }
    await show({ work: work.name, step: at + 1, steps: work.steps.length, action: step.action, branches: info.branches });
  }
  for (const { name } of info.branches) info = await race.commit(name);
  const { value, version } = await race.collapse('weight');
  return {
    ...{ work: work.name, agent: agent.id, steps: work.steps.length, evidence, kept: value.strategy, version },
    branches: info.branches.map(({ name, weight, bytes }) => ({ name, weight, bytes })),
    memory: value.memory,
  };
}

/** How well each branch foresaw the step. */
async function judged(step: WorkStep, race: SuperpositionHandle<RememberingState>): Promise<Record<string, number>> {
  const { branches } = await race.show();
  const found = await Promise.all(branches.map(async ({ name }) => [name, likelihoodOf(step.action, (await race.state(name)).memory)] as const));
  return Object.fromEntries(found);
}

function stateOf(strategy: string, steps: number, memory: string[]): RememberingState {
  return { steps, strategy, memory };
}
