/**
 * What can be asked of a whole swarm through any of its nodes: who is there, how it fares, who follows it.
 *
 * - S1 Whoever speaks for a tenant sees that tenant's agents alone, whatever a filter says (G10). Undefined stands for an operator.
 */
import { type AgentId, type IncarnationId, incarnationOf, operationId, SkepError, tokenOf, type Value } from '@skep/kernel';
import type { Random } from '@skep/ports';
import type { SkepNode } from '@skep/runtime';
import type { ListFilter, NodeFigures, SwarmStatus } from '../client.js';
import { checkCount, checkObject } from '../client-input.js';
import { type AgentPage, AgentPages, type HeldRange, prefixOf } from './agent-pages.js';
import { FOLLOW_MS, FOLLOW_MS_MAX, type Follow, type Follows } from './follows.js';
import type { Neighbours } from './neighbours.js';

export interface SwarmCommandsParts {
  readonly node: SkepNode;
  readonly follows: Follows;
  readonly neighbours: Neighbours;
  /** Live nodes, this one included. */
  readonly live: () => readonly { readonly incarnation: IncarnationId; readonly status: NodeFigures['status'] }[];
  /** Resolves when they had time to be heard. */
  readonly met: () => Promise<void>;
  readonly startedMs: number;
}

/** One node's part of the status. */
interface NodeStatus extends NodeFigures {
  readonly lane: SwarmStatus['lane'];
  readonly recovery: SwarmStatus['recovery'];
  readonly alarms: SwarmStatus['alarms'];
}

/** How long a new node looks out for others that know who follows whom. */
const ADOPT_LOOK_MS = 20;
const ADOPT_LOOKS_MAX = 250;

export class SwarmCommands {
  private recovery: SwarmStatus['recovery'] = { agents: 0, ms: 0 };
  private readonly pages: AgentPages;

  constructor(private readonly parts: SwarmCommandsParts) {
    this.pages = new AgentPages(parts);
    parts.node.recovered.then(
      (recovery) => {
        this.recovery = recovery;
      },
      () => {},
    );
  }

  /** @throws SkepError `unknown-method` and what the arguments are refused for */
  async perform(tenant: string, command: string, parameter: Value): Promise<unknown> {
    switch (command) {
      case 'list':
        return this.list((parameter ?? {}) as ListFilter, tenant);
      case 'status':
        return this.status(tenant);
      case 'nodes':
        return this.nodes();
      case 'follow':
        return this.follow(tenant, parameter ?? {});
      case 'unfollow':
        return this.unfollow(tenant, parameter ?? {});
      default:
        throw new SkepError('unknown-method', {
          message: `a swarm has no command ${command.slice(0, 64)}`,
          id: command.slice(0, 64),
          remedy: 'There are: list, status, nodes, follow, unfollow.',
        });
    }
  }

  /** What the gateway of another node asks. */
  async answer(command: string, parameter: Value): Promise<Value> {
    const { follows } = this.parts;
    switch (command) {
      case 'status':
        return this.ownStatus(parameter === null ? undefined : String(parameter)) as unknown as Value;
      case 'follow':
        follows.add(parameter as unknown as Follow);
        return null;
      case 'unfollow': {
        const { tenant, follow } = parameter as unknown as Follow;
        follows.remove(tenant, follow);
        return null;
      }
      case 'held':
        return this.pages.held(parameter as unknown as HeldRange) as unknown as Value;
      case 'follows':
        return follows.all() as unknown as Value;
      default:
        throw new SkepError('unknown-method', { message: `a gateway has no command ${command}`, id: command });
    }
  }

  /** A node that has just come takes over who follows whom, as soon as it knows another one. */
  async adoptFollows(): Promise<void> {
    const { neighbours, follows, node, live } = this.parts;
    for (let look = 0; live().length < 2; look += 1) {
      if (look >= ADOPT_LOOKS_MAX) return;
      await new Promise<void>((resolve) => node.ports.clock.setTimer(ADOPT_LOOK_MS, resolve));
    }
    const known = (await neighbours.askAny('follows', null)) as unknown as readonly Follow[] | undefined;
    for (const follow of known ?? []) follows.add(follow);
  }

  async nodes(): Promise<{ readonly nodes: readonly Value[]; readonly timeMs: number }> {
    await this.parts.met();
    const nodes = this.parts.live().map(({ incarnation, status }) => ({ incarnation, status }));
    return { nodes, timeMs: this.parts.node.ports.clock.nowMs() };
  }

  /** @throws SkepError `forbidden`, `invalid-input`, `invalid-id`, `unavailable` when a live node does not answer */
  list(given: ListFilter, tenant: string | undefined): Promise<AgentPage> {
    return this.pages.page(given, tenant);
  }

