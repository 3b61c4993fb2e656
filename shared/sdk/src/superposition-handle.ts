/** A superposition of an agent as an object: what can be done with it, with the type of the agent's state. */
import type { AgentId, Value } from '@skep/kernel';
import type { Choice, Likelihoods, SuperpositionCommand } from '@skep/state';
import type { Versioned } from './agent-handle.js';
import type { Client } from './client.js';
import type { SuperpositionInfo, SuperpositionReply } from './superposition-info.js';

/** How a branch begins. Without a state it begins as the agent is. */
export interface BranchInput<State> {
  readonly state?: State;
  /** How likely it is before any evidence, beside the others; default 1. Of a branch that is added later: its share of the whole. */
  readonly weight?: number;
  /** Default `committed`: a finished state. One that is `under-way` can be changed, and collapsed to once it committed. */
  readonly work?: 'under-way' | 'committed';
}

/** Every change is a record of the agent's log: it survives crashes and moves with the agent. */
export interface SuperpositionHandle<State> {
  readonly agent: AgentId;
  readonly name: string;
  /** Branches by name. The agent must exist: `unknown-agent`. */
  create(branches: Readonly<Record<string, BranchInput<State>>>, options?: { readonly graceMs?: number }): Promise<SuperpositionInfo>;
  /** `unknown-superposition` if there is none. */
  show(): Promise<SuperpositionInfo>;
  /** The state of a branch. */
  state(branch: string): Promise<State>;
  add(branch: string, input?: BranchInput<State>): Promise<SuperpositionInfo>;
  /** Another state of a branch that is under way. */
  change(branch: string, state: State): Promise<SuperpositionInfo>;
  /** The work of a branch is finished: it can be collapsed to. */
  commit(branch: string): Promise<SuperpositionInfo>;
  /** Drops the state of a branch; it never reaches the agent. */
  fail(branch: string, reason?: string): Promise<SuperpositionInfo>;
  /** How likely what was seen is under each branch, from 0 to 1; moves the weights by the rule of Bayes. 0 rules a branch out. */
  evidence(likelihoods: Likelihoods, label?: string): Promise<SuperpositionInfo>;
  score(scores: Readonly<Record<string, number>>): Promise<SuperpositionInfo>;
  /**
   * One branch becomes the agent's state, the others are gone. Refused with `version-conflict` when the agent changed since the branches
   * began, unless `merge` asks for both changes where they do not conflict.
   */
  collapse(by: Choice, options?: { readonly merge?: 'conflict-free' }): Promise<Versioned<State>>;
  /** Back to the state before the collapse, within the grace period. */
  undo(): Promise<Versioned<State>>;
  /** Ends it without a choice. */
  drop(): Promise<void>;
}

export function superpositionHandle<State>(client: Client, agent: AgentId, name: string): SuperpositionHandle<State> {
  const order = (command: SuperpositionCommand): Promise<SuperpositionReply> => client.superpose(agent, command);
  const changed = async (command: SuperpositionCommand): Promise<SuperpositionInfo> => {
    const { superposition } = await order(command);
    // Gone already: somebody ended it in between.
    return superposition ?? show();
  };
  const show = async (): Promise<SuperpositionInfo> => client.superposition(agent, name);
  const state = async (): Promise<Versioned<State>> => (await client.get(agent)) as Versioned<State>;
  return {
    agent,
    name,
    show,
    create: (branches, options = {}) => {
      const given = Object.entries(branches).map(([branch, input]) => branchRequest(branch, input));
      return changed({ kind: 'create', name, branches: given, ...options });
    },
    state: async (branch) => (await client.branchState(agent, name, branch)).value as State,
    add: (branch, input = {}) => changed({ kind: 'add', name, branch: branchRequest(branch, input) }),
    change: (branch, next) => changed({ kind: 'change', name, branch, state: next as Value }),
    commit: (branch) => changed({ kind: 'commit', name, branch }),
    fail: (branch, reason) => changed({ kind: 'fail', name, branch, ...(reason === undefined ? {} : { reason }) }),
    evidence: (likelihoods, label) => changed({ kind: 'evidence', name, likelihoods, ...(label === undefined ? {} : { label }) }),
    score: (scores) => changed({ kind: 'score', name, scores }),
    collapse: async (by, options = {}) => {
      await order({ kind: 'collapse', name, by, ...options });
      return state();
    },
    undo: async () => {
      await order({ kind: 'undo', name });
      return state();
    },
    drop: async () => void (await order({ kind: 'drop', name })),
  };
}

function branchRequest<State>(name: string, { state, weight, work }: BranchInput<State>) {
  return {
    name,
    ...(state === undefined ? {} : { state: state as Value }),
    ...(weight === undefined ? {} : { weight }),
    ...(work === undefined ? {} : { work }),
  };
}
