/** Rebalancing: which agents should move so that every node has its share, with the fewest moves. A suggestion; migration performs it (O2). */
import { type AgentId, compareKeys, type IncarnationId } from '@skep/kernel';
import type { Member } from './member.js';
import { weightOf } from './placement.js';

export interface Move {
  readonly agent: AgentId;
  readonly from: IncarnationId;
  readonly to: IncarnationId;
}

export interface Workload {
  readonly members: readonly Member[];
  /** The agents that each member holds. */
  readonly held: ReadonlyMap<IncarnationId, readonly AgentId[]>;
  /** Agents that stay where they are, such as pinned ones. */
  readonly stays?: (agent: AgentId) => boolean;
  /** What it costs to move an agent: its state, its hot cache, the company it leaves. The cheapest move first. Default: all the same. */
  readonly cost?: (agent: AgentId) => number;
  /** How far above its share a node may be, as a part of it, before anything moves. Default 0.1. */
  readonly tolerance?: number;
}

/**
 * Shares go by weight (see `weightOf`); members that do not serve have none, so their agents leave whatever the tolerance. Where a share is
 * no whole number those who hold most have it rounded up, so that nothing moves for the rounding's sake.
 */
export function rebalanceWorkload({ members, held, stays = () => false, cost = () => 0, tolerance = 0.1 }: Workload): readonly Move[] {
  const nodes = members.map(({ incarnation, status, load }) => {
    const agents = held.get(incarnation) ?? [];
    return { incarnation, agents, weight: status === 'serving' ? weightOf(load) : 0, share: 0 };
  });
  const weight = nodes.reduce((total, node) => total + node.weight, 0);
  if (weight === 0) return [];
  const total = nodes.reduce((count, { agents }) => count + agents.length, 0);
  const exact = (node: { readonly weight: number }): number => (total * node.weight) / weight;
  if (nodes.every((node) => node.agents.length <= Math.max(Math.ceil(exact(node)), Math.floor(exact(node) * (1 + tolerance))))) return [];

  for (const node of nodes) node.share = Math.floor(exact(node));
  let left = total - nodes.reduce((count, { share }) => count + share, 0);
  // One whose share is a whole number has it.
  const broken = nodes.filter((node) => exact(node) > node.share);
  const byExcess = broken.sort((one, other) => other.agents.length - other.share - (one.agents.length - one.share));
  for (const node of byExcess) {
    if (left === 0) break;
    node.share += 1;
    left -= 1;
  }

  const leaving = nodes.flatMap(({ incarnation, agents, share }) =>
    agents
      .filter((agent) => !stays(agent))
      .map((agent) => ({ agent, cost: cost(agent) }))
      .sort((one, other) => one.cost - other.cost || compareKeys(one.agent, other.agent))
      .slice(0, Math.max(0, agents.length - share))
      .map(({ agent }) => ({ agent, from: incarnation })),
  );
  const room = nodes.flatMap(({ incarnation, agents, share }) => Array.from({ length: Math.max(0, share - agents.length) }, () => incarnation));
  return leaving.slice(0, room.length).map(({ agent, from }, at) => ({ agent, from, to: room[at] as IncarnationId }));
}
