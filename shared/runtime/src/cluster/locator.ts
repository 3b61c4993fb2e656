/**
 * Where an agent is, as far as this node knows: in memory here, where it was last met, or where placement puts it. Nothing but speed rests
 * on it: who holds an agent is decided by the directory (L3).
 */
import type { Whereabouts } from '@skep/cluster';
import type { AgentId, IncarnationId } from '@skep/kernel';

export interface LocatorOptions {
  readonly self: IncarnationId;
  /** In memory here, or on its way in or out. */
  readonly isHere: (agent: AgentId) => boolean;
  readonly isLive: (incarnation: IncarnationId) => boolean;
  /** Where an agent that nobody holds should live; undefined when no node takes agents. */
  readonly place: (agent: AgentId) => IncarnationId | undefined;
  /** Whether this node takes the agent, if nobody holds it. */
  readonly takes: (agent: AgentId) => boolean;
  readonly whereabouts: Whereabouts;
}

export class Locator {
  constructor(private readonly options: LocatorOptions) {}

  takes(agent: AgentId): boolean {
    return this.options.takes(agent);
  }

  locate(agent: AgentId): IncarnationId | 'here' | 'nowhere' {
    const { self, isHere, place } = this.options;
    if (isHere(agent)) return 'here';
    const known = this.met(agent);
    if (known === self) return 'here';
    if (known !== undefined) return known;
    const placed = place(agent);
    if (placed === undefined) return 'nowhere';
    return placed === self ? 'here' : placed;
  }

  holds(agent: AgentId): boolean {
    return this.options.isHere(agent);
  }

  /** Another live node that was met with the agent. */
  known(agent: AgentId): IncarnationId | undefined {
    const known = this.met(agent);
    return known === this.options.self ? undefined : known;
  }

  /** Others name this node for an agent that it does not hold, too: a free of unknown outcome leaves it so, and nobody else can claim it. */
  learn(agent: AgentId, incarnation: IncarnationId): void {
    const { self, isHere, isLive, whereabouts } = this.options;
    if (incarnation === self && isHere(agent)) return;
    if (isLive(incarnation) && whereabouts.find(agent) !== incarnation) whereabouts.learn(agent, incarnation);
  }

  /** The agent is not where it was believed to be. */
  wrong(agent: AgentId, incarnation: IncarnationId): void {
    const { whereabouts } = this.options;
    if (whereabouts.find(agent) === incarnation) whereabouts.forget(agent);
  }

  gone(incarnation: IncarnationId): void {
    this.options.whereabouts.forgetAll(incarnation);
  }

  /** Where the agent was met last, as long as that node lives and, if it is this one, takes agents. */
  private met(agent: AgentId): IncarnationId | undefined {
    const { self, isLive, whereabouts, takes } = this.options;
    const known = whereabouts.find(agent);
    if (known === undefined) return undefined;
    if (isLive(known) && (known !== self || takes(agent))) return known;
    whereabouts.forget(agent);
    return undefined;
  }
}
