/**
 * A client of a whole swarm, wherever its agents are. How requests travel is the business of whoever it asks: the node of this process,
 * or the nodes over a bus. Every call of a handler carries a slot, so it takes effect once (G4).
 */
import type { MergePoint } from '@skep/actor';
import {
  type AgentId,
  type Change,
  checkName,
  isSkepError,
  normalize,
  type Path,
  parseAgentId,
  parseOperationId,
  SkepError,
  type Value,
} from '@skep/kernel';
import type { AgentEvent, ReplySlot } from '@skep/protocol';
import { callOptions } from '@skep/runtime';
import type {
  AgentInfo,
  CallOptions,
  CheckpointInfo,
  Client,
  DoctorReport,
  ListFilter,
  Reply,
  SwarmStatus,
  VersionedValue,
  WatchedTurn,
} from '../client.js';
import { checkAgent, checkCallOptions, checkedInput, checkFilter, checkObject } from '../client-input.js';
import type { AgentMerge, MergeRequest } from '../merge/agent-merge.js';
import type { SuperpositionInfo, SuperpositionReply } from '../superposition-info.js';
import { checkSuperpositionCommand } from '../superposition-input.js';
import { type AgentCommand, CALL, isRead } from './agent-commands.js';
import type { AgentPage } from './agent-pages.js';
import type { CallSessions } from './call-sessions.js';
import type { Question } from './exchange.js';

export interface Asked {
  readonly sessions: CallSessions;
  readonly deadlineMs: number;
  readonly payloadBytes: number;
  /** The one tenant whose agents can be reached; undefined for all. */
  readonly tenant: string | undefined;
  ask(question: Question): Promise<Value>;
  /** Whether a method is known to read only; false when nobody knows. */
  isQuery(agent: AgentId, method: string): boolean;
  list(filter: ListFilter): Promise<AgentPage>;
  status(): Promise<SwarmStatus>;
  watch(listener: (turns: readonly WatchedTurn[]) => void): Promise<() => void>;
  close(): Promise<void>;
}

type Range = { readonly from?: number; readonly to?: number; readonly limit?: number };

export class AskingClient implements Client {
  constructor(private readonly asked: Asked) {}

  async call(agent: AgentId, method: string, input: Value = null, options: CallOptions = {}): Promise<Reply> {
    this.checkReach(agent);
    if (typeof method !== 'string') throw new SkepError('invalid-input', { message: 'a method is named by text', id: agent });
    checkCallOptions(options);
    const value = checkedInput(input, { id: agent, bytesMax: this.asked.payloadBytes });
    const deadlineMs = options.deadlineMs ?? this.asked.deadlineMs;
    if (options.operation !== undefined) {
      const slot = { kind: 'operation', id: parseOperationId(options.operation).id } as const;
      return replyOf(await this.asked.ask(question(agent, method, value, { options, slot, waitMs: deadlineMs })));
    }
    if (this.asked.isQuery(agent, method)) {
      return replyOf(await this.asked.ask(question(agent, method, value, { options, slot: undefined, waitMs: deadlineMs })));
    }
    return this.callInSession(agent, method, value, options, deadlineMs);
  }

  create = (agent: AgentId) => this.command<AgentInfo>(agent, 'create', []);
  suspend = (agent: AgentId) => this.command<AgentInfo>(agent, 'suspend', []);
  resume = (agent: AgentId) => this.command<AgentInfo>(agent, 'resume', []);
  terminate = (agent: AgentId) => this.command<AgentInfo>(agent, 'terminate', []);
  info = (agent: AgentId) => this.command<AgentInfo>(agent, 'info', []);
  get = (agent: AgentId) => this.command<VersionedValue>(agent, 'get', []);
  at = (agent: AgentId, version: number) => this.command<VersionedValue>(agent, 'at', [version]);
  history = (agent: AgentId, range: Range = {}) => this.command<readonly AgentEvent[]>(agent, 'history', [{ ...range }]);
  diff = (agent: AgentId, from: number, to: number) => this.command<readonly Change[]>(agent, 'diff', [from, to]);
  checkpoint = (agent: AgentId, name: string) => this.command<CheckpointInfo>(agent, 'checkpoint', [name]);
  checkpoints = (agent: AgentId) => this.command<readonly CheckpointInfo[]>(agent, 'checkpoints', []);
  branch = (agent: AgentId, name: string, options: { readonly version?: number } = {}) =>
    this.command<AgentInfo>(agent, 'branch', [name, options as Value]);
  restore = (agent: AgentId, target: Parameters<Client['restore']>[1]) => this.command<VersionedValue>(agent, 'restore', [target as Value]);
  superpositions = (agent: AgentId) => this.command<readonly SuperpositionInfo[]>(agent, 'superpositions', []);
  superposition = (agent: AgentId, name: string) => this.command<SuperpositionInfo>(agent, 'superposition', [name]);
  branchState = (agent: AgentId, superposition: string, branch: string) =>
    this.command<VersionedValue>(agent, 'branchState', [superposition, branch]);
  superpose = async (agent: AgentId, command: Parameters<Client['superpose']>[1]) => {
    checkSuperpositionCommand(command);
    return this.command<SuperpositionReply>(agent, 'superpose', [normalize(command)]);
  };

