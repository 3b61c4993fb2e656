/** The last versions of many agents, each readable. The one place that knows how versions are retained. */
import type { AgentId } from '@skep/kernel';
import { type CheckpointId, StateEngine, type Tree } from '@skep/state';

export const RETENTION = 'all of them checkpoints in memory';

export class KeptVersions {
  private readonly engine = new StateEngine();
  private readonly ids = new Map<AgentId, CheckpointId[]>();

  static async open(): Promise<KeptVersions> {
    return new KeptVersions();
  }

  /** The next version of an agent. */
  keep(agent: AgentId, tree: Tree): void {
    const { id } = this.engine.createCheckpoint(agent, tree);
    const known = this.ids.get(agent);
    if (known === undefined) this.ids.set(agent, [id]);
    else known.push(id);
  }

  /** When all that was kept lies where it stays. */
  async settled(): Promise<void> {}

  /** @param version from 0 */
  async read(agent: AgentId, version: number): Promise<Tree> {
    const id = this.ids.get(agent)?.[version];
    if (id === undefined) throw new Error(`version ${version} of ${agent} was not kept`);
    return this.engine.restoreState(id);
  }

  async close(): Promise<void> {}
}
