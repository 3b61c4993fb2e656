/**
 * Which states two agents have in common. Each agent's versions follow each other, so what a version comes from is told by one number an
 * agent: the newest of its versions that is among it. Pure.
 */
import type { MergePoint } from '@skep/actor';
import type { AgentId } from '@skep/kernel';
import type { AgentVersion } from './agent-merge.js';

/** The merge points of an agent. */
export type PointsOf = (agent: AgentId) => readonly MergePoint[];

/** For each agent the newest version that these come from, themselves included. Looks at each merge point once. */
export function reachOf(versions: readonly AgentVersion[], pointsOf: PointsOf): ReadonlyMap<AgentId, number> {
  const reach = new Map<AgentId, number>();
  const seen = new Map<AgentId, number>();
  const open = [...versions];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { agent, version } = next;
    if ((reach.get(agent) ?? -1) >= version) continue;
    reach.set(agent, version);
    const points = pointsOf(agent);
    let at = seen.get(agent) ?? 0;
    for (let point = points[at]; point !== undefined && point.version <= version; point = points[at]) {
      open.push(point.from);
      at += 1;
    }
    seen.set(agent, at);
  }
  return reach;
}

/** The newest versions that `some` (taken together) and `other` come from, none of which comes from another of them; in the order of their agents. */
export function commonVersions(some: readonly AgentVersion[], other: AgentVersion, pointsOf: PointsOf): readonly AgentVersion[] {
  const [one, two] = [reachOf(some, pointsOf), reachOf([other], pointsOf)];
  const common: AgentVersion[] = [];
  for (const [agent, version] of one) {
    const also = two.get(agent);
    if (also !== undefined) common.push({ agent, version: Math.min(version, also) });
  }
  common.sort((left, right) => (left.agent < right.agent ? -1 : 1));
  const older = reachOf(
    common.flatMap((each) => parentsOf(each, pointsOf)),
    pointsOf,
  );
  const best = common.filter((each) => !isIn(older, each));
  const covered = reachOf(best, pointsOf);
  return withoutCircles(
    best,
    common.filter((each) => !isIn(covered, each)),
    pointsOf,
  );
}

/**
 * Merges that changed nothing may make two versions come from each other: then both hold the same, and one of them counts.
 *
 * @param left those that come from each other, and what they come from
 */
function withoutCircles(best: readonly AgentVersion[], left: readonly AgentVersion[], pointsOf: PointsOf): readonly AgentVersion[] {
  let kept = left;
  for (const each of left) {
    const others = kept.filter((other) => other !== each);
    if (isIn(reachOf(others, pointsOf), each)) kept = others;
  }
  return kept.length === 0 ? best : [...best, ...kept].sort((one, other) => (one.agent < other.agent ? -1 : 1));
}

/** What a version comes from directly. */
function parentsOf({ agent, version }: AgentVersion, pointsOf: PointsOf): readonly AgentVersion[] {
  const points = pointsOf(agent).filter((point) => point.version <= version);
  return [{ agent, version: version - 1 }, ...points.map(({ from }) => from)];
}

function isIn(reach: ReadonlyMap<AgentId, number>, { agent, version }: AgentVersion): boolean {
  return (reach.get(agent) ?? -1) >= version;
}
