/**
 * Whereabouts: where agents were met last. A bounded memory; the agent that was not looked up for longest is forgotten first. What it says
 * is a hint: who holds an agent is decided by the directory (L3), and whoever is asked in vain answers `elsewhere`.
 */
import { type AgentId, type IncarnationId, SkepError } from '@skep/kernel';

const AGENTS_MAX = 65_536;

export class Whereabouts {
  /** From the one that was looked up longest ago to the latest. */
  private readonly known = new Map<AgentId, IncarnationId>();

  /** @throws SkepError `invalid-input` for a bound that holds nothing */
  constructor(private readonly agentsMax: number = AGENTS_MAX) {
    if (!Number.isSafeInteger(agentsMax) || agentsMax < 1) {
      throw new SkepError('invalid-input', { message: `whereabouts keep 1 agent or more, not ${agentsMax}`, remedy: 'Correct the bound.' });
    }
  }

  get size(): number {
    return this.known.size;
  }

  find(agent: AgentId): IncarnationId | undefined {
    const incarnation = this.known.get(agent);
    if (incarnation !== undefined) this.learn(agent, incarnation);
    return incarnation;
  }

  learn(agent: AgentId, incarnation: IncarnationId): void {
    this.known.delete(agent);
    this.known.set(agent, incarnation);
    if (this.known.size <= this.agentsMax) return;
    for (const oldest of this.known.keys()) {
      this.known.delete(oldest);
      return;
    }
  }

  forget(agent: AgentId): void {
    this.known.delete(agent);
  }

  /** Walks through all that is known: for the rare case that an incarnation is gone. */
  forgetAll(incarnation: IncarnationId): void {
    for (const [agent, at] of this.known) if (at === incarnation) this.known.delete(agent);
  }
}
