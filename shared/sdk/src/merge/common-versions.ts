/**
 * Which states two agents have in common. Each agent's versions follow each other, so what a version comes from is told by one number an
 * agent: the newest of its versions that is among it. Pure.
 */
import type { MergePoint } from '@skep/actor';
import type { AgentId } from '@skep/kernel';
import type { AgentVersion } from './agent-merge.js';

/** The merge points of an agent. */
export type PointsOf = (agent: AgentId) => readonly MergePoint[];

/** For each agent the newest version that these come from, themselves included. */
export function reachOf(versions: readonly AgentVersion[], pointsOf: PointsOf): ReadonlyMap<AgentId, number> {
  const reach = new Map<AgentId, number>();
  const open = [...versions];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if ((reach.get(next.agent) ?? -1) >= next.version) continue;
    reach.set(next.agent, next.version);
    for (const { version, from } of pointsOf(next.agent)) if (version <= next.version) open.push(from);
  }
  return reach;
}

/** The newest versions that `some` (taken together) and `other` come from, none of which comes from another of them; in the order of their agents. */
export function commonVersions(some: readonly AgentVersion[], other: AgentVersion, pointsOf: PointsOf): readonly AgentVersion[] {
  const [one, two] = [reachOf(some, pointsOf), reachOf([other], pointsOf)];
  let common: AgentVersion[] = [];
  for (const [agent, version] of one) {
    const also = two.get(agent);
    if (also !== undefined) common.push({ agent, version: Math.min(version, also) });
  }
  common.sort((left, right) => (left.agent < right.agent ? -1 : 1));
  for (const each of [...common]) {
    const others = common.filter((candidate) => candidate !== each);
    if ((reachOf(others, pointsOf).get(each.agent) ?? -1) >= each.version) common = others;
  }
  return common;
}
