/**
 * Where checkpoints are kept beyond the memory of the engine.
 *
 *   const engine = new StateEngine({ store: memoryNodeStore() });
 *   const checkpoint = engine.createCheckpoint(agent, tree); // frozen
 *   await checkpoint.durable; // kept: the level of the store
 *   await engine.recallState(checkpoint.id); // the tree, wherever it is
 */
import { type AgentId, type HashHex, SkepError } from '@skep/kernel';
import type { Level } from '@skep/ports';
import type { CheckpointId } from '../checkpoint.js';
import { packTree, unpackTree } from '../pack.js';
import type { Tree } from '../tree.js';

/** A checkpoint as a store takes it. */
export interface KeptCheckpoint {
  readonly id: CheckpointId;
  readonly agent: AgentId;
  readonly number: number;
  /** The store may not have them: only what was asked to be durable is kept. */
  readonly parents: readonly CheckpointId[];
  readonly root: HashHex;
  /** Immutable; read during `put`, owned by the engine. */
  readonly tree: Tree;
  /** The nearest earlier state that the store has, or takes before this one in the same `put`: a store may keep what differs from it. */
  readonly base: { readonly id: CheckpointId; readonly tree: Tree } | undefined;
}

/**
 * The port behind `checkpoint.durable`.
 *
 * - `put` resolves when all of these are kept at `level`; when it rejects, those that were new may be there or not, and are put again.
 *   It may take its time: one call at a time is under way, what is asked for meanwhile follows in the next one.
 * - Keeping what is there already changes nothing. Another state under an id that is there is refused as `version-conflict`: numbers of an
 *   agent begin with 1 in each engine, so a store belongs to one engine.
 * - The store may not lose what it acknowledged. It copies what it needs of a tree before it resolves.
 */
export interface NodeStore {
  /** What a kept checkpoint survives. */
  readonly level: Level;
  /** In the order of their numbers within each agent. Rejects with a SkepError such as `disk-full`, `read-only`, `unavailable`. */
  put(checkpoints: readonly KeptCheckpoint[]): Promise<void>;
  /** The state of a checkpoint, undefined for one that it does not have. Rejects with `corrupt` when it cannot be trusted. */
  get(id: CheckpointId): Promise<Tree | undefined>;
}

/** A store that keeps packs in memory: for tests, and as the model of others. @param addressKey of the trees, where they have one */
export function memoryNodeStore(addressKey?: Uint8Array): NodeStore {
  const kept = new Map<CheckpointId, { readonly root: HashHex; readonly pack: Uint8Array }>();
  return {
    level: 'memory',
    async put(checkpoints) {
      for (const { id, root, tree } of checkpoints) {
        const known = kept.get(id);
        if (known === undefined) kept.set(id, { root, pack: packTree(tree) });
        else if (known.root !== root) throw takenBy(id);
      }
    },
    async get(id) {
      const found = kept.get(id);
      if (found === undefined) return undefined;
      const tree = unpackTree(found.pack, addressKey === undefined ? {} : { addressKey });
      if (tree.root() !== found.root) throw new SkepError('corrupt', { message: 'a kept state does not have its root', id });
      return tree;
    },
  };
}

function takenBy(id: CheckpointId): SkepError {
  return new SkepError('version-conflict', {
    message: 'another state is kept under this id',
    id,
    remedy: 'Give each engine a store of its own.',
  });
}
