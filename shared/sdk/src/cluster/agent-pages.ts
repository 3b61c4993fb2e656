/**
 * Lists of agents, page by page, ascending by id: those in memory as their nodes know them, those that rest as the directory and their
 * snapshots say.
 *
 * - A1 What a node holds is asked of that node: the directory may be read stale, so it may not show a new agent yet.
 * - A2 An agent that rests goes on resting. One that a dead node left behind is brought back, as it would be soon in any case.
 * - A3 The work of one page is bounded, however few agents fit the filter; the page then ends early and says where to go on.
 */
import { type AgentId, type IncarnationId, incarnationOf, isSkepError, parseAgentId, SkepError, tokenOf } from '@skep/kernel';
import type { DirectoryRow, SkepNode } from '@skep/runtime';
import { infoOf } from '../agent-info.js';
import type { AgentInfo, ListFilter } from '../client.js';
import { checkFilter } from '../client-input.js';
import { infoFits, infoIn } from '../swarm-view.js';
import type { Neighbours } from './neighbours.js';

export interface AgentPage {
  readonly agents: readonly AgentInfo[];
  /** Where the next page begins; null when there is none. */
  readonly after: AgentId | null;
}

/** Ids that begin with `prefix` and come after `after`. */
export interface HeldRange {
  readonly prefix: string;
  readonly after: string;
}

interface Held {
  readonly agents: readonly AgentInfo[];
  /** There are more, all of them after the last one here. */
  readonly more: boolean;
}

export interface AgentPagesParts {
  readonly node: SkepNode;
  readonly neighbours: Neighbours;
  readonly live: () => readonly { readonly incarnation: IncarnationId }[];
}

const PAGE = 1_000;
const AT_ONCE = 128;
const INFO_MS = 5_000;
/** How long the order of the agents in memory is used again. */
const ORDER_MS = 500;

export class AgentPages {
  private order: { readonly ids: readonly AgentId[]; readonly untilMs: number } | undefined;

  constructor(private readonly parts: AgentPagesParts) {}

  /** @throws SkepError `forbidden`, `invalid-input`, `invalid-id`, `unavailable`, `not-configured` where no node has the address key of a tenant */
  async page(given: ListFilter, tenant: string | undefined): Promise<AgentPage> {
    checkFilter(given);
    const filter = tenant === undefined ? given : ofTenant(given, tenant);
    const { kind, limit = PAGE } = filter;
    if (limit === 0) return { agents: [], after: null };
    const prefix = prefixOf(filter);
    const after = filter.after === undefined || filter.after < prefix ? prefix : filter.after;
    const held = [this.held({ prefix, after }), ...((await this.parts.neighbours.askAll('held', { prefix, after })) as unknown as Held[])];
    const found = new Map<AgentId, AgentInfo>();
    for (const { agents } of held) for (const info of agents) found.set(info.agent, info);
    const ends = held.flatMap(({ agents, more }) => (more ? [agents[agents.length - 1]?.agent ?? after] : []));
    const { rows, end } = await this.rows(prefix, after);
    if (end !== undefined) ends.push(end);
    const horizon = ends.sort()[0] as AgentId | undefined;
    const missing = rows.filter(({ agent }) => !found.has(agent) && (horizon === undefined || agent <= horizon));
    for (const info of await this.infosOf(missing, filter)) found.set(info.agent, info);
    const fitting = [...found.values()]
      .filter((info) => (horizon === undefined || info.agent <= horizon) && (kind === undefined || info.kind === kind) && infoFits(info, filter))
      .sort((one, other) => (one.agent < other.agent ? -1 : 1));
    const most = Math.min(limit, PAGE);
    if (fitting.length <= most) return { agents: fitting, after: horizon ?? null };
    const agents = fitting.slice(0, most);
    return { agents, after: (agents[agents.length - 1] as AgentInfo).agent };
  }

