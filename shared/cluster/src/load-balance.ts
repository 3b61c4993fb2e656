/** Load balancing over the members in view: where something new should run, and how busy the cluster is. Pure functions (O2). */
import type { IncarnationId, NodeId } from '@skep/kernel';
import type { Load, MemberStatus } from './heartbeat.js';
import type { Member } from './member.js';

/** What a newcomer asks of a node. Shares are of the whole node, 0 to 1. */
export interface Requirements {
  readonly cpuShare?: number;
  readonly memoryShare?: number;
  readonly logShare?: number;
  /** Where the agents are that it talks to, or its state is cached; one entry for each, so that a node may come several times. */
  readonly near?: readonly IncarnationId[];
  readonly avoid?: readonly NodeId[];
}

/** How much of a node's free room it may cost to sit with the whole company. */
const COMPANY_WEIGHT = 0.5;

/** The serving member with most room left for the newcomer, company counted in; undefined where none has enough. */
export function selectNode(members: readonly Member[], requirements: Requirements = {}): IncarnationId | undefined {
  const { near = [], avoid = [] } = requirements;
  let best: Member | undefined;
  let highest = Number.NEGATIVE_INFINITY;
  for (const member of members) {
    const room = roomLeft(member.load, requirements);
    if (member.status !== 'serving' || member.suspected || member.load.capacity <= 0 || room < 0 || avoid.includes(member.node)) continue;
    const company = near.length === 0 ? 0 : near.filter((each) => each === member.incarnation).length / near.length;
    // Room is a share: on a node of twice the capacity the same share is twice the room.
    const score = room * member.load.capacity + company * COMPANY_WEIGHT;
    const isFewer = best !== undefined && score === highest && member.load.agents < best.load.agents;
    if (score > highest || isFewer) {
      best = member;
      highest = score;
    }
  }
  return best?.incarnation;
}

/** The members with other figures for one of them; parts that are not given stay. Unknown members change nothing. */
export function updateNodeMetrics(members: readonly Member[], incarnation: IncarnationId, metrics: Partial<Load>): readonly Member[] {
  return members.map((member) => (member.incarnation === incarnation ? { ...member, load: { ...member.load, ...metrics } } : member));
}

export interface Utilization {
  readonly members: Readonly<Record<MemberStatus, number>>;
  readonly agents: number;
  readonly turnsPerSecond: number;
  /** Means over the members, weighted by their capacities. */
  readonly cpuShare: number;
  readonly memoryShare: number;
  readonly logShare: number;
  /** Of the agents for each unit of capacity: the highest of a serving member over their mean. 1: even; 0: no agents. */
  readonly imbalance: number;
  /** The member whose scarcest resource is the scarcest of all. */
  readonly busiest: IncarnationId | undefined;
}

export function getClusterUtilization(members: readonly Member[]): Utilization {
  const counts: Record<MemberStatus, number> = { serving: 0, draining: 0, leaving: 0 };
  for (const { status } of members) counts[status] += 1;
  const capacity = sum(members, ({ load }) => load.capacity);
  const mean = (of: (load: Load) => number): number => (capacity === 0 ? 0 : sum(members, ({ load }) => of(load) * load.capacity) / capacity);
  const serving = members.filter(({ status, load }) => status === 'serving' && load.capacity > 0);
  const agents = sum(serving, ({ load }) => load.agents);
  const even = agents / sum(serving, ({ load }) => load.capacity);
  const fullest = serving.reduce((most, { load }) => Math.max(most, load.agents / load.capacity), 0);
  let busiest: Member | undefined;
  for (const member of members) if (busiest === undefined || scarcest(member.load) > scarcest(busiest.load)) busiest = member;
  return {
    members: counts,
    agents: sum(members, ({ load }) => load.agents),
    turnsPerSecond: sum(members, ({ load }) => load.turnsPerSecond),
    ...{ cpuShare: mean((load) => load.cpuShare), memoryShare: mean((load) => load.memoryShare), logShare: mean((load) => load.logShare) },
    imbalance: agents === 0 ? 0 : fullest / even,
    busiest: busiest?.incarnation,
  };
}

/** Of the resource that is scarcest once the newcomer is there; below zero: it does not fit. */
function roomLeft(load: Load, { cpuShare = 0, memoryShare = 0, logShare = 0 }: Requirements): number {
  return 1 - Math.max(load.cpuShare + cpuShare, load.memoryShare + memoryShare, load.logShare + logShare);
}

function scarcest({ cpuShare, memoryShare, logShare }: Load): number {
  return Math.max(cpuShare, memoryShare, logShare);
}

function sum(members: readonly Member[], of: (member: Member) => number): number {
  return members.reduce((total, member) => total + of(member), 0);
}
