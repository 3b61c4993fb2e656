/**
 * A superposition: several experimental states of one agent side by side, until one is observed (V3). An immutable value; every function
 * here gives the next one, shares what did not change, and throws without having changed anything.
 *
 *   under way --commit--> committed --collapse--> the agent's state
 *       |                     |
 *       +------- fail --------+--> failed: only its name and the reason stay
 *
 * - P1 What happens to one branch is not seen by another, nor by the agent's state.
 * - P2 The weights of the branches that did not fail add up to 1.
 * - P3 Only a committed branch can be observed: a failed one never reaches the agent's state (V4).
 * - P4 Nothing here reads a clock or draws chance: times, scores and likelihoods are inputs.
 */
import { type AgentId, LIMITS, SkepError } from '@skep/kernel';
import type { Tree } from '../tree.js';
import { largest, normalised } from './weight.js';

/** The state of an agent at a version. */
export interface Head {
  readonly version: number;
  readonly tree: Tree;
}

/** Something that was seen: the logarithm of how likely it is if this branch is the right one. */
export interface Evidence {
  readonly label: string;
  readonly logLikelihood: number;
}

export interface ExperimentalBranch {
  readonly name: string;
  readonly tree: Tree;
  readonly work: 'under-way' | 'committed';
  /** Only differences between branches mean something; `weightsOf` tells the weights. */
  readonly logWeight: number;
  /** The newest pieces, oldest first. */
  readonly evidence: readonly Evidence[];
  readonly score: number | undefined;
  /** The how-manieth branch it was to commit, from 1. */
  readonly commit: number | undefined;
}

export interface FailedBranch {
  readonly name: string;
  readonly reason: string;
}

/** What a collapse did, as long as it can be undone. */
export interface Collapse {
  readonly branch: string;
  readonly weight: number;
  readonly score: number | undefined;
  /** When, in ms since 1970. */
  readonly ms: number;
  /** The agent's version since. */
  readonly version: number;
  /** What the agent's state was. */
  readonly previous: Tree;
}

export interface Superposition {
  readonly agent: AgentId;
  readonly name: string;
  /** Where the branches came from; a collapse expects the agent to be there still. */
  readonly base: Head;
  readonly graceMs: number;
  /** Those that did not fail, in the order in which they came; none after the collapse. */
  readonly branches: readonly ExperimentalBranch[];
  readonly failed: readonly FailedBranch[];
  /** How many branches committed so far. */
  readonly commits: number;
  readonly collapse: Collapse | undefined;
}

/** A branch as it begins. In memory its content is a tree; recorded, the edits of the base that lead there. */
export interface BranchSeed<Content> {
  readonly name: string;
  readonly work: ExperimentalBranch['work'];
  readonly logWeight: number;
  readonly content: Content;
}

export interface SuperpositionStart {
  readonly agent: AgentId;
  readonly name: string;
  readonly base: Head;
  readonly graceMs: number;
}

const NO_EVIDENCE: readonly Evidence[] = [];

export function emptySuperposition({ agent, name, base, graceMs }: SuperpositionStart): Superposition {
  return { agent, name, base, graceMs, branches: [], failed: [], commits: 0, collapse: undefined };
}

/** @throws SkepError `superposition-over`, `invalid-input` for a name that is taken or a tree of another address key */
export function withBranches(superposition: Superposition, seeds: readonly BranchSeed<Tree>[]): Superposition {
  checkOpen(superposition);
  const names = new Set<string>();
  for (const { name } of superposition.branches) names.add(name);
  for (const { name } of superposition.failed) names.add(name);
  const branches = [...superposition.branches];
  let { commits } = superposition;
  for (const { name, content: tree, logWeight, work } of seeds) {
    if (names.has(name)) throw refused(superposition, `there is a branch ${name} already`, 'Choose another name.');
    if (tree.space !== superposition.base.tree.space) throw refused(superposition, `branch ${name} is of another address key`, 'Use one tenant.');
    names.add(name);
    if (work === 'committed') commits += 1;
    const commit = work === 'committed' ? commits : undefined;
    branches.push({ name, tree, work, logWeight, evidence: NO_EVIDENCE, score: undefined, commit });
  }
  return { ...superposition, branches, commits };
}

/** Another state of a branch whose work goes on. @throws SkepError `unknown-superposition`, `branch-failed`, `invalid-input` */
export function withState(superposition: Superposition, name: string, tree: Tree): Superposition {
  const branch = mustBeUnderWay(superposition, name);
  if (tree.space !== branch.tree.space) throw refused(superposition, `branch ${name} is of another address key`, 'Use one tenant.');
  return withBranch(superposition, { ...branch, tree });
}

/** The work of a branch succeeded. @throws SkepError `unknown-superposition`, `branch-failed`, `invalid-input` */
export function withCommit(superposition: Superposition, name: string): Superposition {
  const branch = mustBeUnderWay(superposition, name);
  const commits = superposition.commits + 1;
  return { ...withBranch(superposition, { ...branch, work: 'committed', commit: commits }), commits };
}

