/**
 * What this node answers to operators. The commands and their answers are described in `@skep/sdk/operations`.
 *
 * - A1 A node that is asked for an agent which another one holds asks that one, once.
 * - A2 The last node that takes agents does not drain: they would be left to nobody.
 * - A3 A node that has just come says nothing of the swarm before it has heard of the others.
 */
import {
  type AgentId,
  checkName,
  type ErrorShape,
  fromErrorShape,
  incarnationOf,
  nameOf,
  nodeId,
  parseAgentId,
  parseIncarnationId,
  SkepError,
  toSkepError,
} from '@skep/kernel';
import type { BusMessage } from '@skep/ports';
import { Subjects } from '@skep/protocol';
import type { ClusterNode, ListFilter } from '@skep/sdk';
import { ADMIN_COMMANDS, type AdminCommand, type AgentPlace, type Drained, type Moved, type NodeMember, type NodeStatus } from '@skep/sdk/operations';

export interface AdminParts {
  readonly cluster: ClusterNode;
  readonly status: () => NodeStatus;
  /** Lets the process end, after the answer has left. */
  readonly onDrained: () => void;
  readonly onAsked: (command: string, parameter: object) => void;
}

type Parameter = Readonly<Record<string, unknown>>;

/** Requests for no node in particular go to one of them. */
const QUEUE = 'skep-admin';
const PAGE = 1_000;
const MOVE_MS = 60_000;
/** Ids of this many agents fit into one answer, however long they are. */
const HELD_MAX = 10_000;
const TOUCH = 'touch';
const TOUCH_MS = 10_000;
const CHANGES: ReadonlySet<AdminCommand> = new Set(['migrate', 'pin', 'unpin', 'drain']);
/** What a node says of itself alone. */
const OWN: ReadonlySet<AdminCommand> = new Set(['status', 'held']);

export class AdminAnswers {
  private readonly subjects: Subjects;
  private unsubscribe: (() => void)[] = [];

  constructor(private readonly parts: AdminParts) {
    this.subjects = new Subjects(parts.cluster.node.universe);
  }

  open(): void {
    const { node } = this.parts.cluster;
    const { bus } = node.ports;
    this.unsubscribe = [
      bus.subscribe(this.subjects.adminOf(node.name), (message) => void this.onMessage(message)),
      bus.subscribe(this.subjects.adminOfAll, (message) => void this.onMessage(message), { queue: QUEUE }),
    ];
  }

  /** Leaves what is asked of any node to the others. */
  leaveQueue(): void {
    this.unsubscribe.pop()?.();
  }

  close(): void {
    for (const end of this.unsubscribe.splice(0)) end();
  }

  private async onMessage(message: BusMessage): Promise<void> {
    try {
      const command = message.subject.slice(message.subject.lastIndexOf('.') + 1) as AdminCommand;
      const parameter = parameterOf(message);
      if (CHANGES.has(command)) this.parts.onAsked(command, parameter);
      if (!OWN.has(command)) await this.company.met();
      answer(message, await this.perform(command, parameter));
    } catch (error) {
      answer(message, toSkepError(error).toJSON());
    }
  }

  private perform(command: AdminCommand, parameter: Parameter): unknown {
    const { cluster, status } = this.parts;
    switch (command) {
      case 'members':
        return { members: this.members() };
      case 'status':
        return status();
      case 'swarm':
        return cluster.client.status();
      case 'list':
        return this.list(parameter as ListFilter);
      case 'held':
        return { agents: this.held() };
      case 'where':
        return this.where(agentIn(parameter));
      case 'migrate':
        return this.migrate(agentIn(parameter), nodeIn(parameter), parameter.forwarded === true ? 'forwarded' : 'asked');
      case 'pin':
        return this.pin(agentIn(parameter), nodeIn(parameter));
      case 'unpin':
        return this.unpin(agentIn(parameter));
      case 'drain':
        return this.drain();
      default: {
        const remedy = `There are: ${ADMIN_COMMANDS.join(', ')}.`;
        throw new SkepError('unknown-method', { message: 'nodes have no such command', id: String(command).slice(0, 64), remedy });
      }
    }
  }

  private members(): readonly NodeMember[] {
    return this.view.view
      .map(({ node, incarnation, status, suspected, startedMs, load }) => ({
        ...{ node: nameOf(node), incarnation, status, suspected, startedMs },
        ...{ agents: load.agents, turnsPerSecond: load.turnsPerSecond },
      }))
      .sort((one, other) => (one.node < other.node ? -1 : 1));
  }

  private held(): readonly AgentId[] {
    const { roster } = this.parts.cluster.node.host;
    const agents = [...roster.all()].filter(({ position }) => position > 0).map(({ agent }) => agent);
    return agents.sort().slice(0, HELD_MAX);
  }

  private async list(filter: ListFilter): Promise<object> {
    const agents = await this.parts.cluster.client.list(filter);
    const last = agents.at(-1)?.agent;
    return { agents, after: last === undefined || agents.length < (filter.limit ?? PAGE) ? null : last };
  }

