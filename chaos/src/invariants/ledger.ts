/**
 * The ledger: every committed record of every agent, gathered from the log's own bytes and not from the node that is judged.
 *
 * I2: an agent's records are numbered without a gap or a fork, their epochs never go down, and versions grow with changes alone. The first
 * record, and no other, says what the agent was before it.
 */
import type { AgentId, Value } from '@skep/kernel';
import type { AgentRecord, TurnRecord } from '@skep/protocol';
import { sameValue } from './operation.js';
import { type Broken, broken } from './violation.js';

export interface LedgerRecord {
  readonly epoch: number;
  /** Counts the agent's records from 1. */
  readonly position: number;
  /** Which start of the node wrote it, from 1; 0 where that is not known. */
  readonly incarnation: number;
  readonly record: AgentRecord;
}

export interface AgentLedger {
  readonly agent: AgentId;
  readonly initial: Value;
  /** By position. */
  readonly records: readonly LedgerRecord[];
}

export type Ledger = ReadonlyMap<AgentId, AgentLedger>;

/** Sorts what was found of one agent. The same record may be found twice, in the log and in a segment. */
export function agentLedger(agent: AgentId, initial: Value, found: readonly LedgerRecord[]): AgentLedger {
  return { agent, initial, records: [...found].sort((one, other) => one.position - other.position || one.epoch - other.epoch) };
}

/** Records that end a turn or carry out a command, by position. */
export function turnsOf(ledger: AgentLedger): readonly (LedgerRecord & { readonly record: TurnRecord })[] {
  return ledger.records.filter((each): each is LedgerRecord & { readonly record: TurnRecord } => each.record.kind === 'turn');
}

export function operationOf(record: TurnRecord): string | undefined {
  const slot = record.rest.reply?.slot;
  return slot?.kind === 'operation' ? slot.id : undefined;
}

/** Operation ids and the versions that they made, of one agent. */
export function placesOf(ledger: AgentLedger): ReadonlyMap<string, readonly number[]> {
  const places = new Map<string, number[]>();
  for (const { record } of turnsOf(ledger)) {
    const id = operationOf(record);
    if (id === undefined) continue;
    const versions = places.get(id);
    if (versions === undefined) places.set(id, [record.version]);
    else versions.push(record.version);
  }
  return places;
}

export function checkLedger(ledger: Ledger): readonly Broken[] {
  const found: Broken[] = [];
  for (const { agent, records } of ledger.values()) {
    let position = 0;
    let epoch = 0;
    let version = 0;
    for (const each of records) {
      if (each.position !== position + 1) found.push(broken('I2', `${agent}: record ${each.position} follows record ${position}`));
      if (each.epoch < epoch) found.push(broken('I2', `${agent}: record ${each.position} has epoch ${each.epoch}, the one before it ${epoch}`));
      const changes = each.record.kind === 'turn' && each.record.events.some((event) => event.edits.length > 0);
      const expected = version + (changes ? 1 : 0);
      if (each.record.version !== expected)
        found.push(broken('I2', `${agent}: record ${each.position} makes version ${each.record.version}, ${expected} should follow`));
      position = each.position;
      epoch = each.epoch;
      version = each.record.version;
    }
  }
  return found;
}

/** What the first records say is what the kinds say, where these have not changed. */
export function checkBeginnings(ledger: Ledger): readonly Broken[] {
  const found: Broken[] = [];
  for (const { agent, initial, records } of ledger.values()) {
    for (const { position, record } of records) {
      const said = record.initial;
      if (position === 1 ? said !== undefined && sameValue(said, initial) : said === undefined) continue;
      found.push(broken('I2', `${agent}: record ${position} says that the agent began as ${JSON.stringify(said)}`));
    }
  }
  return found;
}
