/**
 * The swarm that is measured: 850 agents, each with a state of 2.4 KB of which a turn changes one field. The peers carry the same state.
 *
 *   talking   every agent has about one message under way: a turn takes one, changes its state and sends one to one of eight others
 *   calls     every agent has one caller, in this process, that awaits each reply before the next call
 */
import { setTimeout as pause } from 'node:timers/promises';
import { defineAgent, type OpenOptions, openSkep, type Skep } from '@skep/sdk';

export const AGENTS = 850;
const NEIGHBOURS = 8;
const MEMORIES = 50;

export interface AgentState {
  readonly id: string;
  step: number;
  readonly goal: string;
  readonly memory: { readonly text: string; readonly score: number }[];
  readonly tools: { readonly [name: string]: number };
}

/** 2.4 KB as JSON. */
export function initialState(name: string): AgentState {
  const memory = Array.from({ length: MEMORIES }, (_, index) => ({ text: `note ${index} of ${name}`, score: index / MEMORIES }));
  return { id: name, step: 0, goal: 'keep the plan in step with the others', memory, tools: { search: 0, read: 0, write: 0, run: 0, ask: 0 } };
}

/** Shared with the handlers: whether messages still beget messages, and how many turns ran. */
export interface Talk {
  live: boolean;
  turns: number;
}

export function workerKind(talk: Talk, { restsAfterMs }: { readonly restsAfterMs?: number } = {}) {
  return defineAgent({
    kind: 'worker',
    initial: initialState,
    ...(restsAfterMs === undefined ? {} : { passivateAfterMs: restsAfterMs }),
    handlers: {
      step(state, by: number) {
        talk.turns += 1;
        state.step += by;
        return state.step;
      },
      pass(state, hop: number, context) {
        talk.turns += 1;
        state.step += 1;
        const next = (Number(context.name) + 1 + ((hop * 5) % NEIGHBOURS) * 37) % AGENTS;
        if (talk.live) context.send({ kind: 'worker', name: String(next) }, 'pass', hop + 1);
      },
      /** As `pass`, to anyone. */
      toss(state, hop: number, context) {
        talk.turns += 1;
        state.step += 1;
        const next = Math.floor(context.random() * AGENTS);
        if (talk.live) context.send({ kind: 'worker', name: String(next) }, 'toss', hop + 1);
      },
      /** Asks another agent again and again; returns the microseconds that each answer took. */
      async survey(_state, input: { readonly to: string; readonly method: 'look' | 'step'; readonly times: number }, context) {
        const took: number[] = [];
        for (let time = 0; time < input.times; time += 1) {
          const startMs = performance.now();
          await context.ask({ kind: 'worker', name: input.to }, input.method, input.method === 'step' ? 1 : null);
          took.push((performance.now() - startMs) * 1000);
        }
        return took;
      },
    },
    queries: {
      look: (state) => state.step,
    },
  });
}

export type WorkerKind = ReturnType<typeof workerKind>;

/** What is asked of an agent here, however it is reached. */
export interface Worker {
  step(by: number): Promise<number>;
  pass(hop: number): Promise<unknown>;
  look(): Promise<number>;
}

export function workersOf(skep: Skep, kind: WorkerKind) {
  return Array.from({ length: AGENTS }, (_, index) => skep.agent(kind, String(index)));
}

export class Swarm {
  constructor(
    readonly talk: Talk,
    readonly agents: readonly Worker[],
  ) {}

  /** Turns a second of agents that talk to each other. Ends when every turn that was counted is acknowledged. */
  async talking(durationMs: number): Promise<number> {
    const { talk, agents } = this;
    talk.live = true;
    talk.turns = 0;
    const startMs = performance.now();
    await Promise.all(agents.map((agent, index) => agent.pass(index)));
    await pause(Math.max(0, durationMs - (performance.now() - startMs)));
    talk.live = false;
    // A query waits for the messages before it, and its answer for their records.
    await Promise.all(agents.map((agent) => agent.look()));
    return (talk.turns * 1000) / (performance.now() - startMs);
  }

  /** Turns a second of callers that each await their reply: `perAgent` of them on each of the agents. */
  async calls(
    durationMs: number,
    { agents = this.agents, perAgent = 1 }: { readonly agents?: readonly Worker[]; readonly perAgent?: number } = {},
  ): Promise<number> {
    let turns = 0;
    const startMs = performance.now();
    const loop = async (agent: Worker): Promise<void> => {
      while (performance.now() - startMs < durationMs) {
        await agent.step(1);
        turns += 1;
      }
    };
    await Promise.all(agents.flatMap((agent) => Array.from({ length: perAgent }, () => loop(agent))));
    return (turns * 1000) / (performance.now() - startMs);
  }
}

/** A swarm on a folder or in memory. */
export class OpenSwarm extends Swarm {
  private constructor(
    readonly skep: Skep,
    talk: Talk,
    override readonly agents: ReturnType<typeof workersOf>,
  ) {
    super(talk, agents);
  }

  /** All its agents exist when it is there. */
  static async open(where: Pick<OpenOptions, 'dir' | 'memory' | 'settleEveryMs'> & { readonly restsAfterMs?: number }): Promise<OpenSwarm> {
    const { restsAfterMs, ...options } = where;
    const talk: Talk = { live: false, turns: 0 };
    const kind = workerKind(talk, restsAfterMs === undefined ? {} : { restsAfterMs });
    const skep = await openSkep({ ...options, kinds: [kind] });
    const swarm = new OpenSwarm(skep, talk, workersOf(skep, kind));
    await Promise.all(swarm.agents.map((agent) => agent.step(1)));
    return swarm;
  }

  /** Batches that the lane has acknowledged. */
  async batches(): Promise<number> {
    return (await this.skep.client.status()).lane.batch;
  }

  close(): Promise<void> {
    return this.skep.close();
  }
}
