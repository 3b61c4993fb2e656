/** The last versions of many agents, each readable at once. The one place that knows how versions are retained. */
import type { AgentId } from '@skep/kernel';
import { type CheckpointId, StateEngine, type Tree } from '@skep/state';

export const RETENTION = 'checkpoints of the engine, all in memory';

export class KeptVersions {
  private readonly engine = new StateEngine();

  /** Keeps a version of an agent; how to read it again. */
  keep(agent: AgentId, tree: Tree): CheckpointId {
    return this.engine.createCheckpoint(agent, tree).id;
  }

  read(id: CheckpointId): Tree {
    return this.engine.restoreState(id);
  }
}
