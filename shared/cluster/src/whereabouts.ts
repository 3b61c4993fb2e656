/**
 * Whereabouts: where agents were met last. A bounded memory; the agent that was not looked up for longest is forgotten first. What it says
 * is a hint: who holds an agent is decided by the directory (L3), and whoever is asked in vain answers `elsewhere`.
 */
import { type AgentId, type IncarnationId, SkepError } from '@skep/kernel';

const AGENTS_MAX = 65_536;

interface Place {
  at: IncarnationId;
  /** Grows with each use. */
  used: number;
}

interface Candidate {
  readonly agent: AgentId;
  readonly place: Place;
  readonly used: number;
}

/** Looked at for every message: a look only notes when it was. The order is made when somebody must go. */
export class Whereabouts {
  private readonly known = new Map<AgentId, Place>();
  /** All of one moment, whoever was used longest ago at the end. */
  private candidates: Candidate[] = [];
  private uses = 0;

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
    const place = this.known.get(agent);
    if (place === undefined) return undefined;
    this.uses += 1;
    place.used = this.uses;
    return place.at;
  }

  learn(agent: AgentId, incarnation: IncarnationId): void {
    this.uses += 1;
    const place = this.known.get(agent);
    if (place !== undefined) {
      place.at = incarnation;
      place.used = this.uses;
      return;
    }
    if (this.known.size >= this.agentsMax) this.forgetOldest();
    this.known.set(agent, { at: incarnation, used: this.uses });
  }

  forget(agent: AgentId): void {
    this.known.delete(agent);
  }

  /** Walks through all that is known: for the rare case that an incarnation is gone. */
  forgetAll(incarnation: IncarnationId): void {
    for (const [agent, { at }] of this.known) if (at === incarnation) this.known.delete(agent);
  }

  /** Whoever was not used since the order was made was used before all that were, and before all that came since. */
  private forgetOldest(): void {
    for (;;) {
      const candidate = this.candidates.pop();
      if (candidate === undefined) {
        const all = [...this.known].map(([agent, place]): Candidate => ({ agent, place, used: place.used }));
        this.candidates = all.sort((one, other) => other.used - one.used);
      } else if (this.known.get(candidate.agent) === candidate.place && candidate.place.used === candidate.used) {
        this.known.delete(candidate.agent);
        return;
      }
    }
  }
}
