/**
 * Messages between agents, by what the log says of both ends.
 *
 * I8: sends to one receiver are numbered from 1 without a gap; the receiver takes them in that order, each once, and only what was sent;
 * the sender is told of nothing that was not taken. Once all is quiet, everything sent was taken.
 */
import type { AgentId, Value } from '@skep/kernel';
import type { SendItem } from '@skep/protocol';
import { type Ledger, turnsOf } from './ledger.js';
import type { Folds } from './naive-fold.js';
import { type Broken, broken } from './violation.js';

export interface MessageFacts {
  /** Sent and not taken, in the order in which they were sent. */
  readonly inFlight: readonly SendItem[];
  readonly broken: readonly Broken[];
}

interface Pair {
  readonly from: AgentId;
  readonly to: AgentId;
  readonly sent: SendItem[];
  readonly taken: { readonly sequence: number; readonly method: string }[];
  told: number;
}

export function checkMessages(ledger: Ledger): MessageFacts {
  const found: Broken[] = [];
  const inFlight: SendItem[] = [];
  for (const pair of pairsOf(ledger).values()) {
    const name = `${pair.from} > ${pair.to}`;
    pair.sent.forEach(({ sequence }, index) => {
      if (sequence !== index + 1) found.push(broken('I8', `${name}: message ${sequence} was sent as number ${index + 1}`));
    });
    pair.taken.forEach(({ sequence, method }, index) => {
      if (sequence !== index + 1) found.push(broken('I8', `${name}: message ${sequence} was taken as number ${index + 1}`));
      const sent = pair.sent[sequence - 1];
      if (sent === undefined) found.push(broken('I4', `${name}: message ${sequence} was taken and never sent`));
      else if (method !== '' && sent.method !== method)
        found.push(broken('I8', `${name}: message ${sequence} became ${method}, sent was ${sent.method}`));
    });
    if (pair.told > pair.taken.length) found.push(broken('I8', `${name}: the sender believes ${pair.told} taken, there are ${pair.taken.length}`));
    inFlight.push(...pair.sent.slice(pair.taken.length));
  }
  return { inFlight, broken: found };
}

export interface Tokens {
  readonly total: number;
  /** Held by an agent in this state. */
  readonly of: (agent: AgentId, state: Value) => number;
  /** Carried by a message. */
  readonly in: (item: SendItem) => number;
}

/** I11: what is held and what is in flight add up. */
export function checkTokens(folds: Folds, inFlight: readonly SendItem[], tokens: Tokens): readonly Broken[] {
  let sum = 0;
  for (const [agent, { states }] of folds) sum += tokens.of(agent as AgentId, states[states.length - 1] ?? null);
  const moving = inFlight.reduce((carried, item) => carried + tokens.in(item), 0);
  if (sum + moving === tokens.total) return [];
  return [broken('I11', `there were ${tokens.total} tokens; agents hold ${sum}, ${moving} are in flight`)];
}

function pairsOf(ledger: Ledger): ReadonlyMap<string, Pair> {
  const pairs = new Map<string, Pair>();
  const pairOf = (from: AgentId, to: AgentId): Pair => {
    const key = `${from} > ${to}`;
    const pair = pairs.get(key) ?? { from, to, sent: [], taken: [], told: 0 };
    pairs.set(key, pair);
    return pair;
  };
  for (const one of ledger.values()) {
    for (const { record } of turnsOf(one)) {
      for (const item of record.rest.sends ?? []) pairOf(one.agent, item.to).sent.push(item);
      for (const [to, sequence] of record.rest.taken ?? []) {
        const pair = pairOf(one.agent, to);
        pair.told = Math.max(pair.told, sequence);
      }
      if (record.cause.kind !== 'message') continue;
      const method = record.events[0]?.type ?? '';
      // A message that could not be handled is taken with an event of the node's own.
      const own = method === 'error occurred' || method === 'message refused';
      pairOf(record.cause.from, one.agent).taken.push({ sequence: record.cause.sequence, method: own ? '' : method });
    }
  }
  return pairs;
}