  private async where(agent: AgentId): Promise<AgentPlace> {
    const [entry, pinned] = await Promise.all([this.company.entryOf(agent), this.company.pins.newest(agent)]);
    const owner = entry === undefined || entry.free ? undefined : incarnationOf(entry.owner);
    const held = owner !== undefined && this.view.isLive(owner);
    const at = held ? owner : ((pinned === undefined ? undefined : this.view.serving(pinned)) ?? this.view.place(agent));
    return {
      agent,
      node: at === undefined ? null : nameOf(parseIncarnationId(at).node),
      held,
      pinnedTo: pinned === undefined ? null : nameOf(pinned),
    };
  }

  private async migrate(agent: AgentId, to: string, how: 'asked' | 'forwarded'): Promise<Moved> {
    const { cluster } = this.parts;
    const { node } = cluster;
    this.mustServe(to);
    if (node.host.roster.find(agent) === undefined) {
      if (how === 'forwarded') throw new SkepError('elsewhere', { message: `${node.name} does not hold the agent any more`, id: agent });
      await cluster.client.info(agent);
      await node.request({ agent, method: TOUCH, parameters: [] }, TOUCH_MS);
      const at = await this.where(agent);
      if (at.node !== null && at.node !== node.name) return (await this.forward(at.node, { agent, to })) as Moved;
    }
    const { pauseMs } = await this.company.migrate(agent, to);
    return { agent, from: node.name, to, pauseMs: Math.round(pauseMs * 100) / 100 };
  }

  private async pin(agent: AgentId, to: string): Promise<AgentPlace> {
    this.mustServe(to);
    await this.parts.cluster.client.info(agent);
    await this.company.pins.set(agent, nodeId(to));
    const at = await this.where(agent);
    // One that rests wakes up there by itself.
    if (at.held && at.node !== to) await this.migrate(agent, to, 'asked');
    return this.where(agent);
  }

  private async unpin(agent: AgentId): Promise<AgentPlace> {
    await this.company.pins.set(agent, undefined);
    return this.where(agent);
  }

  private async drain(): Promise<Drained> {
    const { cluster } = this.parts;
    const { node } = cluster;
    const others = this.view.view.filter(({ incarnation, status }) => incarnation !== node.id && status === 'serving');
    if (others.length === 0) {
      throw new SkepError('unavailable', {
        message: 'no other node takes agents',
        id: node.name,
        remedy: 'Add a node first ("skep node add"), or end the whole cluster ("skep down").',
      });
    }
    this.leaveQueue();
    const drained = await cluster.drain();
    // The answer leaves before the process does.
    node.ports.clock.setTimer(20, this.parts.onDrained);
    return { node: node.name, ...drained };
  }

  /** @throws SkepError `invalid-input` before anything is changed */
  private mustServe(to: string): void {
    if (this.view.serving(nodeId(to)) !== undefined) return;
    throw new SkepError('invalid-input', {
      message: `no node ${to} takes agents`,
      id: to,
      remedy: 'Choose one that "skep node ls" shows as serving.',
    });
  }

  private async forward(to: string, parameter: object): Promise<unknown> {
    const { bus } = this.parts.cluster.node.ports;
    const body = new TextEncoder().encode(JSON.stringify({ ...parameter, forwarded: true }));
    const bytes = await bus.request(this.subjects.admin(to, 'migrate'), body, { timeoutMs: MOVE_MS });
    const said: object = JSON.parse(new TextDecoder().decode(bytes));
    if ('error' in said) throw fromErrorShape(said as ErrorShape);
    return said;
  }

  private get company() {
    const { company } = this.parts.cluster.node;
    if (company === undefined) throw new SkepError('internal', { message: 'a node of a cluster has no company' });
    return company;
  }

  private get view() {
    const { view } = this.company;
    if (view === undefined) throw new SkepError('unavailable', { message: 'this node was fenced and comes back', id: this.parts.cluster.node.name });
    return view;
  }
}

function parameterOf({ payload, subject }: BusMessage): Parameter {
  if (payload.length === 0) return {};
  let parameter: unknown;
  try {
    parameter = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch {
    parameter = undefined;
  }
  if (typeof parameter === 'object' && parameter !== null && !Array.isArray(parameter)) return { ...parameter };
  throw new SkepError('malformed', { message: 'what nodes are asked is an object in JSON', id: subject.slice(0, 128) });
}

function agentIn({ agent }: Parameter): AgentId {
  if (typeof agent !== 'string') throw new SkepError('invalid-input', { message: 'no agent is named', remedy: 'Send {"agent":"tenant/kind/id"}.' });
  parseAgentId(agent);
  return agent as AgentId;
}

function nodeIn({ to }: Parameter): string {
  if (typeof to !== 'string') throw new SkepError('invalid-input', { message: 'no node is named', remedy: 'Send {"to":"n2"}.' });
  checkName('node', to);
  return to;
}

function answer(message: BusMessage, value: unknown): void {
  message.reply(new TextEncoder().encode(JSON.stringify(value)));
}