/** @throws SkepError `unknown-superposition`, `branch-failed`, `superposition-over`, `invalid-input` */
export function withScore(superposition: Superposition, name: string, score: number): Superposition {
  if (!Number.isFinite(score)) throw refused(superposition, `a score is a finite number, not ${String(score)}`, 'Correct the score.');
  return withBranch(superposition, { ...mustGetBranch(superposition, name), score });
}

export type LogLikelihoods = readonly (readonly [branch: string, logLikelihood: number])[];

/** Branches that are not named keep likelihood 1. @throws SkepError `unknown-superposition`, `branch-failed`, `superposition-over` */
export function withEvidence(superposition: Superposition, label: string, logLikelihoods: LogLikelihoods): Superposition {
  const given = new Map(logLikelihoods);
  for (const name of given.keys()) mustGetBranch(superposition, name);
  const moved = superposition.branches.map((branch): ExperimentalBranch => {
    const logLikelihood = given.get(branch.name);
    if (logLikelihood === undefined) return branch;
    const evidence = [...branch.evidence, { label, logLikelihood }].slice(-LIMITS.superpositionEvidence);
    return { ...branch, evidence, logWeight: branch.logWeight + logLikelihood };
  });
  // Near zero the differences keep their digits, however much evidence comes.
  const most = largest(moved.map(({ logWeight }) => logWeight));
  return { ...superposition, branches: most === 0 ? moved : moved.map((branch) => ({ ...branch, logWeight: branch.logWeight - most })) };
}

/** Drops the state of a branch at once. @throws SkepError `unknown-superposition`, `branch-failed`, `superposition-over` */
export function withFailure(superposition: Superposition, name: string, reason: string): Superposition {
  const branch = mustGetBranch(superposition, name);
  const failed = [...superposition.failed, { name, reason }].slice(-LIMITS.superpositionBranches);
  return { ...superposition, branches: superposition.branches.filter((each) => each !== branch), failed };
}

/** The branch became the agent's state: all of them are dropped. @throws SkepError as `mustGetBranch`; `invalid-input` while it is under way */
export function withCollapse(
  superposition: Superposition,
  name: string,
  how: Pick<Collapse, 'weight' | 'ms' | 'version' | 'previous'>,
): Superposition {
  const { score, work } = mustGetBranch(superposition, name);
  if (work !== 'committed') throw notCommitted(superposition, name);
  return { ...superposition, branches: [], failed: [], collapse: { branch: name, score, ...how } };
}

/** In the order of the branches. */
export function weightsOf({ branches }: Superposition): readonly number[] {
  return normalised(branches.map(({ logWeight }) => logWeight));
}

/** @throws SkepError `unknown-superposition`, `branch-failed`, `superposition-over` */
export function weightOf(superposition: Superposition, name: string): number {
  return weightsOf(superposition)[superposition.branches.indexOf(mustGetBranch(superposition, name))] as number;
}

/** @throws SkepError `unknown-superposition`, `branch-failed`, `superposition-over` */
export function mustGetBranch(superposition: Superposition, name: string): ExperimentalBranch {
  checkOpen(superposition);
  const found = superposition.branches.find((branch) => branch.name === name);
  if (found !== undefined) return found;
  const failure = superposition.failed.find((branch) => branch.name === name);
  const id = `${superposition.agent} ${superposition.name}`;
  if (failure !== undefined) throw new SkepError('branch-failed', { message: `branch ${name} failed: ${failure.reason}`, id });
  const names = superposition.branches.map((branch) => branch.name).join(', ') || 'none';
  throw new SkepError('unknown-superposition', { message: `there is no branch ${name}; there are: ${names}`, id });
}

/** @throws SkepError `superposition-over` */
export function checkOpen({ agent, name, collapse }: Superposition): void {
  if (collapse === undefined) return;
  throw new SkepError('superposition-over', {
    message: `it collapsed to branch ${collapse.branch} at version ${collapse.version}`,
    id: `${agent} ${name}`,
  });
}

export function notCommitted(superposition: Superposition, name: string): SkepError {
  return refused(superposition, `the work of branch ${name} is under way`, 'Commit the branch first, or choose one that has committed.');
}

export function refused({ agent, name }: Pick<Superposition, 'agent' | 'name'>, message: string, remedy: string): SkepError {
  return new SkepError('invalid-input', { message, id: `${agent} ${name}`, remedy });
}

function mustBeUnderWay(superposition: Superposition, name: string): ExperimentalBranch {
  const branch = mustGetBranch(superposition, name);
  if (branch.work === 'under-way') return branch;
  throw refused(superposition, `branch ${name} has committed`, 'Add another branch for other work.');
}

function withBranch(superposition: Superposition, branch: ExperimentalBranch): Superposition {
  return { ...superposition, branches: superposition.branches.map((each) => (each.name === branch.name ? branch : each)) };
}
