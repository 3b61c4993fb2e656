/**
 * Decides what a command does to the superpositions of an agent: steps to fold, and the agent's next state where it changes. Changes
 * nothing itself; whatever is refused has changed nothing (G13).
 */
import { type AgentId, checkName, isSkepError, LIMITS, type Limits, SkepError } from '@skep/kernel';
import { diff } from '../diff.js';
import { type Tree, treeOf } from '../tree.js';
import { budgetOf, checkTogether, evictions } from './budget.js';
import { collapsedTree, isExpired, type Merging, undoneTree } from './collapse.js';
import type { BranchContent, BranchRequest, SuperpositionCommand } from './command.js';
import { readEvidence } from './evidence.js';
import { type Observer, observe } from './observe.js';
import { applySteps, type LiveStep, mustGetSuperposition, type Superpositions } from './step.js';
import { type BranchSeed, checkOpen, type Head, mustGetBranch, refused, type Superposition, weightOf } from './superposition.js';
import { logOf, logOfShare } from './weight.js';

export interface PlanningAgent {
  readonly agent: AgentId;
  readonly head: Head;
  readonly superpositions: Superpositions;
  readonly nowMs: number;
  /** Default: `LIMITS`. */
  readonly limits?: Limits;
}

export interface SuperpositionPlan {
  readonly steps: readonly LiveStep[];
  /** What they lead to where the agent's version stays; a collapse says the version that it makes. */
  readonly after: Superpositions;
  /** The agent's state after a collapse or its undoing. */
  readonly tree?: Tree;
}

/** What makes branches larger. */
const GROWING: ReadonlySet<string> = new Set(['create', 'add', 'change']);

type Planned = Omit<SuperpositionPlan, 'after'>;

type Command = SuperpositionCommand<Observer> & Pick<Merging, 'rules'>;

/** @throws SkepError `unknown-superposition`, `superposition-over`, `branch-failed`, `version-conflict`, `undo-expired`, `overloaded`, ... */
export function planSuperposition(command: Command, agent: PlanningAgent): SuperpositionPlan {
  try {
    const plan =
      command.kind === 'create'
        ? { steps: [created(command, agent)] }
        : planFor(command, agent, mustGetSuperposition(agent.superpositions, agent.agent, command.name));
    return withHousekeeping(plan, command, agent);
  } catch (error) {
    if (!isSkepError(error) || error.id !== undefined) throw error;
    // Numbers, names and values are checked where nobody knows whose they are.
    const { code, message, remedy } = error;
    throw new SkepError(code, { message, remedy, id: agent.agent, cause: error });
  }
}

function planFor(command: Exclude<Command, { readonly kind: 'create' }>, agent: PlanningAgent, superposition: Superposition): Planned {
  const { name } = command;
  switch (command.kind) {
    case 'add':
      return { steps: [{ kind: 'added', name, seed: addedSeed(command.branch, superposition) }] };
    case 'change': {
      const { branch } = command;
      return { steps: [{ kind: 'changed', name, branch, content: contentOf(command, mustGetBranch(superposition, branch).tree) }] };
    }
    case 'commit':
      return { steps: [{ kind: 'committed', name, branch: command.branch }] };
    case 'evidence':
      return { steps: weighed(command, superposition) };
    case 'score':
      return { steps: scored(command, superposition) };
    case 'fail': {
      checkOpen(superposition);
      const { branch, reason = 'given up' } = command;
      return { steps: [{ kind: 'failed', name, branch, reason: textOf(superposition, 'a reason', reason) }] };
    }
    case 'collapse': {
      const chosen = observe(superposition, command.by);
      const weight = weightOf(superposition, chosen.name);
      return { steps: [{ kind: 'collapsed', name, branch: chosen.name, weight }], tree: collapsedTree(superposition, chosen, agent.head, command) };
    }
    case 'undo':
      return { steps: [{ kind: 'ended', name }], tree: undoneTree(superposition, agent.head, agent.nowMs) };
    case 'drop':
      return { steps: [{ kind: 'ended', name }] };
    default:
      throw new SkepError('invalid-input', {
        message: `a superposition has no command ${String((command as { kind: unknown }).kind).slice(0, 64)}`,
        id: agent.agent,
        remedy: 'There are: create, add, change, commit, evidence, score, fail, collapse, undo, drop.',
      });
  }
}

