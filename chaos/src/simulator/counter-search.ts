/** The counters' histories through the search, which trusts no version: a second opinion on what the version witness says (I1). */
import { type AgentId, parseAgentId, type Value } from '@skep/kernel';
import { type Ledger, placesOf } from '../invariants/ledger.js';
import { type Model, type SearchedOperation, searchLinearization } from '../invariants/linearizability.js';
import { groupByAgent, type Operation } from '../invariants/operation.js';
import { type Broken, broken } from '../invariants/violation.js';
import type { CounterState } from './kinds/counter.js';

/** A set of operation ids stands for the state: every one is counted once. */
type Counted = ReadonlySet<string>;
interface Input {
  readonly add: string | undefined;
}
/** Of an `add`: nothing to compare but that it took effect; of a read: which operations were counted. */
type Output = ReadonlySet<string> | 'done';

const OPERATIONS_MAX = 400;
const STEPS_MAX = 200_000;

const MODEL: Model<Counted, Input, Output> = {
  initial: new Set(),
  step(state, { add }, output) {
    if (add !== undefined) return state.has(add) ? undefined : new Set([...state, add]);
    if (output === undefined || output === 'done') return state;
    return output.size === state.size && [...output].every((id) => state.has(id)) ? state : undefined;
  },
  keyOf: (state) => String(state.size),
};

export function checkCounters(ledger: Ledger, operations: readonly Operation[]): readonly Broken[] {
  const found: Broken[] = [];
  for (const [agent, group] of groupByAgent(operations)) {
    if (parseAgentId(agent).kind !== 'counter' || group.length > OPERATIONS_MAX) continue;
    const verdict = searchLinearization(MODEL, historyOf(ledger, agent, group), { stepsMax: STEPS_MAX });
    if (verdict === 'illegal') found.push(broken('I1', `${agent}: no order of its operations explains what clients saw`));
  }
  return found;
}

function historyOf(ledger: Ledger, agent: AgentId, group: readonly Operation[]): readonly SearchedOperation<Input, Output>[] {
  const one = ledger.get(agent);
  const inLog = one === undefined ? new Map<string, readonly number[]>() : placesOf(one);
  const history: SearchedOperation<Input, Output>[] = [];
  for (const { id, kind, began, outcome } of group) {
    if (kind === 'write') {
      if (outcome.kind === 'acknowledged') history.push({ began, ended: outcome.ended, input: { add: id }, output: 'done' });
      else if (inLog.has(id)) history.push({ began, ended: Number.POSITIVE_INFINITY, input: { add: id }, output: undefined });
      continue;
    }
    if (outcome.kind !== 'acknowledged' || outcome.value === undefined) continue;
    history.push({ began, ended: outcome.ended, input: { add: undefined }, output: seenBy(outcome.value) });
  }
  return history;
}

/** What agents asked of the counter is not in the clients' history. */
function seenBy(value: Value): ReadonlySet<string> {
  return new Set(Object.keys((value as unknown as CounterState).seen).filter((op) => !op.endsWith(' ask')));
}
