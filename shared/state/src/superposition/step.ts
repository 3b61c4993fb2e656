/**
 * What happens to the superpositions of an agent, one step at a time, and the fold of these steps. In memory a branch's content is a tree;
 * recorded, it is the edits that lead there, so that a log holds what differs and no more.
 *
 * - F1 The fold depends on the steps and on the heads that they met, on nothing else: done live or in a recovery, the result is the same.
 *   So steps hold logarithms that were computed once, and evictions by name.
 */
import { type AgentId, SkepError } from '@skep/kernel';
import { diff } from '../diff.js';
import type { Edit } from '../edit.js';
import type { Tree } from '../tree.js';
import {
  type BranchSeed,
  emptySuperposition,
  type Head,
  type LogLikelihoods,
  mustGetBranch,
  type Superposition,
  withBranches,
  withCollapse,
  withCommit,
  withEvidence,
  withFailure,
  withScore,
  withState,
} from './superposition.js';

/** `name` is the superposition's. */
export type SuperpositionStep<Content> =
  | { readonly kind: 'created'; readonly name: string; readonly graceMs: number; readonly branches: readonly BranchSeed<Content>[] }
  | { readonly kind: 'added'; readonly name: string; readonly seed: BranchSeed<Content> }
  /** Recorded: edits of what the branch was. */
  | { readonly kind: 'changed'; readonly name: string; readonly branch: string; readonly content: Content }
  | { readonly kind: 'committed'; readonly name: string; readonly branch: string }
  | { readonly kind: 'weighed'; readonly name: string; readonly label: string; readonly logLikelihoods: LogLikelihoods }
  | { readonly kind: 'scored'; readonly name: string; readonly branch: string; readonly score: number }
  | { readonly kind: 'failed'; readonly name: string; readonly branch: string; readonly reason: string }
  /** `weight`: the branch's, computed once. */
  | { readonly kind: 'collapsed'; readonly name: string; readonly branch: string; readonly weight: number }
  /** Forgotten: undone, given up, or its grace period is over. */
  | { readonly kind: 'ended'; readonly name: string };

export type LiveStep = SuperpositionStep<Tree>;
export type RecordedStep = SuperpositionStep<readonly Edit[]>;

/** All superpositions of an agent by name, in the order of their creation. */
export type Superpositions = ReadonlyMap<string, Superposition>;
export const NO_SUPERPOSITIONS: Superpositions = new Map();

/** When and where steps take effect. */
export interface Moment {
  readonly agent: AgentId;
  /** The agent before. */
  readonly head: Head;
  /** Its version after. */
  readonly version: number;
  readonly ms: number;
}

/** @throws SkepError when a step does not fit; then nothing has changed */
export function applySteps(all: Superpositions, steps: readonly LiveStep[], moment: Moment): Superpositions {
  const next = new Map(all);
  for (const step of steps) applyStep(next, step, moment);
  return next;
}

/** @throws SkepError as `applySteps` */
export function applyRecorded(all: Superpositions, steps: readonly RecordedStep[], moment: Moment): Superpositions {
  const next = new Map(all);
  for (const step of steps)
    applyStep(
      next,
      withContent(next, step, moment, (base, edits) => base.apply(edits)),
      moment,
    );
  return next;
}

/** The steps as a log keeps them. @param all before them */
export function recordedSteps(all: Superpositions, steps: readonly LiveStep[], moment: Moment): readonly RecordedStep[] {
  const next = new Map(all);
  return steps.map((step) => {
    const recorded = withContent(next, step, moment, (base, tree) => diff(base, tree).map(withoutOld));
    applyStep(next, step, moment);
    return recorded;
  });
}

/** @throws SkepError `unknown-superposition` */
export function mustGetSuperposition(all: Superpositions, agent: AgentId, name: string): Superposition {
  const found = all.get(name);
  if (found !== undefined) return found;
  throw new SkepError('unknown-superposition', {
    message: `there is no superposition ${name}; there are: ${[...all.keys()].join(', ') || 'none'}`,
    id: agent,
  });
}

function applyStep(all: Map<string, Superposition>, step: LiveStep, { agent, head, version, ms }: Moment): void {
  const { name } = step;
  if (step.kind === 'created') {
    if (all.has(name))
      throw new SkepError('invalid-input', { message: `there is a superposition ${name} already`, id: agent, remedy: 'Choose another name.' });
    all.set(name, withBranches(emptySuperposition({ agent, name, base: head, graceMs: step.graceMs }), step.branches));
    return;
  }
  const before = mustGetSuperposition(all, agent, name);
  if (step.kind === 'ended') all.delete(name);
  else all.set(name, after(before, step, { ms, version, previous: head.tree }));
}

function after(
  before: Superposition,
  step: Exclude<LiveStep, { readonly kind: 'created' | 'ended' }>,
  collapse: { readonly ms: number; readonly version: number; readonly previous: Tree },
): Superposition {
  switch (step.kind) {
    case 'added':
      return withBranches(before, [step.seed]);
    case 'changed':
      return withState(before, step.branch, step.content);
    case 'committed':
      return withCommit(before, step.branch);
    case 'weighed':
      return withEvidence(before, step.label, step.logLikelihoods);
    case 'scored':
      return withScore(before, step.branch, step.score);
    case 'failed':
      return withFailure(before, step.branch, step.reason);
    case 'collapsed':
      return withCollapse(before, step.branch, { ...collapse, weight: step.weight });
  }
}

/** The step with its contents in another form. `base`: what they are told against. */
function withContent<From, To>(
  all: Superpositions,
  step: SuperpositionStep<From>,
  { agent, head }: Moment,
  turned: (base: Tree, content: From) => To,
): SuperpositionStep<To> {
  switch (step.kind) {
    case 'created':
      return { ...step, branches: step.branches.map((seed) => ({ ...seed, content: turned(head.tree, seed.content) })) };
    case 'added': {
      const { base } = mustGetSuperposition(all, agent, step.name);
      return { ...step, seed: { ...step.seed, content: turned(base.tree, step.seed.content) } };
    }
    case 'changed': {
      const { tree } = mustGetBranch(mustGetSuperposition(all, agent, step.name), step.branch);
      return { ...step, content: turned(tree, step.content) };
    }
    default:
      return step;
  }
}

/** As records keep it: folding brings old values back. */
export function withoutOld(change: Edit): Edit {
  return change.kind === 'delete' ? { kind: 'delete', path: change.path } : { kind: change.kind, path: change.path, new: change.new };
}
