/** The last versions of many agents, each readable. The one place that knows how versions are retained. */
import { type Folder, openFolder } from '@skep/embedded';
import type { AgentId } from '@skep/kernel';
import { ColdVersions, heapBytesOf, type RetainedAgent, RetainedVersions, type Tree } from '@skep/state';

/** Of what the agents themselves take: so much more may their versions take in memory. */
const BUDGET = 1.01;
export const RETENTION = `in memory as far as ${Math.round((BUDGET - 1) * 100)} % reach, the others in a blob store on disk`;

export class KeptVersions {
  private readonly agents = new Map<AgentId, RetainedAgent>();

  private constructor(
    private readonly folder: Folder,
    private readonly cold: ColdVersions,
    private readonly retained: RetainedVersions,
  ) {}

  /** @param trees what the agents are before their first version */
  static async open(trees: readonly Tree[], dir: string): Promise<KeptVersions> {
    const folder = await openFolder({ dir });
    const cold = new ColdVersions(folder.ports.blob);
    const bytes = trees.reduce((sum, tree) => sum + heapBytesOf(tree), 0);
    return new KeptVersions(folder, cold, new RetainedVersions({ bytesMax: bytes * BUDGET, evicted: (evicted) => cold.take(evicted) }));
  }

  /** The next version of an agent. */
  keep(agent: AgentId, tree: Tree): void {
    const known = this.agents.get(agent);
    if (known === undefined) this.agents.set(agent, this.retained.open(agent, 0, tree));
    else this.retained.keep(known, known.version + 1, tree);
  }

  /** When all that was kept lies where it stays. */
  settled(): Promise<void> {
    return this.cold.flush();
  }

  /** @param version from 0 */
  async read(agent: AgentId, version: number): Promise<Tree> {
    const known = this.agents.get(agent);
    const tree = (known === undefined ? undefined : this.retained.at(known, version)) ?? (await this.cold.at(agent, version));
    if (tree === undefined) throw new Error(`version ${version} of ${agent} was not kept`);
    return tree;
  }

  close(): Promise<void> {
    return this.folder.close();
  }
}
