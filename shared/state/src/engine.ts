/**
 * The state engine: checkpoints, branches and merges of the states of agents (V1). A checkpoint and a branch are pointers to trees that
 * share what they have in common: both cost the same however large the state is (V2).
 *
 * - E1 A checkpoint never changes. What one branch does is not seen by any other.
 * - E2 A state that did not change makes no new checkpoint: the same tree, as a draft gives it back that changed nothing, or one whose root is
 *   known to be the same. Equal content that was made anew and has no root yet is not looked for, as that would cost its size.
 * - E3 A merge with conflicts changes nothing.
 */
import { type AgentId, checkName, SkepError } from '@skep/kernel';
import { type Checkpoint, type CheckpointId, type Provenance, partsOfCheckpointId } from './checkpoint.js';
import { type MergeOptions, type MergePlan, type MergeResult, merged, planned } from './merge/plan.js';
import type { Tree } from './tree.js';
import { Keeper } from './versions/keeper.js';
import type { NodeStore } from './versions/node-store.js';
import { type Schedule, Sealer } from './versions/sealer.js';
import { type CheckpointRef, MAIN_BRANCH, unknownCheckpoint, VersionGraph } from './versions/version-graph.js';

export interface BranchName {
  readonly agent: AgentId;
  readonly name: string;
}

export interface Observation {
  readonly checkpoint: Checkpoint;
  /** What main was before; observing it again undoes this. */
  readonly previous: Checkpoint | undefined;
}

export interface EngineOptions {
  /** Where checkpoints are kept that are asked to be durable. Default: nowhere but in memory. */
  readonly store?: NodeStore;
  /** When roots are computed that are awaited, and when the store is called. Default: at the end of the code that runs now. */
  readonly schedule?: Schedule;
}

const NO_PROVENANCE: Provenance = {};

export class StateEngine {
  private readonly graphs = new Map<AgentId, VersionGraph>();
  private readonly store: NodeStore | undefined;
  private readonly sealer: Sealer;
  private readonly keeper: Keeper;

  constructor({ store, schedule = queueMicrotask }: EngineOptions = {}) {
    this.store = store;
    this.sealer = new Sealer(schedule);
    this.keeper = new Keeper(store, schedule);
  }

  /**
   * Freezes a state as the newest of a branch, in the same time however large it is. The checkpoint that is there already if nothing changed.
   * @throws SkepError `invalid-id` for the name of a new branch
   */
  createCheckpoint(agent: AgentId, tree: Tree, branch: string = MAIN_BRANCH, provenance: Provenance = NO_PROVENANCE): Checkpoint {
    const graph = this.versions(agent);
    const head = graph.head(branch);
    if (head === undefined) checkName('branch', branch);
    else if (head.tree.isKnownEqual(tree)) return head;
    return graph.add(branch, { tree, first: head?.number ?? 0, second: 0, provenance });
  }

  /** @throws SkepError `unknown-checkpoint` */
  restoreState(ref: CheckpointRef): Tree {
    return this.mustGet(ref).tree;
  }

  /** As `restoreState`; what is not in memory comes from the store, and is in memory again. Rejects with `unknown-checkpoint` or the store's error. */
  async recallState(id: CheckpointId): Promise<Tree> {
    const checkpoint = this.find(id);
    if (checkpoint?.isHeld) return checkpoint.tree;
    const tree = await this.store?.get(id);
    if (tree === undefined) throw unknownCheckpoint(id);
    checkpoint?.hold(tree);
    return tree;
  }

  /** A branch that begins at a checkpoint. @throws SkepError `unknown-checkpoint`, `invalid-id`, `invalid-input` for a name that is taken */
  branchState(parent: CheckpointRef, name: string): BranchName {
    checkName('branch', name);
    const checkpoint = this.mustGet(parent);
    const { agent } = checkpoint;
    if (this.versions(agent).moveHead(name, { from: undefined, to: checkpoint }).kind === 'conflict') {
      throw new SkepError('invalid-input', { message: `there is a branch ${name} already`, id: agent, remedy: 'Choose another name.' });
    }
    return { agent, name };
  }

  /** The newest checkpoint of a branch. @throws SkepError `unknown-checkpoint` */
  head({ agent, name }: BranchName): Checkpoint {
    return this.versions(agent).mustGetHead(name);
  }

  listBranches(agent: AgentId): readonly string[] {
    return this.versions(agent).branches();
  }

  /** Log, ancestors, tags, blame, heads of an agent. */
  versions(agent: AgentId): VersionGraph {
    const known = this.graphs.get(agent);
    if (known !== undefined) return known;
    const graph = new VersionGraph(agent, this.sealer, this.keeper);
    this.graphs.set(agent, graph);
    return graph;
  }

  /** Brings what source changed since the common ancestor into target. @throws SkepError `unknown-checkpoint`, `invalid-input` */
  mergeStates(source: BranchName, target: BranchName, options: MergeOptions = {}): MergeResult {
    const theirs = this.head(source);
    const graph = this.versions(target.agent);
    const ours = graph.mustGetHead(target.name);
    const outcome = merged(theirs, ours, options);
    if (outcome.kind === 'fast-forward') graph.setHead(target.name, outcome.checkpoint);
    if (outcome.kind !== 'merged') return outcome;
    const made = { tree: outcome.tree, first: ours.number, second: theirs.number, provenance: options.provenance ?? NO_PROVENANCE };
    return { kind: 'merged', checkpoint: graph.add(target.name, made) };
  }

  /** What a merge would do; changes nothing. @throws SkepError `unknown-checkpoint`, `invalid-input` */
  planMerge(source: BranchName, target: BranchName, options: MergeOptions = {}): MergePlan {
    return planned(this.head(source), this.head(target), options);
  }

  /**
   * Collapse: what was observed becomes the state of the agent. With `expected`, only if main is still there.
   * @throws SkepError `unknown-checkpoint`, `version-conflict`
   */
  observeState(ref: CheckpointRef, { expected }: { readonly expected?: CheckpointRef } = {}): Observation {
    const checkpoint = this.mustGet(ref);
    const graph = this.versions(checkpoint.agent);
    const previous = graph.head();
    if (expected !== undefined && graph.get(expected) !== previous) {
      throw new SkepError('version-conflict', { message: 'the main branch moved on', id: checkpoint.agent });
    }
    graph.setHead(MAIN_BRANCH, checkpoint);
    return { checkpoint, previous };
  }

  private mustGet(ref: CheckpointRef): Checkpoint {
    const checkpoint = this.find(ref);
    if (checkpoint === undefined) throw unknownCheckpoint(ref);
    return checkpoint;
  }

  private find(ref: CheckpointRef): Checkpoint | undefined {
    const agent = typeof ref === 'string' ? partsOfCheckpointId(ref)?.agent : ref.agent;
    return agent === undefined ? undefined : this.graphs.get(agent)?.find(ref);
  }
}
