/**
 * The versions of one agent: its checkpoints and how they follow from each other, the heads of its branches, its tags.
 *
 * - W1 A checkpoint has a larger number than its parents, and parents of its own agent only.
 * - W2 A head is a checkpoint whose state is in memory; checked moves are compare-and-set.
 */
import { type AgentId, checkName, type Path, SkepError } from '@skep/kernel';
import { Checkpoint, type CheckpointId, type Lineage, letGo, type Provenance, partsOfCheckpointId } from '../checkpoint.js';
import type { Tree } from '../tree.js';
import { basesAmong, bestCommonAncestors, newestFirst } from './ancestry.js';
import { blamed } from './blame.js';

export const MAIN_BRANCH = 'main';
/** Checkpoints that `log` gives unless it is asked for another number. */
const LOG_LIMIT = 1_000;

export type CheckpointRef = Checkpoint | CheckpointId;

export interface Tag {
  readonly name: string;
  readonly checkpoint: Checkpoint;
}

export type HeadMove =
  | { readonly kind: 'moved'; readonly checkpoint: Checkpoint }
  /** Nothing was changed: the head is another one by now. */
  | { readonly kind: 'conflict'; readonly head: Checkpoint | undefined };

export class VersionGraph implements Lineage {
  /** That of number n at n - 1. */
  private readonly checkpoints: Checkpoint[] = [];
  private main: Checkpoint | undefined = undefined;
  private readonly others = new Map<string, Checkpoint>();
  private readonly named = new Map<string, Checkpoint>();

  constructor(
    readonly agent: AgentId,
    /** @internal */
    readonly sealer: Lineage['sealer'],
    /** @internal */
    readonly keeper: Lineage['keeper'],
  ) {}

  /** @throws SkepError `unknown-checkpoint` */
  get(ref: CheckpointRef): Checkpoint {
    const found = this.find(ref);
    if (found === undefined) throw unknownCheckpoint(ref);
    return found;
  }

  find(ref: CheckpointRef): Checkpoint | undefined {
    if (typeof ref !== 'string') return this.checkpoints[ref.number - 1] === ref ? ref : undefined;
    const parts = partsOfCheckpointId(ref);
    return parts?.agent === this.agent ? this.checkpoints[parts.number - 1] : undefined;
  }

  /** The newest checkpoint of a branch. */
  head(branch: string = MAIN_BRANCH): Checkpoint | undefined {
    return branch === MAIN_BRANCH ? this.main : this.others.get(branch);
  }

  /** @throws SkepError `unknown-checkpoint` */
  mustGetHead(branch: string = MAIN_BRANCH): Checkpoint {
    const head = this.head(branch);
    if (head === undefined) throw new SkepError('unknown-checkpoint', { message: `there is no branch ${branch}`, id: this.agent });
    return head;
  }

  /** Main first, then as they were made. */
  branches(): readonly string[] {
    return this.main === undefined ? [...this.others.keys()] : [MAIN_BRANCH, ...this.others.keys()];
  }

  /** Compare-and-set: the head moves only from where the caller saw it (undefined: there is no such branch). @throws SkepError `unknown-checkpoint`, `invalid-id` */
  moveHead(branch: string, { from, to }: { readonly from: CheckpointRef | undefined; readonly to: CheckpointRef }): HeadMove {
    checkName('branch', branch);
    const checkpoint = this.get(to);
    const head = this.head(branch);
    if (head !== (from === undefined ? undefined : this.get(from))) return { kind: 'conflict', head };
    this.setHead(branch, checkpoint);
    return { kind: 'moved', checkpoint };
  }

  /** Its checkpoints stay. @throws SkepError `unknown-checkpoint`, `invalid-input` for main */
  deleteBranch(branch: string): Checkpoint {
    if (branch === MAIN_BRANCH) {
      throw new SkepError('invalid-input', { message: 'the main branch cannot be deleted', id: this.agent, remedy: 'Move its head instead.' });
    }
    const head = this.mustGetHead(branch);
    this.others.delete(branch);
    return head;
  }

  /** Names a checkpoint for good. @throws SkepError `unknown-checkpoint`, `invalid-id`, `invalid-input` for a name that stands for another one */
  tag(name: string, ref: CheckpointRef): Tag {
    checkName('tag', name);
    const checkpoint = this.get(ref);
    const known = this.named.get(name);
    if (known !== undefined && known !== checkpoint) {
      throw new SkepError('invalid-input', {
        message: `the tag ${name} stands for ${known.id}`,
        id: this.agent,
        remedy: 'Choose another name, or take the tag away first.',
      });
    }
    this.named.set(name, checkpoint);
    return { name, checkpoint };
  }

