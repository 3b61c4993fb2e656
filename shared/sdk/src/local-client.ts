/** The client of a node in this process. */
import type { Activation, HostCall, MergePoint } from '@skep/actor';
import {
  type AgentId,
  agentId,
  type Change,
  checkName,
  type Path,
  parseAgentId,
  parseOperationId,
  SkepError,
  toSkepError,
  type Value,
} from '@skep/kernel';
import type { AgentEvent, AgentStatus } from '@skep/protocol';
import type { SkepNode } from '@skep/runtime';
import { diff, mustGetBranch, type Superposition, type SuperpositionCommand, type Tree, withoutOld } from '@skep/state';
import { infoOf } from './agent-info.js';
import { blamedEvent } from './blame.js';
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
} from './client.js';
import { checkAgent, checkCallOptions, checkCount, checkedInput, checkFilter, checkObject, checkRange, checkRestoreTarget } from './client-input.js';
import { examine } from './doctor.js';
import type { AgentMerge, MergeRequest } from './merge/agent-merge.js';
import { AgentMerger } from './merge/agent-merger.js';
import { checkMergeRequest, checkPath } from './merge/merge-input.js';
import { type AskAnywhere, pastAnywhere } from './merge/past.js';
import { Turnstile } from './merge/turnstile.js';
import { overdue } from './overdue.js';
import { infoOfSuperposition, type SuperpositionInfo, type SuperpositionReply, superpositionsOf } from './superposition-info.js';
import { checkSuperpositionCommand } from './superposition-input.js';
import { listAgents, type Place, statusOf } from './swarm-view.js';

export interface LocalClientOptions extends Place {
  /** One call's input, encoded. */
  readonly payloadBytes: number;
  /** Asks other nodes for what is not here. */
  readonly elsewhere?: AskAnywhere;
}

interface Range {
  readonly from?: number;
  readonly to?: number;
  readonly limit?: number;
}

export class LocalClient implements Client {
  private ended: SkepError | undefined;
  private readonly merging = new Turnstile();

  constructor(
    private readonly running: SkepNode,
    private readonly options: LocalClientOptions,
  ) {}

  /** From now on everything is refused with this error. */
  end(error: SkepError): void {
    this.ended ??= error;
  }

  call(agent: AgentId, method: string, input: Value = null, options: CallOptions = {}): Promise<Reply> {
    try {
      if (typeof agent !== 'string') checkAgent(agent);
      if (typeof method !== 'string') throw new SkepError('invalid-input', { message: 'a method is named by text', id: agent });
      checkCallOptions(options);
      const value = checkedInput(input, { id: agent, bytesMax: this.options.payloadBytes });
      const reply = this.node.host.call(agent, method, value, hostCall(options));
      return options.deadlineMs === undefined ? reply : this.within(reply, options.deadlineMs, `${method} of ${agent}`);
    } catch (error) {
      return Promise.reject(toSkepError(error));
    }
  }

  async create(agent: AgentId): Promise<AgentInfo> {
    checkAgent(agent);
    await this.node.host.command(agent, {
      type: 'instance created',
      plan: ({ position, status }) => {
        if (position > 0) {
          const code = status === 'terminated' ? 'agent-terminated' : 'agent-exists';
          throw new SkepError(code, { message: `the agent exists (${status})`, id: agent });
        }
        return { data: null, edits: [], rest: {} };
      },
    });
    return this.info(agent);
  }

  suspend(agent: AgentId): Promise<AgentInfo> {
    return this.changeStatus(agent, 'suspended', ['active']);
  }

  resume(agent: AgentId): Promise<AgentInfo> {
    return this.changeStatus(agent, 'active', ['suspended', 'stopped', 'quarantined']);
  }

  terminate(agent: AgentId): Promise<AgentInfo> {
    return this.changeStatus(agent, 'terminated', ['active', 'suspended', 'stopped', 'quarantined']);
  }

  async info(agent: AgentId): Promise<AgentInfo> {
    return this.read(agent, infoOf);
  }

  async list(filter: ListFilter = {}): Promise<readonly AgentInfo[]> {
    checkFilter(filter);
    return listAgents(this.node, filter);
  }

  async get(agent: AgentId): Promise<VersionedValue> {
    checkAgent(agent);
    const { host } = this.node;
    return host.read(agent, (found) => {
      const tree = found?.ready.tree ?? host.roster.initialTree(host.roster.kindOf(agent), parseAgentId(agent));
      return { version: found?.ready.version ?? 0, root: tree.root(), value: tree.value() };
    });
  }

