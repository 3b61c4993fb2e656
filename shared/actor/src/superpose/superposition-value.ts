/**
 * The superpositions of an agent as a value: in snapshots with the contents of branches as edits, so that a snapshot grows by what they
 * differ in; in the actor root with their content roots.
 */
import type { AgentId, Value } from '@skep/kernel';
import { diff, type Edit, type ExperimentalBranch, type FailedBranch, type Superposition, type Superpositions, type Tree } from '@skep/state';

/** How a tree is told against one that the reader has. */
type Told = (base: Tree, tree: Tree) => Value;

/** @param current the agent's state, which the snapshot holds as a whole */
export function superpositionsValue(all: Superpositions, current: Tree): Value {
  return toldValue(all, current, (base, tree) => diff(base, tree).map(editValue));
}

/** What the actor root covers: the same wherever it is computed, whatever the trees share. */
export function superpositionRoots(all: Superpositions, current: Tree): Value {
  return toldValue(all, current, (_base, tree) => tree.root());
}

/** @throws SkepError `invalid-path` for what `superpositionsValue` never writes */
export function superpositionsFrom(agent: AgentId, value: Value, current: Tree): Superpositions {
  const all = new Map<string, Superposition>();
  for (const fields of value as readonly SuperpositionFields[]) {
    const [name, version, base, graceMs, commits, branches, failed, collapse] = fields;
    const baseTree = current.apply(base.map(editOf));
    all.set(name, {
      ...{ agent, name, graceMs, commits },
      base: { version, tree: baseTree },
      branches: branches.map((branch) => branchOf(branch, baseTree)),
      failed: failed.map(([failedName, reason]): FailedBranch => ({ name: failedName, reason })),
      collapse: collapse === null ? undefined : collapseOf(collapse, current),
    });
  }
  return all;
}

type EditFields = readonly [number, Edit['path'], Value?];
type BranchFields = readonly [string, EditFields[], number, number, [string, number][], number | null, number | null];
type CollapseFields = readonly [string, number, number | null, number, number, EditFields[]];
type SuperpositionFields = readonly [
  string,
  number,
  EditFields[],
  number,
  number,
  readonly BranchFields[],
  readonly (readonly [string, string])[],
  CollapseFields | null,
];

function toldValue(all: Superpositions, current: Tree, told: Told): Value {
  return [...all.values()].map(({ name, base, graceMs, commits, branches, failed, collapse }) => [
    name,
    base.version,
    told(current, base.tree),
    graceMs,
    commits,
    branches.map((branch) => branchValue(branch, base.tree, told)),
    failed.map((branch) => [branch.name, branch.reason]),
    collapse === undefined
      ? null
      : [collapse.branch, collapse.weight, collapse.score ?? null, collapse.ms, collapse.version, told(current, collapse.previous)],
  ]);
}

function branchValue({ name, tree, work, logWeight, evidence, score, commit }: ExperimentalBranch, base: Tree, told: Told): Value {
  const pieces = evidence.map(({ label, logLikelihood }) => [label, logLikelihood]);
  return [name, told(base, tree), work === 'committed' ? 1 : 0, logWeight, pieces, score ?? null, commit ?? null];
}

function branchOf([name, edits, work, logWeight, evidence, score, commit]: BranchFields, base: Tree): ExperimentalBranch {
  return {
    name,
    tree: base.apply(edits.map(editOf)),
    work: work === 1 ? 'committed' : 'under-way',
    logWeight,
    evidence: evidence.map(([label, logLikelihood]) => ({ label, logLikelihood })),
    score: score ?? undefined,
    commit: commit ?? undefined,
  };
}

function collapseOf([branch, weight, score, ms, version, edits]: CollapseFields, current: Tree): NonNullable<Superposition['collapse']> {
  return { branch, weight, score: score ?? undefined, ms, version, previous: current.apply(edits.map(editOf)) };
}

function editValue(edit: Edit): Value {
  return edit.kind === 'delete' ? [2, edit.path] : [edit.kind === 'create' ? 0 : 1, edit.path, edit.new];
}

function editOf([kind, path, value = null]: EditFields): Edit {
  return kind === 2 ? { kind: 'delete', path } : { kind: kind === 0 ? 'create' : 'update', path, new: value };
}