  /** Sums over all live nodes. @throws SkepError `unavailable` when one of them does not answer */
  async status(tenant: string | undefined): Promise<SwarmStatus> {
    const { node } = this.parts;
    const others = (await this.parts.neighbours.askAll('status', tenant ?? null)) as unknown as readonly NodeStatus[];
    const own = this.ownStatus(tenant);
    const all = [own, ...others].sort((one, other) => (one.incarnation < other.incarnation ? -1 : 1));
    const active = sum(all, (each) => each.active);
    const resting = await this.resting(tenant);
    return {
      dir: null,
      level: node.ports.log.level,
      pid: 0,
      startedMs: Math.min(...all.map((each) => each.startedMs)),
      kinds: node.kindList.map(({ kind, handlers, queries, tags }) => ({ kind, handlers: [...handlers.keys()], queries: [...queries.keys()], tags })),
      agents: { known: active + resting, active },
      turns: sum(all, (each) => each.turns),
      failures: sum(all, (each) => each.failures),
      turnsPerSecond: sum(all, (each) => each.turnsPerSecond),
      latencyMs: { p50: Math.max(...all.map((each) => each.latencyMs.p50)), p99: Math.max(...all.map((each) => each.latencyMs.p99)) },
      mailbox: sum(all, (each) => each.mailbox),
      lane: own.lane,
      recovery: own.recovery,
      alarms: all.flatMap((each) => each.alarms),
      nodes: all.map(({ lane: _lane, recovery: _recovery, alarms: _alarms, ...figures }) => figures),
    };
  }

  private async follow(tenant: string, parameter: Value): Promise<{ readonly follow: string; readonly forMs: number }> {
    const follow = followOf(tenant, parameter, this.parts.node.ports);
    this.parts.follows.add(follow);
    await this.parts.neighbours.askAll('follow', { ...follow });
    return { follow: follow.follow, forMs: follow.forMs };
  }

  private async unfollow(tenant: string, parameter: Value): Promise<{ readonly follow: string }> {
    checkObject('the parameter of unfollow', parameter);
    const { follow } = parameter as { readonly follow?: unknown };
    if (typeof follow !== 'string') throw new SkepError('invalid-input', { message: 'unfollow takes { follow }, as follow answered it' });
    this.parts.follows.remove(tenant, follow);
    await this.parts.neighbours.askAll('unfollow', { tenant, follow });
    return { follow };
  }

  private ownStatus(tenant: string | undefined): NodeStatus {
    const { node, startedMs } = this.parts;
    const { meter, roster } = node.host;
    const prefix = prefixOf(tenant === undefined ? {} : { tenant });
    let active = 0;
    let mailbox = 0;
    for (const activation of roster.all()) {
      if (!activation.agent.startsWith(prefix)) continue;
      mailbox += activation.mailbox.size;
      if (activation.state !== undefined && activation.position > 0) active += 1;
    }
    return {
      node: node.name,
      incarnation: node.id,
      status: this.parts.live().find(({ incarnation }) => incarnation === node.id)?.status ?? 'serving',
      active,
      turns: meter.turns,
      failures: meter.failures,
      turnsPerSecond: meter.rate(),
      latencyMs: meter.latency(),
      mailbox,
      startedMs,
      lane: { id: node.driver.id, batch: node.driver.acknowledgedBatch },
      recovery: this.recovery,
      alarms: [...node.alarms].filter(([agent]) => agent.startsWith(prefix)).map(([agent, error]) => ({ agent, message: error.message })),
    };
  }

  /** Agents that no live node holds and that have records. */
  private async resting(tenant: string | undefined): Promise<number> {
    const { node } = this.parts;
    const prefix = prefixOf(tenant === undefined ? {} : { tenant });
    const live = new Set(this.parts.live().map(({ incarnation }) => incarnation));
    let count = 0;
    for await (const { agent, entry } of node.directory(prefix === '' ? undefined : (prefix as AgentId))) {
      if (!agent.startsWith(prefix)) break;
      const held = !entry.free && live.has(incarnationOf(entry.owner));
      if (!held && entry.snapshot !== null && entry.snapshot.position > 0 && node.host.roster.find(agent) === undefined) count += 1;
    }
    return count;
  }
}

/** @throws SkepError `invalid-input`, `invalid-id` */
function followOf(tenant: string, parameter: Value, { clock, random }: { readonly clock: { nowMs(): number }; readonly random: Random }): Follow {
  checkObject('the parameter of follow', parameter);
  const { kind = null, id = null, forMs = FOLLOW_MS, follow = operationId(clock.nowMs(), random.bytes(10)) } = parameter as Record<string, unknown>;
  if (kind !== null) tokenOf('kind', kind as string);
  if (id !== null) tokenOf('agent id', id as string);
  tokenOf('follow', follow as string);
  checkCount('forMs', forMs);
  if (forMs < 1 || forMs > FOLLOW_MS_MAX) throw new SkepError('invalid-input', { message: `forMs is from 1 to ${FOLLOW_MS_MAX}`, id: String(forMs) });
  return { tenant, follow: follow as string, kind: kind as string | null, id: id as string | null, forMs };
}

function sum<Item>(items: readonly Item[], figure: (item: Item) => number): number {
  return items.reduce((total, item) => total + figure(item), 0);
}
