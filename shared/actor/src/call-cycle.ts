import { type AgentId, SkepError } from '@skep/kernel';
import type { Turn } from './turn.js';

export interface CycleSearch {
  readonly turn: Turn;
  readonly to: AgentId;
  /** The agents whose turns await this one, and this one. */
  readonly chain: readonly AgentId[];
  readonly chainMax: number;
  /** Whom an agent's turn awaits, if it awaits somebody. */
  readonly awaitedBy: (agent: AgentId) => AgentId | undefined;
}

/** Awaiting somebody who (through others) awaits this agent would never end: such a cycle is refused. @throws SkepError `call-cycle` */
export function refuseCycle({ turn, to, chain, chainMax, awaitedBy }: CycleSearch): void {
  if (chain.includes(to)) throw cycle(turn, chain, to);
  if (chain.length >= chainMax) {
    throw new SkepError('call-cycle', { message: `the chain of calls has ${chain.length} agents, the limit is ${chainMax}`, id: turn.agent });
  }
  const path: AgentId[] = [turn.agent];
  for (let at: AgentId | undefined = to; at !== undefined; at = awaitedBy(at)) {
    if (at === turn.agent) throw cycle(turn, path, at);
    // A cycle of others is not this turn's to refuse.
    if (path.includes(at)) return;
    path.push(at);
  }
}

function cycle(turn: Turn, path: readonly AgentId[], to: AgentId): SkepError {
  return new SkepError('call-cycle', { message: `the call would wait for itself: ${[...path, to].join(' -> ')}`, id: turn.agent });
}