  async at(agent: AgentId, version: number): Promise<VersionedValue> {
    const { tree } = await this.read(agent, (found) => this.node.host.historian.at(found, version));
    return { version, root: tree.root(), value: tree.value() };
  }

  async history(agent: AgentId, range: Range = {}): Promise<readonly AgentEvent[]> {
    checkRange(range);
    return this.read(agent, (found) => this.node.host.historian.events(found, range));
  }

  async diff(agent: AgentId, from: number, to: number): Promise<readonly Change[]> {
    return this.read(agent, (found) => this.node.host.historian.diff(found, from, to));
  }

  async checkpoint(agent: AgentId, name: string): Promise<CheckpointInfo> {
    checkName('checkpoint', name);
    await this.existing(agent);
    let root = '';
    const reply = await this.node.host.command(agent, {
      type: 'snapshot created',
      plan: ({ tree }) => {
        root = tree.root();
        return { data: { name, root }, edits: [], rest: { checkpoint: { name, root } } };
      },
    });
    return { agent, name, version: reply.version, root, level: reply.level };
  }

  async checkpoints(agent: AgentId): Promise<readonly CheckpointInfo[]> {
    const { level } = this.node.ports.log;
    return this.read(agent, ({ ready }) => [...ready.checkpoints.values()].map(({ name, version, root }) => ({ agent, name, version, root, level })));
  }

  async branch(agent: AgentId, name: string, options: { readonly version?: number } = {}): Promise<AgentInfo> {
    checkName('agent id', name);
    checkObject('options', options);
    if (options.version !== undefined) checkCount('version', options.version);
    const { host } = this.node;
    const { tree, version } = await this.read(agent, (found) => host.historian.at(found, options.version ?? found.ready.version));
    const { tenant, kind } = parseAgentId(agent);
    const branch = agentId({ tenant, kind, name });
    await host.command(branch, {
      type: 'branched',
      plan: ({ position, tree: initial }) => {
        if (position > 0) throw new SkepError('agent-exists', { message: 'an agent of this name exists', id: branch });
        const root = tree.root();
        const edits = diff(initial, tree).map(withoutOld);
        return { data: { from: agent, version, root }, edits, rest: { lineage: { agent, version, root } } };
      },
    });
    return this.info(branch);
  }

  async restore(agent: AgentId, target: { readonly version: number } | { readonly checkpoint: string }): Promise<VersionedValue> {
    checkRestoreTarget(target);
    const { version, tree } = await this.read(agent, (found) =>
      this.node.host.historian.at(found, 'version' in target ? target.version : checkpointVersion(found, target.checkpoint)),
    );
    await this.node.host.command(agent, {
      type: 'restored',
      plan: (now) => ({ data: { version, root: tree.root() }, edits: diff(now.tree, tree).map(withoutOld), rest: {} }),
    });
    return this.get(agent);
  }

  async merge(agent: AgentId, request: MergeRequest): Promise<AgentMerge> {
    checkAgent(agent);
    checkMergeRequest(agent, request);
    const { elsewhere } = this.options;
    const treeOptions = this.node.addressKeys.optionsOf(parseAgentId(agent).tenant);
    const merger = new AgentMerger(this.node.host, elsewhere === undefined ? this : pastAnywhere(this, elsewhere, treeOptions));
    return this.merging.next(agent, () => merger.merge(agent, request));
  }

  async merges(agent: AgentId): Promise<readonly MergePoint[]> {
    return this.read(agent, (found) => this.node.host.historian.mergePoints(found));
  }

  async blame(agent: AgentId, path: Path): Promise<AgentEvent | null> {
    checkPath({ path });
    return this.read(agent, (found) => blamedEvent(this.node.host.historian.newestFirst(found), path));
  }

  /** As `at`, for code of this process. */
  async treeAt(agent: AgentId, version: number): Promise<Tree> {
    return (await this.read(agent, (found) => this.node.host.historian.at(found, version))).tree;
  }

  async superpositions(agent: AgentId): Promise<readonly SuperpositionInfo[]> {
    return this.read(agent, superpositionsOf);
  }

  async superposition(agent: AgentId, name: string): Promise<SuperpositionInfo> {
    return this.read(agent, (found) => infoOfSuperposition(agent, superpositionOf(found, name), found.ready.version));
  }