/** Collapses whose time is over are forgotten, and branches above the budget evicted, in the same breath. */
function withHousekeeping(planned: Planned, { kind, name }: Command, agent: PlanningAgent): SuperpositionPlan {
  const { head, superpositions, nowMs, limits = LIMITS } = agent;
  const moment = { agent: agent.agent, head, version: head.version, ms: nowMs };
  const expired: LiveStep[] = [];
  for (const each of superpositions.values()) {
    if (isExpired(each, nowMs) && (each.name !== name || kind === 'create')) expired.push({ kind: 'ended', name: each.name });
  }
  const before = [...expired, ...planned.steps];
  const after = applySteps(superpositions, before, moment);
  if (after.size > limits.superpositions) {
    throw new SkepError('overloaded', {
      message: `an agent has at most ${limits.superpositions} superpositions`,
      id: agent.agent,
      remedy: 'Collapse or drop some first.',
    });
  }
  const superposition = after.get(name);
  if (superposition === undefined || superposition.collapse !== undefined) return { ...planned, steps: before, after };
  const evicted = evictions(superposition, budgetOf(limits)).map(({ name: branch, reason }): LiveStep => ({ kind: 'failed', name, branch, reason }));
  const plan = { ...planned, steps: [...before, ...evicted], after: evicted.length === 0 ? after : applySteps(after, evicted, moment) };
  if (GROWING.has(kind)) checkTogether(plan.after, limits.superpositionsBytes);
  return plan;
}

function created(
  { name, branches, graceMs }: Extract<Command, { readonly kind: 'create' }>,
  { agent, head, limits = LIMITS }: PlanningAgent,
): LiveStep {
  checkName('superposition', name);
  const ref = { agent, name };
  if (!Array.isArray(branches) || branches.length === 0) throw refused(ref, 'a superposition needs a branch', 'Give one or more.');
  if (branches.length > limits.superpositionBranches) {
    throw new SkepError('overloaded', {
      message: `${branches.length} branches were given, ${limits.superpositionBranches} are allowed`,
      id: agent,
      remedy: 'Give fewer.',
    });
  }
  if (graceMs !== undefined && !(Number.isSafeInteger(graceMs) && graceMs >= 0)) throw refused(ref, 'graceMs is a whole number of ms', 'Correct it.');
  const seeds = branches.map((branch): BranchSeed<Tree> => {
    const logWeight = logOf('a weight', branch.weight ?? 1);
    if (logWeight === undefined) throw refused(ref, 'a branch of weight 0 can never be chosen', 'Leave it out, or give it some weight.');
    return seedOf(branch, logWeight, head.tree);
  });
  return { kind: 'created', name, graceMs: graceMs ?? limits.superpositionGraceMs, branches: seeds };
}

function addedSeed(branch: BranchRequest, superposition: Superposition): BranchSeed<Tree> {
  checkOpen(superposition);
  const others = superposition.branches.map(({ logWeight }) => logWeight);
  const share = branch.weight ?? 1 / (Math.max(1, others.length) + 1);
  return seedOf(branch, logOfShare(share, others), superposition.base.tree);
}

function seedOf(branch: BranchRequest, logWeight: number, base: Tree): BranchSeed<Tree> {
  const { name, work = 'committed' } = branch;
  checkName('branch', name);
  if (work !== 'committed' && work !== 'under-way') {
    throw new SkepError('invalid-input', { message: `the work of a branch is under-way or committed, not ${String(work)}`, id: name });
  }
  return { name, work, logWeight, content: contentOf(branch, base) };
}

/** Shares with the base whatever it has in common with it. */
function contentOf(content: BranchContent, base: Tree): Tree {
  if ('tree' in content && content.tree !== undefined) return content.tree;
  if ('edits' in content && content.edits !== undefined) return base.apply(content.edits);
  if (!('state' in content) || content.state === undefined) return base;
  const { addressKey } = base.space;
  return base.apply(diff(base, treeOf(content.state, addressKey === undefined ? {} : { addressKey })));
}

function weighed(
  { name, label = 'evidence', likelihoods }: Extract<Command, { readonly kind: 'evidence' }>,
  superposition: Superposition,
): readonly LiveStep[] {
  checkOpen(superposition);
  const text = textOf(superposition, 'a label', label);
  const { logLikelihoods, ruledOut } = readEvidence(superposition, text, recordOf(superposition, 'likelihoods', likelihoods));
  return [
    ...(logLikelihoods.length === 0 ? [] : [{ kind: 'weighed', name, label: text, logLikelihoods } as const]),
    ...ruledOut.map(({ name: branch, reason }) => ({ kind: 'failed', name, branch, reason }) as const),
  ];
}

function scored({ name, scores }: Extract<Command, { readonly kind: 'score' }>, superposition: Superposition): readonly LiveStep[] {
  checkOpen(superposition);
  return Object.entries(recordOf(superposition, 'scores', scores)).map(([branch, score]) => ({ kind: 'scored', name, branch, score }) as const);
}

function recordOf(superposition: Superposition, what: string, given: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  if (typeof given === 'object' && given !== null && !Array.isArray(given) && Object.keys(given).length > 0) return given;
  throw refused(superposition, `${what} are an object of numbers by branch`, 'Name one or more branches.');
}

function textOf(superposition: Superposition, what: string, given: unknown): string {
  if (typeof given === 'string' && given.isWellFormed() && given.length <= LIMITS.idBytes) return given;
  throw refused(superposition, `${what} is a text of up to ${LIMITS.idBytes} characters`, 'Shorten it.');
}
