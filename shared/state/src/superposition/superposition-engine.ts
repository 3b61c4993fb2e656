/**
 * Superpositions of agents in memory (V3). What it gives out are values: a superposition that was read stays as it was read.
 *
 *   const engine = new SuperpositionEngine(engineHeads(states));
 *   const tried = engine.createSuperposition(agent, [{ name: 'careful', tree: one }, { name: 'bold', tree: other }]);
 *   engine.updateWeights(tried, 'the tests passed', { careful: 0.9, bold: 0.3 });
 *   engine.collapseToSuccessful(tried, engine.observe(tried, 'weight').name, { nowMs });
 *
 * - Q1 A collapse happens as a whole or not at all: the head is set by compare and set, then the losers are gone (V4).
 * - Q2 Above its budget a superposition evicts the least likely branches first (V5).
 */
import { type AgentId, LIMITS, type Limits, SkepError } from '@skep/kernel';
import type { Tree } from '../tree.js';
import { isExpired, type Merging } from './collapse.js';
import type { SuperpositionCommand } from './command.js';
import type { Likelihoods } from './evidence.js';
import type { Heads } from './heads.js';
import { type Observer, observe } from './observe.js';
import { planSuperposition } from './plan.js';
import { applySteps, mustGetSuperposition, NO_SUPERPOSITIONS, type Superpositions } from './step.js';
import type { ExperimentalBranch, Head, Superposition } from './superposition.js';

/** One state to begin with. */
export interface ExperimentalState {
  /** Default: its place, from 0. */
  readonly name?: string;
  readonly tree: Tree;
  /** How likely it is before any evidence, beside the others; default 1. Of a branch that is added later: its share of the whole. */
  readonly weight?: number;
  /** Default: `committed`, a state that is finished. */
  readonly work?: ExperimentalBranch['work'];
}

export interface SuperpositionRef {
  readonly agent: AgentId;
  readonly name: string;
}

export interface Now {
  /** In ms since 1970. */
  readonly nowMs: number;
}

export const DEFAULT_SUPERPOSITION = 'experiment';

export class SuperpositionEngine {
  private readonly agents = new Map<AgentId, Superpositions>();

  constructor(
    private readonly heads: Heads,
    private readonly limits: Limits = LIMITS,
  ) {}

  /**
   * Costs what the number of states costs; they share what they have in common.
   * @throws SkepError `unknown-agent`, `invalid-input`, `overloaded`, `payload-too-large`
   */
  createSuperposition(
    agent: AgentId,
    states: readonly ExperimentalState[],
    { name = DEFAULT_SUPERPOSITION, graceMs = this.limits.superpositionGraceMs }: { readonly name?: string; readonly graceMs?: number } = {},
  ): Superposition {
    const branches = states.map(({ name: given, tree, weight, work }, at) => ({ name: given ?? String(at), tree, weight, work }));
    return this.change({ agent, name }, { kind: 'create', name, branches, graceMs });
  }

  /** Its weight is its share of the whole; default: as much as the others have on average. Its name: the first free number. @throws SkepError */
  addExperimentalBranch(ref: SuperpositionRef, state: ExperimentalState): Superposition {
    const branch = { ...state, name: state.name ?? freeName(this.mustGet(ref)) };
    return this.change(ref, { kind: 'add', name: ref.name, branch });
  }

  /** What a branch has come to while its work goes on. @throws SkepError */
  changeBranch({ agent, name }: SuperpositionRef, branch: string, tree: Tree): Superposition {
    return this.change({ agent, name }, { kind: 'change', name, branch, tree });
  }

  /** The work of a branch succeeded. @throws SkepError */
  commitBranch({ agent, name }: SuperpositionRef, branch: string): Superposition {
    return this.change({ agent, name }, { kind: 'commit', name, branch });
  }

  /** Its state is dropped at once. @throws SkepError */
  failBranch({ agent, name }: SuperpositionRef, branch: string, reason: string): Superposition {
    return this.change({ agent, name }, { kind: 'fail', name, branch, reason });
  }

  /** @throws SkepError */
  scoreBranches({ agent, name }: SuperpositionRef, scores: Readonly<Record<string, number>>): Superposition {
    return this.change({ agent, name }, { kind: 'score', name, scores });
  }