  merge = (agent: AgentId, request: MergeRequest) => this.command<AgentMerge>(agent, 'merge', [request as unknown as Value]);
  merges = (agent: AgentId) => this.command<readonly MergePoint[]>(agent, 'merges', []);
  blame = (agent: AgentId, path: Path) => this.command<AgentEvent | null>(agent, 'blame', [path]);

  async list(filter: ListFilter = {}): Promise<readonly AgentInfo[]> {
    checkFilter(filter);
    const found: AgentInfo[] = [];
    const wanted = filter.limit ?? 1_000;
    for (let after = filter.after; found.length < wanted; ) {
      const page = await this.asked.list({ ...filter, limit: wanted - found.length, ...(after === undefined ? {} : { after }) });
      found.push(...page.agents);
      if (page.after === null) break;
      after = page.after;
    }
    return found;
  }

  status(): Promise<SwarmStatus> {
    return this.asked.status();
  }

  watch(listener: (turns: readonly WatchedTurn[]) => void): Promise<() => void> {
    if (typeof listener !== 'function') return Promise.reject(new SkepError('invalid-input', { message: 'watch takes a function' }));
    return this.asked.watch(listener);
  }

  /** Of a cluster: whether each node answers and serves. What a node's disk or store holds is looked over where it runs. */
  async doctor(): Promise<DoctorReport> {
    const { nodes = [], alarms, level } = await this.asked.status();
    const checks: DoctorReport['checks'][number][] = [{ name: 'level', ok: true, detail: level, remedy: null }];
    for (const { node, status, active } of nodes)
      checks.push({ name: `node ${node}`, ok: true, detail: `${status}, ${active} agents in memory`, remedy: null });
    for (const { agent, message } of alarms) {
      checks.push({ name: `agent ${agent}`, ok: false, detail: message, remedy: 'Nothing of this agent is served until its log is repaired.' });
    }
    return { ok: checks.every(({ ok }) => ok), checks };
  }

  close(): Promise<void> {
    return this.asked.close();
  }

  private async callInSession(agent: AgentId, method: string, value: Value, options: CallOptions, deadlineMs: number): Promise<Reply> {
    const { sessions } = this.asked;
    for (let renewed = false; ; renewed = true) {
      const slot = await sessions.take(agent, deadlineMs);
      const asking = question(agent, method, value, { options, slot, waitMs: deadlineMs });
      try {
        const reply = (await this.asked.ask(asking)) as { readonly read?: boolean };
        sessions.settle(agent, slot, reply.read === true ? 'other' : 'recorded');
        return replyOf(reply as Value);
      } catch (error) {
        sessions.settle(agent, slot, 'other');
        if (!isSkepError(error, 'operation-too-old')) throw error;
        // The agent has forgotten the session, or the swarm was restored. What was sent once certainly did not run.
        sessions.renew(agent, slot);
        if (renewed || asking.doubtful) throw error;
      }
    }
  }

  private async command<Result>(agent: AgentId, command: AgentCommand, parameters: readonly Value[]): Promise<Result> {
    this.checkReach(agent);
    for (const each of parameters)
      if (each === undefined) throw new SkepError('invalid-input', { message: `${command} misses an argument`, id: agent });
    const last = parameters[parameters.length - 1];
    if (command === 'history' || command === 'branch' || command === 'restore' || command === 'merge') checkObject('options', last);
    if (command === 'branch' || command === 'checkpoint') checkName(command === 'branch' ? 'agent id' : 'checkpoint', parameters[0]);
    const result = await this.asked.ask({
      agent,
      method: command,
      parameters,
      repeatable: isRead(command),
      waitMs: this.asked.deadlineMs,
      what: `${command} of ${agent}`,
      doubtful: false,
    });
    return result as Result;
  }

  /** @throws SkepError `invalid-id`, `forbidden` */
  private checkReach(agent: AgentId): void {
    checkAgent(agent);
    const { tenant } = this.asked;
    if (tenant === undefined || parseAgentId(agent).tenant === tenant) return;
    throw new SkepError('forbidden', { message: `this client speaks for ${tenant}`, id: agent });
  }
}

interface Sent {
  readonly options: CallOptions;
  readonly slot: ReplySlot | undefined;
  readonly waitMs: number;
}

function question(agent: AgentId, method: string, input: Value, { options, slot, waitMs }: Sent): Question {
  const { expectedVersion } = options;
  const wire = callOptions({ ...(slot === undefined ? {} : { slot }), ...(expectedVersion === undefined ? {} : { expectedVersion }) });
  return { agent, method: CALL, parameters: [method, input, wire], repeatable: true, waitMs, what: `${method} of ${agent}`, doubtful: false };
}

function replyOf(reply: Value): Reply {
  const { value, version, level } = reply as unknown as Reply;
  return { value, version, level };
}
