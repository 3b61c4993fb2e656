/** What the agent's state becomes by a collapse and by undoing it: compare and set on its head, or a merge without conflicts (V4). */
import { formatPath, SkepError } from '@skep/kernel';
import { mergeTrees } from '../merge/merge-trees.js';
import type { MergeRule } from '../merge/rule.js';
import type { Tree } from '../tree.js';
import type { ExperimentalBranch, Head, Superposition } from './superposition.js';

export interface Merging {
  /** What to do when the agent's state moved on: refuse (default), or take both changes where they do not conflict. */
  readonly merge?: 'conflict-free';
  readonly rules?: readonly MergeRule[];
}

/** The agent's next state. @throws SkepError `version-conflict` when it moved on, or changed what the branch changed */
export function collapsedTree(superposition: Superposition, branch: ExperimentalBranch, head: Head, { merge, rules = [] }: Merging = {}): Tree {
  const { base } = superposition;
  if (base.version === head.version) return branch.tree;
  if (merge === undefined) throw movedOn(superposition, head, `the branches began at version ${base.version}`);
  const { tree, conflicts } = mergeTrees({ base: base.tree, source: branch.tree, target: head.tree, rules });
  const [first] = conflicts;
  if (first === undefined) return tree;
  const others = conflicts.length > 1 ? ` and ${conflicts.length - 1} more` : '';
  throw movedOn(superposition, head, `since version ${base.version} it changed what the branch changed: ${formatPath(first.path)}${others}`);
}

/** The agent's state before the collapse. @throws SkepError `undo-expired`, `version-conflict` when it moved on, `invalid-input` */
export function undoneTree(superposition: Superposition, head: Head, nowMs: number): Tree {
  const { collapse, graceMs } = superposition;
  const id = idOf(superposition);
  if (collapse === undefined) throw new SkepError('invalid-input', { message: 'it has not collapsed', id, remedy: 'Collapse it first.' });
  if (isExpired(superposition, nowMs)) {
    throw new SkepError('undo-expired', { message: `the collapse could be undone for ${graceMs} ms`, id });
  }
  if (collapse.version !== head.version) throw movedOn(superposition, head, `the collapse made version ${collapse.version}`);
  return collapse.previous;
}

/** Whether it collapsed and can be undone no more. */
export function isExpired({ collapse, graceMs }: Superposition, nowMs: number): boolean {
  return collapse !== undefined && nowMs > collapse.ms + graceMs;
}

function movedOn(superposition: Superposition, { version }: Head, why: string): SkepError {
  return new SkepError('version-conflict', {
    message: `the agent is at version ${version}; ${why}`,
    id: idOf(superposition),
    remedy: 'Ask for a merge of what does not conflict, or go on from the new state.',
  });
}

function idOf({ agent, name }: Superposition): string {
  return `${agent} ${name}`;
}
