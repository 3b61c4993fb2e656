/**
 * Version witness: every reply carries the version of its agent, so every operation can be checked, in n log n.
 *
 * I1: (1) a version is acknowledged at most once as that of a write; (2) a read shows exactly the state of its version; (3) whatever began
 * after another operation ended sees at least its version, and a write makes a later one. Passing (1) to (3) the operations are
 * linearizable, in the order of their versions. The search in `linearizability.ts` does not trust the versions.
 */
import type { AgentId } from '@skep/kernel';
import type { Folds } from './naive-fold.js';
import { groupByAgent, isAcknowledged, type Operation, sameValue } from './operation.js';
import { type Broken, broken } from './violation.js';

/** The version that an operation id made, by what the log says; for writes whose reply was lost or names a later version. */
export type Placed = (agent: AgentId, operation: string) => number | undefined;

export function checkWitness(operations: readonly Operation[], placed: Placed = () => undefined): readonly Broken[] {
  const found: Broken[] = [];
  for (const [agent, group] of groupByAgent(operations)) {
    found.push(...checkOnce(agent, group), ...checkOrder(agent, group, (id) => placed(agent, id)));
  }
  return found;
}

export function checkReads(operations: readonly Operation[], folds: Folds): readonly Broken[] {
  const found: Broken[] = [];
  for (const { id, agent, kind, outcome } of operations) {
    if (kind !== 'read' || outcome.kind !== 'acknowledged' || outcome.value === undefined || outcome.witness !== 'own') continue;
    const fold = folds.get(agent);
    const state = fold?.states[outcome.version];
    if (fold === undefined) continue;
    if (state === undefined) found.push(broken('I1', `${agent}: read ${id} saw version ${outcome.version}, which does not exist`));
    else if (!sameValue(state, outcome.value)) {
      found.push(broken('I1', `${agent}: read ${id} saw a state that is not that of version ${outcome.version}`));
    }
  }
  return found;
}

/** I12: what one client is shown of an agent, in the order in which it is shown, never goes down. */
export function checkObservers(operations: readonly Operation[]): readonly Broken[] {
  const found: Broken[] = [];
  const seen = new Map<string, { readonly version: number; readonly ended: number }>();
  const shown = operations.filter(isAcknowledged).sort((one, other) => one.outcome.ended - other.outcome.ended);
  for (const { id, client, agent, began, outcome } of shown) {
    const key = `${client} ${agent}`;
    const before = seen.get(key);
    if (before !== undefined && before.ended < began && outcome.version < before.version) {
      found.push(broken('I12', `${client} saw version ${before.version} of ${agent}, then ${outcome.version} (${id})`));
    }
    if (before === undefined || outcome.version >= before.version) seen.set(key, { version: outcome.version, ended: outcome.ended });
  }
  return found;
}

function checkOnce(agent: AgentId, operations: readonly Operation[]): readonly Broken[] {
  const found: Broken[] = [];
  const writers = new Map<number, string>();
  for (const { id, kind, outcome } of operations) {
    if (kind !== 'write' || outcome.kind !== 'acknowledged' || outcome.witness !== 'own') continue;
    const other = writers.get(outcome.version);
    if (other !== undefined) found.push(broken('I1', `${agent}: version ${outcome.version} was acknowledged to ${other} and to ${id}`));
    writers.set(outcome.version, id);
  }
  return found;
}

interface Moment {
  readonly at: number;
  readonly what: 'began' | 'ended';
  readonly operation: Operation;
}

function checkOrder(agent: AgentId, operations: readonly Operation[], placed: (id: string) => number | undefined): readonly Broken[] {
  const found: Broken[] = [];
  const moments: Moment[] = operations.flatMap((operation) => {
    const began: Moment = { at: operation.began, what: 'began', operation };
    return isAcknowledged(operation) ? [began, { at: operation.outcome.ended, what: 'ended', operation } as const] : [began];
  });
  moments.sort((one, other) => one.at - other.at);
  let newest = { version: 0, id: 'nobody' };
  for (const { what, operation } of moments) {
    const { id, kind, outcome } = operation;
    if (what === 'ended') {
      if (outcome.kind === 'acknowledged' && outcome.version > newest.version) newest = { version: outcome.version, id };
      continue;
    }
    const shown = outcome.kind === 'acknowledged' ? outcome.version : undefined;
    const own = kind === 'write' ? (placed(id) ?? (outcome.kind === 'acknowledged' && outcome.witness === 'own' ? shown : undefined)) : undefined;
    if (own !== undefined && own <= newest.version) {
      found.push(broken('I1', `${agent}: ${id} made version ${own}, and began after ${newest.id} had seen ${newest.version}`));
    }
    if (shown !== undefined && shown < newest.version) {
      found.push(broken('I1', `${agent}: ${id} saw version ${shown}, and began after ${newest.id} had seen ${newest.version}`));
    }
    if (shown !== undefined && own !== undefined && shown < own) {
      found.push(broken('I1', `${agent}: ${id} made version ${own} and was told ${shown}`));
    }
  }
  return found;
}
