import { type AgentId, parseAgentId, SkepError, type Value } from '@skep/kernel';
import type { AgentEvent } from '@skep/protocol';
import type { Tree } from '@skep/state';
import type { QueryContext } from './context.js';
import type { HistoryRange } from './historian.js';
import type { AnyKind } from './kind.js';
import { checkInput, handlerError, replyValue } from './method.js';

export interface QueryTask {
  readonly kind: AnyKind;
  readonly method: string;
  readonly input: Value;
  readonly agent: AgentId;
  readonly version: number;
  readonly tree: Tree;
  readonly nowMs: number;
}

/** Runs a query on a frozen state. @throws SkepError what the query threw, or `handler-failed` */
export async function answerQuery(task: QueryTask, history: (range: HistoryRange) => Promise<readonly AgentEvent[]>): Promise<Value> {
  const { kind, method, agent, version, tree, nowMs } = task;
  const query = kind.queries.get(method);
  if (query === undefined) throw new SkepError('unknown-method', { message: `kind ${kind.kind} has no query ${method}`, id: agent });
  const input = checkInput(kind, method, task.input);
  const context: QueryContext = { agent, ...parseAgentId(agent), version, now: () => nowMs, history: (range = {}) => history(range) };
  try {
    const state = tree.value();
    const result = await query(state, input as never, context);
    // The state itself is a checked value already.
    return result === state ? state : replyValue(result);
  } catch (error) {
    throw handlerError(error, { agent, method });
  }
}