  /** Agents with records in the memory of this node. */
  held({ prefix, after }: HeldRange): Held {
    const { roster } = this.parts.node.host;
    const ids = this.ids();
    const agents: AgentInfo[] = [];
    for (let at = firstAfter(ids, after); at < ids.length; at += 1) {
      const id = ids[at] as AgentId;
      if (!id.startsWith(prefix)) break;
      const activation = roster.find(id);
      if (activation?.state === undefined || activation.position === 0) continue;
      if (agents.length >= PAGE) return { agents, more: true };
      agents.push(infoOf(activation));
    }
    return { agents, more: false };
  }

  private ids(): readonly AgentId[] {
    const { clock } = this.parts.node.ports;
    const nowMs = clock.monotonicMs();
    const { roster } = this.parts.node.host;
    // A small swarm is put in order each time; of a large one new agents may show a moment later.
    if (this.order !== undefined && nowMs < this.order.untilMs && roster.size > PAGE) return this.order.ids;
    const ids = [...roster.all()].map(({ agent }) => agent).sort();
    this.order = { ids, untilMs: nowMs + ORDER_MS };
    return ids;
  }

  /** A page of the directory; `end` when there is more of it. */
  private async rows(prefix: string, after: string): Promise<{ readonly rows: readonly DirectoryRow[]; readonly end: AgentId | undefined }> {
    const rows: DirectoryRow[] = [];
    for await (const row of this.parts.node.directory(after === '' ? undefined : (after as AgentId))) {
      if (!row.agent.startsWith(prefix)) break;
      if (rows.length >= PAGE) return { rows, end: rows[rows.length - 1]?.agent };
      rows.push(row);
    }
    return { rows, end: undefined };
  }

  private async infosOf(rows: readonly DirectoryRow[], filter: ListFilter): Promise<readonly AgentInfo[]> {
    const live = new Set(this.parts.live().map(({ incarnation }) => incarnation));
    const found: AgentInfo[] = [];
    for (let at = 0; at < rows.length; at += AT_ONCE) {
      const infos = await Promise.all(rows.slice(at, at + AT_ONCE).map((row) => this.infoOf(row, live, filter)));
      for (const info of infos) if (info !== undefined) found.push(info);
    }
    return found;
  }

  /** A2: undefined for an agent without records. */
  private async infoOf({ agent, entry }: DirectoryRow, live: ReadonlySet<IncarnationId>, filter: ListFilter): Promise<AgentInfo | undefined> {
    const { node } = this.parts;
    // What is under an address key that is not here only another node can read.
    if ((!entry.free && !live.has(incarnationOf(entry.owner))) || node.addressKeys.isMissing(agent)) {
      try {
        return (await node.request({ agent, method: 'info', parameters: [] }, INFO_MS)) as unknown as AgentInfo;
      } catch (error) {
        // It has no record, or cannot be had now: its snapshot tells what is known. Where no node has the key, it is left out of a list of all.
        const isLeftOut = filter.tenant === undefined && isSkepError(error, 'not-configured');
        if (node.addressKeys.isMissing(agent) && !isSkepError(error, 'unknown-agent') && !isLeftOut) throw error;
      }
    }
    return infoIn(node, agent, entry.snapshot);
  }
}

function ofTenant(filter: ListFilter, tenant: string): ListFilter {
  const asked = filter.tenant ?? tenant;
  if (asked === tenant && (filter.after === undefined || parseAgentId(filter.after).tenant === tenant)) return { ...filter, tenant };
  throw new SkepError('forbidden', { message: `only agents of ${tenant} can be listed here`, id: filter.after ?? asked });
}

/** What the ids that fit begin with. */
export function prefixOf({ tenant, kind }: ListFilter): string {
  if (tenant === undefined) return '';
  const token = tokenOf('tenant', tenant);
  return kind === undefined ? `${token}/` : `${token}/${tokenOf('kind', kind)}/`;
}

/** Where in an ascending list the first id after `after` stands. */
function firstAfter(ids: readonly AgentId[], after: string): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ids[middle] as AgentId) > after) high = middle;
    else low = middle + 1;
  }
  return low;
}
