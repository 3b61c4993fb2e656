/** A command on the superpositions of an agent as a record of its log: an event, the steps, and the edits of its state if it collapses. */
import { type AgentId, parseAgentId, SkepError, type Value } from '@skep/kernel';
import type { AgentRecord } from '@skep/protocol';
import {
  diff,
  isExpired,
  planSuperposition,
  recordedSteps,
  type SuperpositionCommand,
  type Superpositions,
  type Tree,
  withoutOld,
} from '@skep/state';
import type { HostOptions } from '../host-options.js';
import type { Command, CommandedAgent, CommandPlan } from '../message.js';
import { checkState } from '../method.js';

const EVENTS: { readonly [Kind in SuperpositionCommand['kind']]: string } = {
  create: 'superposition created',
  add: 'branch added',
  change: 'branch changed',
  commit: 'branch committed',
  evidence: 'evidence',
  score: 'branches scored',
  fail: 'branch failed',
  collapse: 'superposition collapsed',
  undo: 'collapse undone',
  drop: 'superposition dropped',
};

/**
 * What the agent is told. Its plan throws as `planSuperposition` does; `invalid-state` for a branch that the kind's schema refuses,
 * `payload-too-large` for one that is too large a state, `agent-terminated`.
 */
export function superpositionOrder(command: SuperpositionCommand, agent: AgentId, options: HostOptions): Pick<Command, 'type' | 'plan'> {
  return { type: EVENTS[command.kind] ?? 'superposition', plan: (now) => planned(command, agent, now, options) };
}

function planned(command: SuperpositionCommand, agent: AgentId, now: CommandedAgent, { clock, limits, kinds }: HostOptions): CommandPlan {
  const { status, version, tree, superpositions } = now;
  if (status === 'terminated') throw new SkepError('agent-terminated', { message: 'the agent was terminated', id: agent });
  const head = { version, tree };
  const nowMs = clock.nowMs();
  const plan = planSuperposition(command, { agent, head, superpositions, nowMs, limits });
  const edits = plan.tree === undefined ? [] : diff(tree, plan.tree).map(withoutOld);
  if (plan.tree !== undefined && edits.length > 0) checkNext(plan.tree, agent, { limits, kinds });
  const moment = { agent, head, version: version + (edits.length > 0 ? 1 : 0), ms: nowMs };
  const superposition = recordedSteps(superpositions, plan.steps, moment);
  return { data: dataOf(command, plan.steps), edits, rest: { superposition } };
}

function checkNext(tree: Tree, agent: AgentId, { limits, kinds }: Pick<HostOptions, 'limits' | 'kinds'>): void {
  const kind = kinds.get(parseAgentId(agent).kind);
  if (kind !== undefined) checkState(kind, tree.value());
  if (tree.byteLength <= limits.stateBytes) return;
  throw new SkepError('payload-too-large', { message: `the branch has ${tree.byteLength} bytes, the limit is ${limits.stateBytes}`, id: agent });
}

/** A record with the end of collapses that can be undone no more: what the state was before them need not be kept. */
export function withoutExpired(record: AgentRecord, superpositions: Superpositions): AgentRecord {
  if (record.kind !== 'turn' || record.rest.superposition !== undefined) return record;
  const expired = [...superpositions.values()].filter((superposition) => isExpired(superposition, record.ms));
  if (expired.length === 0) return record;
  return { ...record, rest: { ...record.rest, superposition: expired.map(({ name }) => ({ kind: 'ended', name })) } };
}

type Steps = ReturnType<typeof planSuperposition>['steps'];

/** What readers of the history see; contents of branches stay in the steps. */
function dataOf(command: SuperpositionCommand, steps: Steps): Value {
  const evicted = steps.flatMap((step) => (step.kind === 'failed' ? [{ branch: step.branch, reason: step.reason }] : []));
  const name = command.name;
  const more: { readonly [field: string]: Value } = evicted.length === 0 ? {} : { failed: evicted };
  switch (command.kind) {
    case 'create':
      return { name, branches: command.branches.map((branch) => branch.name), ...more };
    case 'add':
      return { name, branch: command.branch.name, ...more };
    case 'evidence':
      return { name, label: command.label ?? 'evidence', likelihoods: { ...command.likelihoods }, ...more };
    case 'score':
      return { name, scores: { ...command.scores } };
    case 'collapse': {
      const collapsed = steps.find((step) => step.kind === 'collapsed');
      return { name, branch: collapsed?.kind === 'collapsed' ? collapsed.branch : null };
    }
    case 'change':
    case 'commit':
      return { name, branch: command.branch, ...more };
    case 'fail':
      return { name, ...more };
    case 'undo':
    case 'drop':
      return { name };
  }
}
