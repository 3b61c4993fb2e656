import type { AgentId, IncarnationId } from '@skep/kernel';

/** Whereabouts without a bound. */
export function plainWhereabouts() {
  const known = new Map<AgentId, IncarnationId>();
  return {
    find: (agent: AgentId) => known.get(agent),
    learn: (agent: AgentId, incarnation: IncarnationId) => void known.set(agent, incarnation),
    forget: (agent: AgentId) => void known.delete(agent),
    forgetAll: (incarnation: IncarnationId) => {
      for (const [agent, at] of known) if (at === incarnation) known.delete(agent);
    },
  };
}
