/**
 * Checkpoints: states of agents that are kept, and where they came from. Three figures, never mixed:
 *
 *   frozen   the checkpoint exists: a pointer was stored, nothing was hashed or copied
 *   sealed   `await checkpoint.root`: its root is known
 *   durable  `await checkpoint.durable`: it is kept at a level
 */
import { type AgentId, type HashHex, type HybridClock, SkepError } from '@skep/kernel';
import type { Level } from '@skep/ports';
import type { Tree } from './tree.js';

declare const brand: unique symbol;
/** `agent#number`; numbers grow with time within an agent. */
export type CheckpointId = string & { readonly [brand]: 'CheckpointId' };

/** What a checkpoint says of its making. */
export interface Provenance {
  /** For people. */
  readonly note?: string;
  /** The event, operation or message that brought the state about. */
  readonly cause?: string;
  /** When: decides for what it wrote where the rule `last-writer` holds. */
  readonly clock?: HybridClock;
}

/** What the checkpoints of one agent have in common. */
export interface Lineage {
  readonly agent: AgentId;
  readonly sealer: { root(tree: Tree): Promise<HashHex> };
  readonly keeper: { durable(checkpoint: Checkpoint): Promise<Level>; mayRelease(checkpoint: Checkpoint): boolean };
  /** @param number of a checkpoint of this lineage */
  numbered(number: number): Checkpoint;
}

const NO_PARENTS: readonly CheckpointId[] = [];

export class Checkpoint {
  /** Whether the store has it. @internal */
  isKept = false;
  private held: Tree | undefined;
  private sealed: Promise<HashHex> | undefined = undefined;
  private kept: Promise<Level> | undefined = undefined;

  /** Made by the engine only. @internal */
  constructor(
    /** @internal */
    readonly lineage: Lineage,
    /** From 1, growing with time within an agent. */
    readonly number: number,
    /** Number of the checkpoint that it follows; 0 for the first of an agent. @internal */
    readonly first: number,
    /** Number of the checkpoint that was merged into the other one, else 0. @internal */
    readonly second: number,
    tree: Tree,
    readonly provenance: Provenance,
  ) {
    this.held = tree;
  }

  /** @throws SkepError `unknown-checkpoint` when it was let go (`VersionGraph.release`); `StateEngine.recallState` brings it back */
  get tree(): Tree {
    if (this.held === undefined) throw letGo(this.id);
    return this.held;
  }

  /** Whether its state is in memory. */
  get isHeld(): boolean {
    return this.held !== undefined;
  }

  /** @param tree its state, or undefined to let go of it @internal */
  hold(tree: Tree | undefined): void {
    this.held = tree;
  }

  get id(): CheckpointId {
    return checkpointId(this.lineage.agent, this.number);
  }

  get agent(): AgentId {
    return this.lineage.agent;
  }

  /** None for the first, two for a merge (what was merged is the second); all with smaller numbers. */
  get parents(): readonly CheckpointId[] {
    const { agent } = this.lineage;
    if (this.first === 0) return NO_PARENTS;
    const first = checkpointId(agent, this.first);
    return this.second === 0 ? [first] : [first, checkpointId(agent, this.second)];
  }

  /** The content root, computed now where it is not known. */
  seal(): HashHex {
    return this.tree.root();
  }

  /**
   * The content root, computed together with those of other checkpoints that were asked for in the same moment. Rejects with what `tree` and
   * `Tree.root` throw; asked for again, it is tried again.
   */
  get root(): Promise<HashHex> {
    this.sealed ??= (this.held === undefined ? Promise.reject(letGo(this.id)) : this.lineage.sealer.root(this.held)).catch((error: unknown) => {
      this.sealed = undefined;
      throw error;
    });
    return this.sealed;
  }

  /**
   * Resolves when the store has it, with the level at which it is kept; without a store that is `memory`, for as long as its state is there.
   * Rejects with the store's error; asked for again, it is tried again.
   */
  get durable(): Promise<Level> {
    this.kept ??= this.lineage.keeper.durable(this).catch((error: unknown) => {
      this.kept = undefined;
      throw error;
    });
    return this.kept;
  }
}

/** The error for a state that is not in memory. */
export function letGo(id: CheckpointId): SkepError {
  const remedy = 'Bring it back with `recallState`, then ask again.';
  return new SkepError('unknown-checkpoint', { message: 'the state of this checkpoint is not in memory any more', id, remedy });
}

export function checkpointId(agent: AgentId, number: number): CheckpointId {
  return `${agent}#${number}` as CheckpointId;
}

/** The agent and the number that an id is made of; undefined for what is none. */
export function partsOfCheckpointId(id: string): { readonly agent: AgentId; readonly number: number } | undefined {
  const at = id.lastIndexOf('#');
  const number = Number(id.slice(at + 1));
  if (at <= 0 || !Number.isSafeInteger(number) || String(number) !== id.slice(at + 1)) return undefined;
  return { agent: id.slice(0, at) as AgentId, number };
}
