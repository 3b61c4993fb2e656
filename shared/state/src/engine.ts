/**
 * The state engine: checkpoints, branches and merges of the states of agents (V1). A checkpoint and a branch are pointers to trees that
 * share what they have in common: both cost the same however large the state is (V2).
 *
 * - E1 A checkpoint never changes. What one branch does is not seen by any other.
 * - E2 A state that did not change makes no new checkpoint.
 * - E3 A merge with conflicts changes nothing.
 */
import { type AgentId, checkName, SkepError } from '@skep/kernel';
import { type Checkpoint, type CheckpointId, type CheckpointStore, checkpointId, memoryCheckpointStore } from './checkpoint.js';
import { type MergeConflict, type MergeRule, mergeTrees } from './merge.js';
import type { Tree } from './tree.js';

export const MAIN_BRANCH = 'main';

export interface BranchName {
  readonly agent: AgentId;
  readonly name: string;
}

export interface MergeOptions {
  readonly rules?: readonly MergeRule[];
}

export type MergeResult =
  /** Target had all of it already. */
  | { readonly kind: 'unchanged'; readonly checkpoint: Checkpoint }
  /** Target had changed nothing since the ancestor: its head is source's now. */
  | { readonly kind: 'fast-forward'; readonly checkpoint: Checkpoint }
  | { readonly kind: 'merged'; readonly checkpoint: Checkpoint }
  /** Nothing was changed. `tree` is the merge with target's values at the conflicts. */
  | { readonly kind: 'conflicts'; readonly conflicts: readonly MergeConflict[]; readonly tree: Tree };

export type MergePlan =
  | { readonly kind: 'unchanged' | 'fast-forward'; readonly checkpoint: Checkpoint }
  | { readonly kind: 'merged'; readonly tree: Tree; readonly parents: readonly CheckpointId[] }
  | { readonly kind: 'conflicts'; readonly conflicts: readonly MergeConflict[]; readonly tree: Tree };

export interface Observation {
  readonly checkpoint: Checkpoint;
  /** What main was before; observing it again undoes this. */
  readonly previous: Checkpoint | undefined;
}

export class StateEngine {
  constructor(private readonly store: CheckpointStore = memoryCheckpointStore()) {}

  /** Keeps a state as the newest of a branch. The checkpoint that is there already if nothing changed. */
  createCheckpoint(agent: AgentId, tree: Tree, branch: string = MAIN_BRANCH): Checkpoint {
    const head = this.store.head(agent, branch);
    if (head?.tree.isKnownEqual(tree)) return head;
    return this.add({ agent, name: branch }, tree, head === undefined ? [] : [head.id]);
  }

  /** @throws SkepError `unknown-checkpoint` */
  restoreState(id: CheckpointId): Tree {
    return this.mustGet(id).tree;
  }

  /** A branch that begins at a checkpoint. @throws SkepError `unknown-checkpoint`, `invalid-id`, `invalid-input` for a name that is taken */
  branchState(parent: CheckpointId, name: string): BranchName {
    checkName('branch', name);
    const checkpoint = this.mustGet(parent);
    if (this.store.head(checkpoint.agent, name) !== undefined) {
      throw new SkepError('invalid-input', { message: `there is a branch ${name} already`, id: checkpoint.agent, remedy: 'Choose another name.' });
    }
    this.store.setHead(checkpoint.agent, name, checkpoint);
    return { agent: checkpoint.agent, name };
  }

  /** The newest checkpoint of a branch. @throws SkepError `unknown-checkpoint` */
  head({ agent, name }: BranchName): Checkpoint {
    const head = this.store.head(agent, name);
    if (head === undefined) throw new SkepError('unknown-checkpoint', { message: `there is no branch ${name}`, id: agent });
    return head;
  }

  listBranches(agent: AgentId): readonly string[] {
    return this.store.branches(agent);
  }

  /** Brings what source changed since the common ancestor into target. @throws SkepError `unknown-checkpoint` */
  mergeStates(source: BranchName, target: BranchName, options: MergeOptions = {}): MergeResult {
    const plan = this.planMerge(source, target, options);
    switch (plan.kind) {
      case 'unchanged':
      case 'conflicts':
        return plan as MergeResult;
      case 'fast-forward':
        this.store.setHead(target.agent, target.name, plan.checkpoint);
        return { kind: 'fast-forward', checkpoint: plan.checkpoint };
      case 'merged':
        return { kind: 'merged', checkpoint: this.add(target, plan.tree, plan.parents) };
    }
  }

  /** What a merge would do; changes nothing. @throws SkepError `unknown-checkpoint` */
  planMerge(source: BranchName, target: BranchName, { rules = [] }: MergeOptions = {}): MergePlan {
    const from = this.head(source);
    const to = this.head(target);
    const base = this.commonAncestor(from, to);
    if (base === from) return { kind: 'unchanged', checkpoint: to };
    if (base === to) return { kind: 'fast-forward', checkpoint: from };
    const { tree, conflicts } = mergeTrees({ base: base.tree, source: from.tree, target: to.tree, rules });
    return conflicts.length > 0 ? { kind: 'conflicts', conflicts, tree } : { kind: 'merged', tree, parents: [to.id, from.id] };
  }

  /** Collapse: what was observed becomes the state of the agent. @throws SkepError `unknown-checkpoint` */
  observeState(id: CheckpointId): Observation {
    const checkpoint = this.mustGet(id);
    const previous = this.store.head(checkpoint.agent, MAIN_BRANCH);
    this.store.setHead(checkpoint.agent, MAIN_BRANCH, checkpoint);
    return { checkpoint, previous };
  }

  private add({ agent, name }: BranchName, tree: Tree, parents: readonly CheckpointId[]): Checkpoint {
    const number = this.store.nextNumber(agent);
    const checkpoint = { id: checkpointId(agent, number), agent, number, parents, tree };
    this.store.put(checkpoint);
    this.store.setHead(agent, name, checkpoint);
    return checkpoint;
  }

  private mustGet(id: CheckpointId): Checkpoint {
    const checkpoint = this.store.get(id);
    if (checkpoint === undefined) throw new SkepError('unknown-checkpoint', { message: 'there is no such checkpoint', id });
    return checkpoint;
  }

  /** The newest checkpoint that both come from. Parents have smaller numbers, so going back from the larger one never misses it. */
  private commonAncestor(one: Checkpoint, other: Checkpoint): Checkpoint {
    if (one === other) return one;
    const fromOne = new Set([one.id]);
    const fromOther = new Set([other.id]);
    const open = [one, other];
    while (open.length > 0) {
      open.sort((left, right) => left.number - right.number);
      const newest = open.pop() as Checkpoint;
      const isOne = fromOne.has(newest.id);
      const isOther = fromOther.has(newest.id);
      if (isOne && isOther) return newest;
      const seen = isOne ? fromOne : fromOther;
      for (const parent of newest.parents) {
        if (!seen.has(parent)) open.push(this.mustGet(parent));
        seen.add(parent);
      }
    }
    throw new SkepError('invalid-input', {
      message: 'these states have no ancestor in common',
      id: other.id,
      remedy: 'Merge branches of one agent only.',
    });
  }
}
