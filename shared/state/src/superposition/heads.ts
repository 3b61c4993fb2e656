/** The states that agents have: what a collapse changes, by compare and set. */
import type { AgentId } from '@skep/kernel';
import type { StateEngine } from '../engine.js';
import type { Tree } from '../tree.js';
import { MAIN_BRANCH } from '../versions/version-graph.js';
import type { Head } from './superposition.js';

export interface Heads {
  /** Undefined for an agent that has no state. */
  get(agent: AgentId): Head | undefined;
  /** The new head; undefined, and nothing changed, if the version is not the expected one any more. */
  compareAndSet(agent: AgentId, expectedVersion: number, tree: Tree): Head | undefined;
}

export function memoryHeads(states: Iterable<readonly [AgentId, Tree]> = []): Heads & { set(agent: AgentId, tree: Tree): Head } {
  const heads = new Map<AgentId, Head>();
  const set = (agent: AgentId, tree: Tree): Head => {
    const head = { version: (heads.get(agent)?.version ?? 0) + 1, tree };
    heads.set(agent, head);
    return head;
  };
  for (const [agent, tree] of states) set(agent, tree);
  return {
    get: (agent) => heads.get(agent),
    set,
    compareAndSet: (agent, expectedVersion, tree) => (heads.get(agent)?.version === expectedVersion ? set(agent, tree) : undefined),
  };
}

/** The main branches of a state engine: a collapse is a checkpoint there. */
export function engineHeads(engine: StateEngine): Heads {
  const get = (agent: AgentId): Head | undefined => {
    if (!engine.listBranches(agent).includes(MAIN_BRANCH)) return undefined;
    const { number, tree } = engine.head({ agent, name: MAIN_BRANCH });
    return { version: number, tree };
  };
  return {
    get,
    compareAndSet(agent, expectedVersion, tree) {
      if (get(agent)?.version !== expectedVersion) return undefined;
      engine.createCheckpoint(agent, tree);
      return get(agent);
    },
  };
}