  /**
   * Bayes: how likely what was seen is under each branch; under those not named it is certain. Likelihood 0 rules a branch out.
   * @throws SkepError `invalid-input` also for evidence that rules out all
   */
  updateWeights({ agent, name }: SuperpositionRef, label: string, likelihoods: Likelihoods): Superposition {
    return this.change({ agent, name }, { kind: 'evidence', name, label, likelihoods });
  }

  /** Which branch it would come down to; changes nothing. @throws SkepError */
  observe(ref: SuperpositionRef, by: Observer): ExperimentalBranch {
    return observe(this.mustGet(ref), by);
  }

  /**
   * The branch becomes the agent's state, and all others are gone at once.
   * @throws SkepError `version-conflict` when the agent moved on, `branch-failed`, `unknown-superposition`, `superposition-over`
   */
  collapseToSuccessful({ agent, name }: SuperpositionRef, branch: string, { nowMs, ...merging }: Merging & Now): Head {
    return this.perform(agent, { kind: 'collapse', name, by: { branch }, ...merging }, nowMs);
  }

  /** Back to what the agent was before the collapse; the superposition is over. @throws SkepError `undo-expired`, `version-conflict` */
  undoCollapse({ agent, name }: SuperpositionRef, { nowMs }: Now): Head {
    return this.perform(agent, { kind: 'undo', name }, nowMs);
  }

  /** Ends it without a choice; the agent's state stays as it is. @throws SkepError */
  drop({ agent, name }: SuperpositionRef): void {
    this.perform(agent, { kind: 'drop', name }, 0);
  }

  /** Forgets failed branches and collapses that can be undone no more. Returns how many. */
  garbageCollectFailed({ nowMs }: Now): { readonly branches: number; readonly collapses: number } {
    let branches = 0;
    let collapses = 0;
    for (const [agent, all] of this.agents) {
      const kept = new Map<string, Superposition>();
      for (const [name, superposition] of all) {
        branches += superposition.failed.length;
        if (isExpired(superposition, nowMs)) collapses += 1;
        else kept.set(name, superposition.failed.length === 0 ? superposition : { ...superposition, failed: [] });
      }
      this.keep(agent, kept);
    }
    return { branches, collapses };
  }

  /** Those that have not collapsed, in the order of their creation. */
  listActiveSuperpositions(agent: AgentId): readonly Superposition[] {
    return [...this.all(agent).values()].filter(({ collapse }) => collapse === undefined);
  }

  /** As it is now. @throws SkepError `unknown-superposition` */
  mustGet({ agent, name }: SuperpositionRef): Superposition {
    return mustGetSuperposition(this.all(agent), agent, name);
  }

  private change(ref: SuperpositionRef, command: SuperpositionCommand): Superposition {
    // Only collapses have an age.
    this.perform(ref.agent, command, Number.NEGATIVE_INFINITY);
    return this.mustGet(ref);
  }

  private perform(agent: AgentId, command: SuperpositionCommand<Observer> & Merging, nowMs: number): Head {
    const head = this.heads.get(agent);
    if (head === undefined) throw new SkepError('unknown-agent', { message: 'this agent has no state', id: agent });
    const superpositions = this.all(agent);
    const { steps, tree, after } = planSuperposition(command, { agent, head, superpositions, nowMs, limits: this.limits });
    if (tree === undefined) {
      this.keep(agent, after);
      return head;
    }
    const next = this.heads.compareAndSet(agent, head.version, tree);
    if (next === undefined) {
      throw new SkepError('version-conflict', { message: `the agent was changed while it was read at version ${head.version}`, id: agent });
    }
    this.keep(agent, applySteps(superpositions, steps, { agent, head, version: next.version, ms: nowMs }));
    return next;
  }

  private all(agent: AgentId): Superpositions {
    return this.agents.get(agent) ?? NO_SUPERPOSITIONS;
  }

  private keep(agent: AgentId, superpositions: Superpositions): void {
    if (superpositions.size === 0) this.agents.delete(agent);
    else this.agents.set(agent, superpositions);
  }
}

/** The number that its place would have, or the next one that nobody has. */
function freeName({ branches, failed }: Superposition): string {
  const taken = new Set([...branches, ...failed].map(({ name }) => name));
  let number = taken.size;
  while (taken.has(String(number))) number += 1;
  return String(number);
}
