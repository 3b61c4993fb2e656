/**
 * A step of an agent's real work, and how the agent's state grows by it.
 *
 * What a trajectory's step says is one event; the conversation, the open file, the working directory and the costs grow as they did when
 * the agent worked.
 */
import type { Value } from '@skep/kernel';

type JsonObject = { readonly [key: string]: Value };

export interface Step {
  /** What joined the conversation. */
  readonly messages: readonly Value[];
  readonly thought: Value;
  readonly action: Value;
  readonly observation: Value;
  /** What the tools said about themselves: `open_file`, `working_dir` and others. Null when they said nothing. */
  readonly tools: JsonObject | null;
  /** Seconds. */
  readonly executionTime: number | null;
  /** Only in the first step: where the agent worked. */
  readonly environment?: Value;
  /** Only in the last step: how it ended and what it had cost. */
  readonly info?: JsonObject;
}

export interface TrajectoryState {
  environment: Value;
  steps: number;
  messages: Value[];
  openFile: Value;
  workingDir: Value;
  tools: { [key: string]: Value };
  last: { thought: Value; action: Value; observation: Value };
  /** Seconds. */
  executionTime: number;
  costs: { [key: string]: Value };
  exitStatus: Value;
  submission: Value;
  info: { [key: string]: Value };
}

export const TRAJECTORY_START: TrajectoryState = {
  environment: null,
  steps: 0,
  messages: [],
  openFile: null,
  workingDir: null,
  tools: {},
  last: { thought: null, action: null, observation: null },
  executionTime: 0,
  costs: { instance_cost: 0, tokens_sent: 0, tokens_received: 0, api_calls: 0 },
  exitStatus: null,
  submission: null,
  info: {},
};

/** Works on a plain object as on a draft: the same code is the handler and the independent check. */
export function grow(state: TrajectoryState, step: Step): void {
  state.steps += 1;
  for (const message of step.messages) state.messages.push(message);
  state.last = { thought: step.thought, action: step.action, observation: step.observation };
  if (step.environment !== undefined) state.environment = step.environment;
  if (step.executionTime !== null) state.executionTime += step.executionTime;
  if (step.tools !== null) {
    // `n/a` is how the tools say that no file is open.
    state.openFile = step.tools.open_file === 'n/a' ? null : (step.tools.open_file ?? null);
    state.workingDir = step.tools.working_dir ?? state.workingDir;
    state.tools = step.tools;
  }
  // One step asks the model once; the file tells the true figures at its end.
  state.costs.api_calls = state.steps;
  if (step.info !== undefined) finish(state, step.info);
}

function finish(state: TrajectoryState, info: JsonObject): void {
  const { model_stats: costs, exit_status: exitStatus, submission, ...rest } = info;
  if (isObject(costs)) state.costs = { ...costs };
  state.exitStatus = exitStatus ?? null;
  state.submission = submission ?? null;
  state.info = rest;
}

export function isObject(value: Value | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date) && !(value instanceof Uint8Array);
}
