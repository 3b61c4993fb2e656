/**
 * What operators ask of nodes, over the bus: `_skep.<universe>.admin.<node>.<command>`, or without a node of whichever answers. JSON both ways;
 * a refusal is `{"error":{code,message,id,remedy}}`. Nodes answer in services/node.
 */
import type { MemberStatus } from '@skep/cluster';
import { type AgentId, type ErrorShape, fromErrorShape, isSkepError, SkepError, universeId } from '@skep/kernel';
import type { Bus } from '@skep/ports';
import { Subjects } from '@skep/protocol';
import type { AgentInfo, ListFilter, SwarmStatus } from '../client.js';

export interface NodeMember {
  readonly node: string;
  readonly incarnation: string;
  readonly status: MemberStatus;
  /** Not heard for a while. */
  readonly suspected: boolean;
  readonly startedMs: number;
  /** Agents in memory. */
  readonly agents: number;
  readonly turnsPerSecond: number;
}

/** What one node says of itself. */
export interface NodeStatus {
  readonly node: string;
  readonly incarnation: string;
  readonly pid: number;
  readonly universe: string;
  readonly startedMs: number;
  /** Incarnations since the process started; more than one: it was fenced. */
  readonly incarnations: number;
  /** Times that its connection to the servers broke. */
  readonly linkBreaks: number;
  /** How late its event loop was in the last whole window of five seconds, in ms. */
  readonly lagMs: { readonly p99: number; readonly max: number };
  readonly memoryBytes: number;
  /** CPU time of the process since its start, in ms. */
  readonly cpuMs: number;
  readonly laneAlarms: readonly { readonly lane: string; readonly message: string }[];
  readonly servers: readonly {
    readonly name: string;
    readonly version: string;
    readonly syncAlways: boolean | null;
    readonly clockAheadMs: number | null;
  }[];
  /** Tenants of the universe that have an address key, and whether this node has it. */
  readonly addressKeys: readonly { readonly tenant: string; readonly fingerprint: string; readonly isHere: boolean }[];
  readonly level: string;
  readonly replicas: number;
  readonly warnings: readonly string[];
}

export interface AgentPlace {
  readonly agent: AgentId;
  /** The node that holds it, or would: null when no node takes agents. */
  readonly node: string | null;
  /** False: it rests, and comes to life there when it is asked something. */
  readonly held: boolean;
  readonly pinnedTo: string | null;
}

export interface Moved {
  readonly agent: AgentId;
  readonly from: string;
  readonly to: string;
  /** For how long nobody held it. */
  readonly pauseMs: number;
}

export interface Drained {
  readonly node: string;
  readonly handedOver: number;
  readonly left: number;
}

export const ADMIN_COMMANDS = ['members', 'status', 'swarm', 'list', 'held', 'where', 'migrate', 'pin', 'unpin', 'drain'] as const;

export type AdminCommand = (typeof ADMIN_COMMANDS)[number];

export interface AdminOptions {
  readonly bus: Bus;
  readonly universe?: string;
  /** How long one answer is waited for. Default 5 s. */
  readonly answerMs?: number;
}

const ANSWER_MS = 5_000;
/** A drain, or a migration of much state, takes as long as there is to move. */
const MOVE_MS = 60_000;

/** An operator's side. Every method throws what the node refused, `unavailable` when no such node answers, `timeout`. */
export class Admin {
  private readonly subjects: Subjects;
  private readonly answerMs: number;

  constructor(private readonly options: AdminOptions) {
    this.subjects = new Subjects(universeId(options.universe ?? 'main'));
    this.answerMs = options.answerMs ?? ANSWER_MS;
  }

  /** As whichever node answers sees them; ascending by name. */
  async members(): Promise<readonly NodeMember[]> {
    return (await this.ask<{ readonly members: readonly NodeMember[] }>(undefined, 'members')).members;
  }

  status(node: string): Promise<NodeStatus> {
    return this.ask(node, 'status');
  }

  /** Of all tenants. */
  swarm(): Promise<SwarmStatus> {
    return this.ask(undefined, 'swarm');
  }

  /** Of all tenants; one page, ascending. */
  list(filter: ListFilter = {}): Promise<{ readonly agents: readonly AgentInfo[]; readonly after: AgentId | null }> {
    return this.ask(undefined, 'list', filter);
  }

  /** The agents that a node holds now, those of all tenants, ascending. */
  async held(node: string): Promise<readonly AgentId[]> {
    return (await this.ask<{ readonly agents: readonly AgentId[] }>(node, 'held')).agents;
  }

  where(agent: AgentId): Promise<AgentPlace> {
    return this.ask(undefined, 'where', { agent });
  }

  migrate(agent: AgentId, to: string): Promise<Moved> {
    return this.ask(undefined, 'migrate', { agent, to }, MOVE_MS);
  }

  /** Moves it there, and back there whenever that node lives. */
  pin(agent: AgentId, to: string): Promise<AgentPlace> {
    return this.ask(undefined, 'pin', { agent, to }, MOVE_MS);
  }

  unpin(agent: AgentId): Promise<AgentPlace> {
    return this.ask(undefined, 'unpin', { agent });
  }

  /** The node hands its agents over, answers, and ends. */
  drain(node: string): Promise<Drained> {
    return this.ask(node, 'drain', {}, MOVE_MS);
  }

  /** @throws SkepError */
  private async ask<Answer>(node: string | undefined, command: AdminCommand, parameter: object = {}, timeoutMs = this.answerMs): Promise<Answer> {
    const { bus } = this.options;
    const subject = node === undefined ? this.subjects.adminOfAny(command) : this.subjects.admin(node, command);
    let bytes: Uint8Array;
    try {
      bytes = await bus.request(subject, new TextEncoder().encode(JSON.stringify(parameter)), { timeoutMs });
    } catch (error) {
      if (!isSkepError(error, 'unavailable')) throw error;
      throw new SkepError('unavailable', {
        message: node === undefined ? `no node answers: ${error.message}` : `node ${node} does not answer: ${error.message}`,
        ...(node === undefined ? {} : { id: node }),
        remedy: 'Look at "skep node ls" and at the logs of the nodes; "skep up" starts a local cluster.',
        cause: error,
      });
    }
    const answer: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof answer === 'object' && answer !== null && 'error' in answer) throw fromErrorShape(answer as ErrorShape);
    return answer as Answer;
  }
}
