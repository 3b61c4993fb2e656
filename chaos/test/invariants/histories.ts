/** Small histories and ledgers, written by hand. */
import { type AgentId, agentId, type Value } from '@skep/kernel';
import type { AgentRecord, RecordEvent, RecordRest, TurnRecord } from '@skep/protocol';
import { agentLedger, type Ledger, type LedgerRecord } from '../../src/invariants/ledger.js';
import type { Operation, Witness } from '../../src/invariants/operation.js';
import type { Broken } from '../../src/invariants/violation.js';

export const A = agentId({ tenant: 't', kind: 'counter', name: 'a' });
export const B = agentId({ tenant: 't', kind: 'counter', name: 'b' });

interface Shown {
  readonly version: number;
  readonly witness?: Witness;
  readonly value?: Value;
  readonly client?: string;
  readonly agent?: AgentId;
}

export function write(
  id: string,
  [began, ended]: readonly [number, number],
  { version, witness = 'own', client = 'c', agent = A }: Shown,
): Operation {
  const outcome = { kind: 'acknowledged', ended, version, witness, value: null } as const;
  return { id, client, agent, kind: 'write', method: 'add', began, outcome };
}

export function read(id: string, [began, ended]: readonly [number, number], { version, value, client = 'c', agent = A }: Shown): Operation {
  const outcome = { kind: 'acknowledged', ended, version, witness: 'own', value } as const;
  return { id, client, agent, kind: 'read', method: 'look', began, outcome };
}

export function unknown(id: string, began: number): Operation {
  return { id, client: 'c', agent: A, kind: 'write', method: 'add', began, outcome: { kind: 'unknown' } };
}

export function refused(id: string, began: number, certain: boolean): Operation {
  return {
    id,
    client: 'c',
    agent: A,
    kind: 'write',
    method: 'add',
    began,
    outcome: { kind: 'refused', ended: began + 1, code: 'disk-full', certain },
  };
}

export interface TurnFields {
  readonly version: number;
  readonly operation?: string;
  readonly cause?: TurnRecord['cause'];
  readonly events?: readonly RecordEvent[];
  readonly rest?: RecordRest;
  readonly correlation?: string | null;
}

/** A turn that sets `count` to its version, unless its events are given. */
export function turn({ version, operation, cause, events, rest = {}, correlation }: TurnFields): TurnRecord {
  const set: RecordEvent = { type: 'add', data: null, edits: [{ kind: 'update', path: ['count'], new: version }] };
  return {
    kind: 'turn',
    version,
    ms: version,
    counter: 0,
    cause: cause ?? { kind: 'call', operation: operation ?? null },
    correlation: correlation ?? operation ?? null,
    events: events ?? [set],
    rest: operation === undefined ? rest : { ...rest, reply: { slot: { kind: 'operation', id: operation }, body: new Uint8Array(1), value: null } },
  };
}

export function ledgerOf(agents: { readonly [agent: string]: readonly (AgentRecord | LedgerRecord)[] }, initial: Value = { count: 0 }): Ledger {
  return new Map(
    Object.entries(agents).map(([agent, records]) => {
      const numbered = records.map((each, index) => ('record' in each ? each : { epoch: 1, position: index + 1, incarnation: 1, record: each }));
      return [agent as AgentId, agentLedger(agent as AgentId, initial, numbered)];
    }),
  );
}

export function invariantsOf(found: readonly Broken[]): readonly string[] {
  return found.map(({ invariant }) => invariant);
}
