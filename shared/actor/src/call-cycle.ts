import { type AgentId, SkepError } from '@skep/kernel';

export interface CycleSearch {
  /** The agent whose turn asks. */
  readonly from: AgentId;
  readonly to: AgentId;
  /** The agents whose turns await this one, outermost first, and this one. */
  readonly chain: readonly AgentId[];
  readonly chainMax: number;
  /** Whom an agent's turn awaits; several when it asks in parallel. */
  readonly awaitedBy: (agent: AgentId) => readonly AgentId[];
}

/** Awaiting somebody who (through others) awaits this agent would never end: such a cycle is refused. @throws SkepError `call-cycle` */
export function refuseCycle({ from, to, chain, chainMax, awaitedBy }: CycleSearch): void {
  if (chain.includes(to)) throw cycle(from, [...chain, to]);
  if (chain.length >= chainMax) {
    throw new SkepError('call-cycle', { message: `the chain of calls has ${chain.length} agents, the limit is ${chainMax}`, id: from });
  }
  // Depth first from `to`; each agent is met once, so that a cycle of others does not hold the search.
  const reachedFrom = new Map<AgentId, AgentId>([[to, from]]);
  const open: AgentId[] = [to];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const next of awaitedBy(at)) {
      if (next === from) throw cycle(from, [...pathTo(at, from, reachedFrom), from]);
      if (reachedFrom.has(next)) continue;
      reachedFrom.set(next, at);
      open.push(next);
    }
  }
}

function pathTo(end: AgentId, start: AgentId, reachedFrom: ReadonlyMap<AgentId, AgentId>): readonly AgentId[] {
  const path: AgentId[] = [];
  for (let at: AgentId | undefined = end; at !== undefined && at !== start; at = reachedFrom.get(at)) path.unshift(at);
  return [start, ...path];
}

function cycle(from: AgentId, path: readonly AgentId[]): SkepError {
  return new SkepError('call-cycle', { message: `the call would wait for itself: ${path.join(' -> ')}`, id: from });
}
