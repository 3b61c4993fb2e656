/** What there is in a swarm, and how it fares: lists and figures over all agents of a node. */
import { decodeSnapshot } from '@skep/actor';
import { type AgentId, isSkepError, parseAgentId, SkepError, toSkepError } from '@skep/kernel';
import type { SnapshotReference } from '@skep/lane';
import type { SkepNode } from '@skep/runtime';
import { type AgentFacts, factsOf, infoOf } from './agent-info.js';
import type { AgentInfo, ListFilter, SwarmStatus } from './client.js';

export interface Place {
  readonly dir: string | null;
  readonly startedMs: number;
  readonly pid: number;
}

const LIST_LIMIT = 1_000;

/**
 * Ascending by id. An agent whose snapshot is damaged is left out, and stands among the alarms of the status; agents of tenants whose
 * address key is not here are left out where they are not asked for.
 * @throws SkepError `not-configured` for a tenant whose address key is not here
 */
export async function listAgents(node: SkepNode, filter: ListFilter): Promise<readonly AgentInfo[]> {
  if (filter.tenant !== undefined) node.addressKeys.mustHave(filter.tenant);
  await node.recovered;
  const found: AgentInfo[] = [];
  const limit = filter.limit ?? LIST_LIMIT;
  if (limit === 0) return found;
  for await (const { agent, entry } of node.directory(filter.after)) {
    if (!addressFits(agent, filter)) continue;
    const info = await infoIn(node, agent, entry.snapshot);
    if (info === undefined || !infoFits(info, filter)) continue;
    found.push(info);
    if (found.length >= limit) break;
  }
  return found;
}

export async function statusOf(node: SkepNode, place: Place): Promise<SwarmStatus> {
  const { meter, retained, roster } = node.host;
  const recovery = await node.recovered;
  let active = 0;
  let mailbox = 0;
  let resting = 0;
  for (const activation of roster.all()) {
    mailbox += activation.mailbox.size;
    if (activation.state !== undefined && activation.position > 0) active += 1;
  }
  for await (const { agent, entry } of node.directory()) {
    if (entry.snapshot !== null && entry.snapshot.position > 0 && roster.find(agent) === undefined) resting += 1;
  }
  return {
    ...place,
    level: node.ports.log.level,
    kinds: node.kindList.map(({ kind, handlers, queries, tags }) => ({ kind, handlers: [...handlers.keys()], queries: [...queries.keys()], tags })),
    agents: { known: active + resting, active },
    turns: meter.turns,
    failures: meter.failures,
    turnsPerSecond: meter.rate(),
    latencyMs: meter.latency(),
    mailbox,
    lane: { id: node.driver.id, batch: node.driver.acknowledgedBatch },
    recovery,
    memory: { bytes: Math.round(retained.bytes), bytesMax: retained.bytesMax, versions: retained.versions + roster.size },
    alarms: [...node.alarms].map(([agent, error]) => ({ agent, message: error.message })),
  };
}

/** What this node and the store know of an agent; undefined for one without records, and where the address key of its tenant is not here. */
export async function infoIn(node: SkepNode, agent: AgentId, snapshot: SnapshotReference | null): Promise<AgentInfo | undefined> {
  const activation = node.host.roster.find(agent);
  if (activation?.state !== undefined) return activation.position > 0 ? infoOf(activation) : undefined;
  if (snapshot === null || snapshot.position === 0 || node.addressKeys.isMissing(agent)) return undefined;
  try {
    return await restingInfo(node, agent, snapshot);
  } catch (error) {
    // A key that is not here yet is no damage.
    if (!isSkepError(error, 'not-configured')) node.alarms.set(agent, toSkepError(error));
    return undefined;
  }
}

/** What the snapshot of a resting agent says. @throws SkepError `agent-corrupt`, `corrupt`, `unsupported-format` */
async function restingInfo(node: SkepNode, agent: AgentId, snapshot: SnapshotReference): Promise<AgentInfo> {
  const bytes = await node.ports.blob.get(snapshot.blob);
  if (bytes === undefined) throw new SkepError('agent-corrupt', { message: `the agent's snapshot ${snapshot.blob} is gone`, id: agent });
  const address = parseAgentId(agent);
  const { state } = decodeSnapshot(bytes, agent, node.addressKeys.optionsOf(address.tenant));
  const kind = node.kindList.find((each) => each.kind === address.kind);
  const facts: AgentFacts = { agent, state, tags: kind?.tags ?? [] };
  return { ...factsOf(facts), active: false, mailbox: 0, turn: null, bytes: state.tree.byteLength };
}

function addressFits(agent: AgentId, { tenant, kind }: ListFilter): boolean {
  if (tenant === undefined && kind === undefined) return true;
  const address = parseAgentId(agent);
  return (tenant === undefined || address.tenant === tenant) && (kind === undefined || address.kind === kind);
}

export function infoFits(info: AgentInfo, { tag, status }: ListFilter): boolean {
  return (tag === undefined || info.tags.includes(tag)) && (status === undefined || info.status === status);
}
