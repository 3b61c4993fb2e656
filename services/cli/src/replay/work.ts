/**
 * The work of one agent: its steps in order, and what was acknowledged of them.
 *
 * - R1 Steps are sent in order and acknowledged in order; what is acknowledged is always a beginning.
 * - R2 A step keeps its operation id however often it is sent, so that it takes effect once.
 */
import { randomBytes } from 'node:crypto';
import { type AgentId, agentId, type OperationId, operationId, SkepError, type Value } from '@skep/kernel';
import type { Client, Reply } from '@skep/sdk';
import { treeOf } from '@skep/state';
import { TENANT_DEFAULT } from '../arguments/agent-address.js';
import { grow, type Step, TRAJECTORY_START, type TrajectoryState } from './step.js';
import { type TrajectoryFile, withinLimit } from './trajectory-file.js';
import { Trajectory } from './trajectory-kind.js';

export class AgentWork {
  readonly agent: AgentId;
  readonly #operations: OperationId[] = [];
  /** Steps acknowledged. */
  #acknowledged = 0;
  /** The state as it must be after what was acknowledged, grown here and nowhere else. */
  readonly #state: TrajectoryState = structuredClone(TRAJECTORY_START);

  constructor(
    readonly file: string,
    name: string,
    readonly steps: readonly Step[],
  ) {
    this.agent = agentId({ tenant: TENANT_DEFAULT, kind: Trajectory.kind, name });
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Sends one step; counts it when its reply comes. @throws SkepError, also when the reply tells of another step than it must */
  async send(client: Client, at: number): Promise<void> {
    const step = this.steps[at];
    if (step === undefined) throw new SkepError('internal', { message: `there is no step ${at}`, id: this.agent });
    const reply = await client.call(this.agent, 'step', step as unknown as Value, { operation: this.operation(at) });
    this.#acknowledge(at, step, reply);
  }

  /** The id of a step's call, made when it is first asked for: it carries its time, and an old one is refused. */
  operation(at: number): OperationId {
    this.#operations[at] ??= operationId(Date.now(), randomBytes(10));
    return this.#operations[at];
  }

  /** Root of what was acknowledged. */
  root(): string {
    return treeOf(this.#state).root();
  }

  #acknowledge(at: number, step: Step, reply: Reply): void {
    // The reply to a step that is sent again is the remembered one, while the version may have moved on.
    if (at !== this.#acknowledged || reply.value !== at + 1) {
      throw new SkepError('internal', {
        message: `step ${at + 1} was acknowledged as step ${reply.value}, after ${this.#acknowledged} steps`,
        id: this.agent,
      });
    }
    this.#acknowledged += 1;
    grow(this.#state, step);
  }
}

/** One agent a file; files of the same name get agents of their own. */
export function worksOf(files: readonly TrajectoryFile[]): readonly AgentWork[] {
  const taken = new Set<string>();
  return files.map(({ file, name, steps }) => {
    let free = name;
    for (let number = 2; taken.has(free); number += 1) free = withinLimit(`${name}-${number}`);
    taken.add(free);
    return new AgentWork(file, free, steps);
  });
}