  async branchState(agent: AgentId, superposition: string, branch: string): Promise<VersionedValue> {
    return this.read(agent, (activation) => {
      const found = superpositionOf(activation, superposition);
      const { tree } = mustGetBranch(found, branch);
      return { version: found.base.version, root: tree.root(), value: tree.value() };
    });
  }

  async superpose(agent: AgentId, command: SuperpositionCommand): Promise<SuperpositionReply> {
    checkSuperpositionCommand(command);
    const { ready } = await this.existing(agent);
    const { version, level } = await this.node.host.superpose(agent, command);
    // Not by asking for the agent again: it may be on its way to another node, and what was done must not look refused.
    const now = ready.superpositions.get(command.name);
    return { name: command.name, version, level, superposition: now === undefined ? null : infoOfSuperposition(agent, now, ready.version) };
  }

  async status(): Promise<SwarmStatus> {
    const { dir, startedMs, pid } = this.options;
    return statusOf(this.node, { dir, startedMs, pid });
  }

  async watch(listener: (turns: readonly WatchedTurn[]) => void): Promise<() => void> {
    if (typeof listener !== 'function') throw new SkepError('invalid-input', { message: 'watch takes a function' });
    let waiting: WatchedTurn[] = [];
    let over = false;
    // Outside of the commit that is announced: a listener that throws must not harm the node.
    const tell = () => {
      const turns = waiting;
      waiting = [];
      if (!over) listener(turns);
    };
    const stop = this.node.host.onCommitted((turns) => {
      if (waiting.length === 0) queueMicrotask(tell);
      for (const { agent, version, type, changes, timeMs } of turns) waiting.push({ agent, version, type, changes, timeMs });
    });
    return () => {
      over = true;
      stop();
    };
  }

  async doctor(): Promise<DoctorReport> {
    return examine(this.node, this.options.dir);
  }

  /** The node belongs to whoever opened it. */
  async close(): Promise<void> {}

  /** @throws SkepError `closed` */
  private get node(): SkepNode {
    if (this.ended !== undefined) throw this.ended;
    return this.running;
  }

  private existing(agent: AgentId): Promise<Activation> {
    return this.read(agent, (found) => found);
  }

  /** A strong read of an agent that exists. @throws SkepError `unknown-agent` */
  private async read<Seen>(agent: AgentId, look: (found: Activation) => Seen | Promise<Seen>): Promise<Seen> {
    checkAgent(agent);
    return this.node.host.read(agent, (found) => {
      if (found === undefined) throw new SkepError('unknown-agent', { message: 'there is no such agent', id: agent });
      return look(found);
    });
  }

  private async changeStatus(agent: AgentId, status: AgentStatus, from: readonly AgentStatus[]): Promise<AgentInfo> {
    await this.existing(agent);
    await this.node.host.command(agent, {
      type: 'status changed',
      plan: (now) => {
        if (!from.includes(now.status)) {
          const code = now.status === 'terminated' ? 'agent-terminated' : 'invalid-input';
          throw new SkepError(code, {
            message: `the agent is ${now.status}`,
            id: agent,
            remedy: `Only an agent that is ${from.join(' or ')} can become ${status}.`,
          });
        }
        return { data: { from: now.status, to: status }, edits: [], rest: { status } };
      },
    });
    return this.info(agent);
  }

  private within(reply: Promise<Reply>, deadlineMs: number, what: string): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const cancel = this.node.ports.clock.setTimer(deadlineMs, () => reject(overdue(what, deadlineMs)));
      reply.then(resolve, reject).finally(cancel);
    });
  }
}

function hostCall({ operation, expectedVersion }: CallOptions): HostCall {
  return {
    ...(expectedVersion === undefined ? {} : { expectedVersion }),
    ...(operation === undefined ? {} : { slot: { kind: 'operation', id: parseOperationId(operation).id } }),
  };
}

function superpositionOf({ agent, ready }: Activation, name: string): Superposition {
  const found = ready.superpositions.get(name);
  if (found !== undefined) return found;
  const names = [...ready.superpositions.keys()].join(', ') || 'none';
  throw new SkepError('unknown-superposition', { message: `there is no superposition ${name}; there are: ${names}`, id: agent });
}

function checkpointVersion(activation: Activation, name: string): number {
  const checkpoint = activation.ready.checkpoints.get(name);
  if (checkpoint !== undefined) return checkpoint.version;
  const names = [...activation.ready.checkpoints.keys()].join(', ') || 'none';
  throw new SkepError('unknown-checkpoint', { message: `there is no checkpoint ${name}; there are: ${names}`, id: activation.agent });
}