  /** What it stood for, undefined for no tag. */
  untag(name: string): Checkpoint | undefined {
    const checkpoint = this.named.get(name);
    this.named.delete(name);
    return checkpoint;
  }

  tagged(name: string): Checkpoint | undefined {
    return this.named.get(name);
  }

  /** By name. */
  tags(): readonly Tag[] {
    return [...this.named].map(([name, checkpoint]) => ({ name, checkpoint })).sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** A branch's checkpoints and those that were merged into it, the newest first. @throws SkepError `unknown-checkpoint` */
  log({ branch = MAIN_BRANCH, limit = LOG_LIMIT }: { readonly branch?: string; readonly limit?: number } = {}): readonly Checkpoint[] {
    const log: Checkpoint[] = [];
    for (const checkpoint of newestFirst(this.mustGetHead(branch))) {
      if (log.length >= limit) break;
      log.push(checkpoint);
    }
    return log;
  }

  /** What a checkpoint comes from, the newest first, read as far as the caller goes. @throws SkepError `unknown-checkpoint` */
  *ancestors(ref: CheckpointRef): Generator<Checkpoint> {
    const checkpoint = this.get(ref);
    for (const each of newestFirst(checkpoint)) if (each !== checkpoint) yield each;
  }

  /** The best common ancestors, the oldest first: several where branches were merged crosswise. @throws SkepError `unknown-checkpoint` */
  mergeBases(one: CheckpointRef, other: CheckpointRef): readonly Checkpoint[] {
    return bestCommonAncestors([this.get(one)], this.get(other));
  }

  /**
   * The checkpoint that wrote what is at a path of a branch's head, or took it away; undefined if nothing ever was there.
   * @throws SkepError `unknown-checkpoint`, also where it would have to look at a state that was let go (`release`)
   */
  blame(path: Path, branch: string = MAIN_BRANCH): Checkpoint | undefined {
    return blamed(this.mustGetHead(branch), path);
  }

  /**
   * Lets go of the states of all checkpoints but the newest `keep`, the heads, what was tagged, and what branches are compared with when they
   * are merged, in whatever order. The graph stays. With a store only what it has is let go: nothing is lost. Returns how many were.
   * Who wrote a place can be told no further back than states are held: `blame` and merges by the rule `last-writer` (unless `clocksOf` tells
   * the clocks) that need more are refused as `unknown-checkpoint`, with the id of the state to be recalled.
   */
  release(keep: number): number {
    const heads = [...this.others.values(), ...(this.main === undefined ? [] : [this.main])];
    const kept = new Set<Checkpoint>([...heads, ...this.named.values(), ...basesAmong(heads)]);
    const old = this.checkpoints.slice(0, Math.max(0, this.checkpoints.length - keep));
    const released = old.filter((each) => each.isHeld && !kept.has(each) && this.keeper.mayRelease(each));
    for (const checkpoint of released) checkpoint.hold(undefined);
    return released.length;
  }

  /** @internal */
  numbered(number: number): Checkpoint {
    return this.checkpoints[number - 1] as Checkpoint;
  }

  /** @internal */
  add(branch: string, made: { readonly tree: Tree; readonly first: number; readonly second: number; readonly provenance: Provenance }): Checkpoint {
    const checkpoint = new Checkpoint(this, this.checkpoints.length + 1, made.first, made.second, made.tree, made.provenance);
    this.checkpoints.push(checkpoint);
    this.setHead(branch, checkpoint);
    return checkpoint;
  }

  /** Heads are in memory, so that work can go on from them. @throws SkepError `unknown-checkpoint` @internal */
  setHead(branch: string, checkpoint: Checkpoint): void {
    if (!checkpoint.isHeld) throw letGo(checkpoint.id);
    if (branch === MAIN_BRANCH) this.main = checkpoint;
    else this.others.set(branch, checkpoint);
  }
}

export function unknownCheckpoint(ref: CheckpointRef): SkepError {
  return new SkepError('unknown-checkpoint', { message: 'there is no such checkpoint', id: typeof ref === 'string' ? ref : ref.id });
}
