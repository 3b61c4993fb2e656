/** Checkpoints: states of agents that are kept, and where they came from. */
import type { AgentId } from '@skep/kernel';
import type { Tree } from './tree.js';

declare const brand: unique symbol;
/** `agent#number`; numbers grow with time within an agent. */
export type CheckpointId = string & { readonly [brand]: 'CheckpointId' };

export interface Checkpoint {
  readonly id: CheckpointId;
  readonly agent: AgentId;
  readonly number: number;
  /** None for the first, two for a merge; all with smaller numbers. */
  readonly parents: readonly CheckpointId[];
  /** Nothing of it was hashed until its root is asked for. */
  readonly tree: Tree;
}

/** Where the engine keeps checkpoints and the heads of branches. Answers at once; what it holds is immutable. */
export interface CheckpointStore {
  get(id: CheckpointId): Checkpoint | undefined;
  put(checkpoint: Checkpoint): void;
  /** The newest checkpoint of a branch. */
  head(agent: AgentId, branch: string): Checkpoint | undefined;
  setHead(agent: AgentId, branch: string, checkpoint: Checkpoint): void;
  branches(agent: AgentId): readonly string[];
  /** A number that no checkpoint of the agent had. */
  nextNumber(agent: AgentId): number;
}

export function memoryCheckpointStore(): CheckpointStore {
  const checkpoints = new Map<CheckpointId, Checkpoint>();
  const heads = new Map<AgentId, Map<string, Checkpoint>>();
  const numbers = new Map<AgentId, number>();
  return {
    get: (id) => checkpoints.get(id),
    put: (checkpoint) => void checkpoints.set(checkpoint.id, checkpoint),
    head: (agent, branch) => heads.get(agent)?.get(branch),
    setHead(agent, branch, checkpoint) {
      const known = heads.get(agent);
      if (known === undefined) heads.set(agent, new Map([[branch, checkpoint]]));
      else known.set(branch, checkpoint);
    },
    branches: (agent) => [...(heads.get(agent)?.keys() ?? [])],
    nextNumber(agent) {
      const number = (numbers.get(agent) ?? 0) + 1;
      numbers.set(agent, number);
      return number;
    },
  };
}

export function checkpointId(agent: AgentId, number: number): CheckpointId {
  return `${agent}#${number}` as CheckpointId;
}
