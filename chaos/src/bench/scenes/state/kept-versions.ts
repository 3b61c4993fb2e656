/** The last versions of many agents, each readable. The one place that knows how versions are retained. */
import type { AgentId } from '@skep/kernel';
import type { Blob } from '@skep/ports';
import { ColdVersions, type RetainedAgent, RetainedVersions, type Tree } from '@skep/state';

/** Of what the agents themselves take: so much more may past versions take in memory. */
const BUDGET = 0.01;
export const RETENTION = `in memory as far as ${BUDGET * 100} % reach, the others in a blob store on disk`;

export interface Begun {
  readonly id: AgentId;
  readonly tree: Tree;
  versions: RetainedAgent | undefined;
}

export class KeptVersions {
  private readonly cold: ColdVersions;
  private readonly retained: RetainedVersions;

  /** @param bytesMax of agents and versions in memory */
  private constructor(blob: Blob, bytesMax: number) {
    this.cold = new ColdVersions(blob);
    this.retained = new RetainedVersions({ bytesMax, evicted: (evicted) => this.cold.take(evicted) });
  }

  /** @param agents with version 0, roots known */
  static begin(agents: readonly Begun[], blob: Blob): KeptVersions {
    const all = new RetainedVersions({ bytesMax: Number.POSITIVE_INFINITY });
    for (const { id, tree } of agents) all.open(id, 0, tree);
    const kept = new KeptVersions(blob, all.countedBytes() * (1 + BUDGET));
    for (const agent of agents) agent.versions = kept.retained.open(agent.id, 0, agent.tree);
    // What is only guessed seems to leave room for thousands of versions, which are then evicted all at once.
    kept.retained.countedBytes();
    return kept;
  }

  /** The next version of an agent. */
  keep(agent: RetainedAgent, tree: Tree): void {
    this.retained.keep(agent, agent.version + 1, tree);
  }

  /** When all that was kept lies where it stays. */
  settled(): Promise<void> {
    return this.cold.flush();
  }

  async read(agent: RetainedAgent, version: number): Promise<Tree> {
    const tree = this.retained.at(agent, version) ?? (await this.cold.at(agent.name, version));
    if (tree === undefined) throw new Error(`version ${version} of ${agent.name} was not kept`);
    return tree;
  }

  async forget(agent: RetainedAgent): Promise<void> {
    this.retained.close(agent);
    await this.cold.forget(agent.name);
  }
}
