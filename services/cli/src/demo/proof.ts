/**
 * Compares what the swarm recovered with what a surviving process saw.
 *
 * - J1 Every acknowledged call stands in its agent's log, once, at the version that its receipt named: no other call carries its number.
 * - J2 Each agent's account of its calls is the judge's own account, to the number.
 * - J3 The events of each agent, folded by plain code that knows no tree, give the very content whose root the agent shows.
 * - J4 Versions of an agent have no gaps, and no two calls were given the same one.
 */
import { type AgentId, parseAgentId, type Value } from '@skep/kernel';
import type { AgentEvent } from '@skep/protocol';
import type { Client } from '@skep/sdk';
import { treeOf } from '@skep/state';
import { readHistory } from '../replay/verification.js';
import { CAST } from './cast.js';
import { fold } from './fold.js';
import { DEMO_KINDS } from './kinds/index.js';
import type { Remembering } from './kinds/memory.js';
import type { Acknowledged, Ledger } from './ledger.js';

export interface Proof {
  readonly acknowledged: number;
  /** Acknowledged calls that are not in the log as their receipts say. */
  readonly lost: number;
  /** Calls that stand in a log more than once, and versions that two calls were given. */
  readonly doubled: number;
  /** Versions that no event made. */
  readonly gaps: number;
  readonly events: number;
  readonly rootsEqual: number;
  readonly accountsEqual: number;
  /** Wall-clock ms of each call's event by the call's number, for telling what was committed before a crash. */
  readonly timeOf: ReadonlyMap<number, number>;
}

/** Agents whose logs are read at once; more would only fill memory. */
const READ_AT_ONCE = 4;

/** No call may be in flight. @param judged called after each agent */
export async function prove(client: Client, ledger: Ledger, judged: () => void): Promise<Proof> {
  const sum = { lost: 0, doubled: 0, gaps: 0, events: 0, rootsEqual: 0, accountsEqual: 0 };
  const timeOf = new Map<number, number>();
  const left = [...CAST];
  const judge = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const judgement = await judgeAgent(client, { agent: next.agent, ledger, acknowledged: ledger.entriesOf(next.agent), timeOf });
      for (const key of ['lost', 'doubled', 'gaps', 'events', 'rootsEqual', 'accountsEqual'] as const) sum[key] += judgement[key];
      judged();
    }
  };
  await Promise.all(Array.from({ length: READ_AT_ONCE }, judge));
  return { acknowledged: ledger.count, ...sum, timeOf };
}

interface Case {
  readonly agent: AgentId;
  readonly ledger: Ledger;
  readonly acknowledged: readonly Acknowledged[];
  readonly timeOf: Map<number, number>;
}

async function judgeAgent(client: Client, { agent, ledger, acknowledged, timeOf }: Case) {
  const { version, root, value } = await client.get(agent);
  const events = await readHistory(client, agent, version);
  const madeBy = new Map<number, number>();
  let doubled = 0;
  let newest = 0;
  let gaps = 0;
  for (const event of events) {
    if (event.version > newest + 1) gaps += event.version - newest - 1;
    newest = event.version;
    const token = tokenIn(event);
    if (token === undefined) continue;
    if (madeBy.has(token)) doubled += 1;
    madeBy.set(token, event.version);
    timeOf.set(token, event.timeMs);
  }
  const versions = new Set(acknowledged.map((each) => each.version));
  const account = ledger.accountOf(agent, (token) => madeBy.has(token));
  const { calls, tokens } = value as unknown as Remembering;
  return {
    lost: acknowledged.filter(({ operation, version: made }) => madeBy.get(operation.token) !== made).length,
    doubled: doubled + acknowledged.length - versions.size,
    gaps: gaps + version - newest,
    events: events.length,
    rootsEqual: foldedRoot(agent, events) === root ? 1 : 0,
    accountsEqual: calls === account.calls && tokens === account.tokens ? 1 : 0,
  };
}

/** The number of the call that made an event: agents keep the sum of the numbers that they were given. */
function tokenIn({ changes }: AgentEvent): number | undefined {
  const change = changes.find(({ path }) => path.length === 1 && path[0] === 'tokens');
  return change?.kind === 'update' ? Number(change.new) - Number(change.old) : undefined;
}

function foldedRoot(agent: AgentId, events: readonly AgentEvent[]): string | undefined {
  const { kind, name } = parseAgentId(agent);
  const initial = DEMO_KINDS.find((each) => each.kind === kind)?.initialOf(name);
  let state = structuredClone(initial) as Value;
  try {
    for (const { changes } of events) state = fold(state, changes);
  } catch {
    return undefined;
  }
  // Only for its hash: the content was made by the fold above.
  return treeOf(state).root();
}
