/**
 * Effects on the outside world, counted outside.
 *
 * I5: an effect runs at least once when its turn commits, always under the same id, and never again once its result is in the log (G12).
 */
import type { AgentId } from '@skep/kernel';
import { type Ledger, type LedgerRecord, turnsOf } from './ledger.js';
import { type Broken, broken } from './violation.js';

export interface Effect {
  readonly agent: AgentId;
  /** The operation whose turn took the step. */
  readonly operation: string;
  readonly step: string;
  readonly occurrence: number;
  /** The id that the step got. */
  readonly id: string;
  /** Which start of the node ran it, from 1. */
  readonly incarnation: number;
  /** Its result was acknowledged to be in the log when it began. */
  readonly afterRecord: 'yes' | 'no';
}

export function checkEffects(ledger: Ledger, effects: readonly Effect[]): readonly Broken[] {
  const found: Broken[] = [];
  const runs = new Map<string, Effect[]>();
  for (const effect of effects) {
    const key = keyOf(effect.agent, effect.operation, effect.step, effect.occurrence);
    runs.set(key, [...(runs.get(key) ?? []), effect]);
    if (effect.afterRecord === 'yes') found.push(broken('I5', `${key} ran again after its result was acknowledged`));
  }
  for (const [key, group] of runs) {
    if (new Set(group.map((effect) => effect.id)).size > 1) found.push(broken('I5', `${key} ran under ${group.length} different ids`));
  }
  for (const one of ledger.values()) {
    for (const { operation, each } of stepsOf(one.records)) {
      if (each.record.kind !== 'step') continue;
      const key = keyOf(one.agent, operation, each.record.name, each.record.occurrence);
      const again = runs.get(key)?.find((effect) => each.incarnation > 0 && effect.incarnation > each.incarnation);
      if (again !== undefined) found.push(broken('I5', `${key} ran in start ${again.incarnation}, its result was recorded in ${each.incarnation}`));
    }
  }
  return found;
}

/** How often each operation's turn was committed; a turn with steps must have run each of them. */
export function checkEffectsRan(ledger: Ledger, effects: readonly Effect[], stepsOfTurn: (agent: AgentId, method: string) => readonly string[]) {
  const found: Broken[] = [];
  const ran = new Set(effects.map((effect) => keyOf(effect.agent, effect.operation, effect.step, effect.occurrence)));
  for (const one of ledger.values()) {
    for (const { record } of turnsOf(one)) {
      const method = record.events[0]?.type ?? '';
      const slot = record.rest.reply?.slot;
      if (slot?.kind !== 'operation') continue;
      for (const step of stepsOfTurn(one.agent, method)) {
        const key = keyOf(one.agent, slot.id, step, 1);
        if (!ran.has(key)) found.push(broken('I5', `${key} never ran, its turn was committed`));
      }
    }
  }
  return found;
}

/** Steps with the operation of the turn that took them. */
function* stepsOf(records: readonly LedgerRecord[]): Generator<{ readonly operation: string; readonly each: LedgerRecord }> {
  let operation = '';
  for (const each of records) {
    if (each.record.kind === 'begun') operation = each.record.slot?.kind === 'operation' ? each.record.slot.id : '';
    else if (each.record.kind === 'step') yield { operation, each };
  }
}

function keyOf(agent: AgentId, operation: string, step: string, occurrence: number): string {
  return `${agent} ${operation} ${step}#${occurrence}`;
}
