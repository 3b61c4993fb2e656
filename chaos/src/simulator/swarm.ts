/** The agents of a simulated swarm, and what must be true of them once all is quiet. */
import type { AnyKind } from '@skep/actor';
import { type AgentId, agentId, parseAgentId, type Value } from '@skep/kernel';
import type { SendItem } from '@skep/protocol';
import type { Folds } from '../invariants/naive-fold.js';
import { type Broken, broken } from '../invariants/violation.js';
import { type AlarmState, alarmKind } from './kinds/alarm.js';
import { type CounterState, counterKind } from './kinds/counter.js';
import { notebookKind } from './kinds/notebook.js';
import { PURSE_TOKENS, type PurseState, purseKind } from './kinds/purse.js';
import { type StepWorld, type WorkerState, workerKind } from './kinds/worker.js';

export type SwarmKind = 'counter' | 'purse' | 'worker' | 'alarm' | 'notebook';

export function swarmKinds(passivateAfterMs: number, world: StepWorld): readonly AnyKind[] {
  return [
    counterKind(passivateAfterMs),
    purseKind(passivateAfterMs),
    workerKind(passivateAfterMs, world),
    alarmKind(passivateAfterMs),
    notebookKind(passivateAfterMs),
  ];
}

export function idOf(kind: SwarmKind, name: string): AgentId {
  return agentId({ tenant: 'default', kind, name });
}

export function tokensOf(folds: Folds) {
  const purses = [...folds.keys()].filter((agent) => parseAgentId(agent).kind === 'purse');
  return {
    total: purses.length * PURSE_TOKENS,
    of: (agent: AgentId, state: Value) => (parseAgentId(agent).kind === 'purse' ? (state as unknown as PurseState).balance : 0),
    in: (item: SendItem) => Number((item.input as { readonly amount?: number } | null)?.amount ?? 0),
  };
}

/** Steps that a committed turn must have run. */
export function stepsOfTurn(agent: AgentId, method: string): readonly string[] {
  return parseAgentId(agent).kind === 'worker' && method === 'work' ? ['fetch'] : [];
}

/** What the states themselves tell of messages, timers and operations that took effect twice, not at all, or out of order. */
export function checkStates(folds: Folds): readonly Broken[] {
  const found: Broken[] = [];
  for (const [agent, { states }] of folds) {
    const state = states[states.length - 1] as unknown;
    switch (parseAgentId(agent).kind as SwarmKind) {
      case 'counter':
        for (const [op, times] of Object.entries((state as CounterState).seen)) {
          if (times !== 1) found.push(broken('I5', `${agent}: ${op} was counted ${times} times`));
        }
        break;
      case 'worker':
        for (const [op, times] of Object.entries((state as WorkerState).done)) {
          if (times !== 1) found.push(broken('I5', `${agent}: ${op} was done ${times} times`));
        }
        break;
      case 'purse':
        for (const message of (state as PurseState).disorder) found.push(broken('I8', `${agent}: message ${message}`));
        break;
      case 'alarm':
        found.push(...checkAlarm(agent, state as AlarmState));
        break;
      case 'notebook':
        break;
    }
  }
  return found;
}

function checkAlarm(agent: string, { set, rung, beatsLeft }: AlarmState): readonly Broken[] {
  const found: Broken[] = [];
  for (const op of Object.keys(set)) {
    const times = rung[op] ?? 0;
    if (times > 1) found.push(broken('I5', `${agent}: the timer of ${op} rang ${times} times`));
    if (times === 0) found.push(broken('I13', `${agent}: the timer of ${op} never rang`));
  }
  if (beatsLeft > 0) found.push(broken('I13', `${agent}: ${beatsLeft} beats are missing`));
  return found;
}
