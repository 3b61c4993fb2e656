/**
 * Effects on the outside world, counted outside.
 *
 * I5: a committed turn ran each of its steps, each under one id; once a step's result is in the log, it never runs again (G12). Only a turn
 * that failed, and whose end is in the log, is begun again when its caller repeats the call; its steps then run again, under the same ids.
 */
import type { AgentId } from '@skep/kernel';
import { type Ledger, type LedgerRecord, operationOf, turnsOf } from './ledger.js';
import { type Broken, broken } from './violation.js';

export interface Effect {
  readonly agent: AgentId;
  /** The operation whose turn took the step. */
  readonly operation: string;
  readonly step: string;
  readonly occurrence: number;
  /** The id that the step got. */
  readonly id: string;
  /** `fenced`: of several nodes one whose lane may have been sealed, so that it owned nothing any more and could not know. */
  readonly by?: 'owner' | 'fenced';
  /** Which start of the node ran it, from 1; 0 where several nodes run. */
  readonly incarnation: number;
  /** Its result, in the turn that is under way, was known to be in the log when it began. */
  readonly afterRecord: 'yes' | 'no';
}

/** `effects` in the order in which they took place. */
export function checkEffects(ledger: Ledger, effects: readonly Effect[]): readonly Broken[] {
  const found: Broken[] = [];
  const runs = new Map<string, Effect[]>();
  for (const effect of effects) {
    const key = keyOf(effect.agent, effect.operation, effect.step, effect.occurrence);
    runs.set(key, [...(runs.get(key) ?? []), effect]);
    if (effect.afterRecord === 'yes' && effect.by !== 'fenced') found.push(broken('I5', `${key} ran again after its result was acknowledged`));
  }
  for (const one of ledger.values()) found.push(...checkAgent(one.agent, one.records, runs));
  return found;
}

/** `stepsOfTurn`: steps that every committed turn of a method must have run. */
export function checkEffectsRan(
  ledger: Ledger,
  effects: readonly Effect[],
  stepsOfTurn: (agent: AgentId, method: string) => readonly string[],
): readonly Broken[] {
  const found: Broken[] = [];
  const ran = new Set(effects.map((effect) => keyOf(effect.agent, effect.operation, effect.step, effect.occurrence)));
  for (const one of ledger.values()) {
    for (const { record } of turnsOf(one)) {
      const operation = operationOf(record);
      if (operation === undefined) continue;
      for (const step of stepsOfTurn(one.agent, record.events[0]?.type ?? '')) {
        const key = keyOf(one.agent, operation, step, 1);
        if (!ran.has(key)) found.push(broken('I5', `${key} never ran, its turn was committed`));
      }
    }
  }
  return found;
}

function checkAgent(agent: AgentId, records: readonly LedgerRecord[], runs: ReadonlyMap<string, readonly Effect[]>): readonly Broken[] {
  const found: Broken[] = [];
  /** Of the last turn begun for each operation: which start recorded a step's result. */
  const recorded = new Map<string, number>();
  let operation: string | undefined;
  for (const { record, incarnation, position } of records) {
    if (record.kind === 'begun') {
      if (operation !== undefined) found.push(broken('I5', `${agent}: record ${position} begins a turn before the one of ${operation} ended`));
      operation = record.slot?.kind === 'operation' ? record.slot.id : '';
      for (const key of [...recorded.keys()]) if (key.startsWith(`${agent} ${operation} `)) recorded.delete(key);
    } else if (record.kind === 'step') recorded.set(keyOf(agent, operation ?? '', record.name, record.occurrence), incarnation);
    else operation = undefined;
  }
  for (const [key, group] of runs) {
    if (group[0]?.agent !== agent) continue;
    const ids = new Set(group.map(({ id }) => id)).size;
    if (ids > 1) found.push(broken('I5', `${key} ran under ${ids} ids`));
    const incarnation = recorded.get(key) ?? 0;
    const again = incarnation === 0 ? undefined : group.find((effect) => effect.incarnation > incarnation);
    if (again !== undefined) found.push(broken('I5', `${key} ran in start ${again.incarnation}, its result was recorded in ${incarnation}`));
  }
  return found;
}

function keyOf(agent: AgentId, operation: string, step: string, occurrence: number): string {
  return `${agent} ${operation} ${step}#${occurrence}`;
}
