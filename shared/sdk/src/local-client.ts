/** The client of a node in this process. */
import type { Activation, HostCall } from '@skep/actor';
import { type AgentId, agentId, type Change, parseAgentId, parseOperationId, SkepError, type Value } from '@skep/kernel';
import type { AgentEvent, AgentStatus } from '@skep/protocol';
import type { SkepNode } from '@skep/runtime';
import { diff } from '@skep/state';
import { infoOf, restingInfo } from './agent-info.js';
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
import { examine } from './doctor.js';

export interface LocalClientOptions {
  readonly dir: string | null;
  readonly startedMs: number;
  readonly pid: number;
}

const LIST_LIMIT = 1_000;

export class LocalClient implements Client {
  constructor(
    private readonly node: SkepNode,
    private readonly options: LocalClientOptions,
  ) {}

  call(agent: AgentId, method: string, input: Value = null, options: CallOptions = {}): Promise<Reply> {
    const { operation, expectedVersion, deadlineMs } = options;
    let call: HostCall = expectedVersion === undefined ? {} : { expectedVersion };
    try {
      if (operation !== undefined) call = { ...call, slot: { kind: 'operation', id: parseOperationId(operation).id } };
    } catch (error) {
      return Promise.reject(error);
    }
    const reply = this.node.host.call(agent, method, input, call);
    return deadlineMs === undefined ? reply : this.within(reply, deadlineMs, `${method} of ${agent}`);
  }

  async create(agent: AgentId): Promise<AgentInfo> {
    await this.node.host.command(agent, {
      type: 'instance created',
      plan: ({ position, status }) => {
        if (position > 0)
          throw new SkepError(status === 'terminated' ? 'agent-terminated' : 'agent-exists', { message: `the agent exists (${status})`, id: agent });
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
    return infoOf(await this.existing(agent));
  }

  async list(filter: ListFilter = {}): Promise<readonly AgentInfo[]> {
    await this.node.recovered;
    const found = new Map<AgentId, AgentInfo>();
    for (const activation of this.node.host.roster.all()) {
      if (activation.state !== undefined && activation.position > 0) found.set(activation.agent, infoOf(activation));
    }
    const limit = filter.limit ?? LIST_LIMIT;
    const wanted = (info: AgentInfo) =>
      (filter.tenant === undefined || info.tenant === filter.tenant) &&
      (filter.kind === undefined || info.kind === filter.kind) &&
      (filter.tag === undefined || info.tags.includes(filter.tag)) &&
      (filter.status === undefined || info.status === filter.status) &&
      (filter.after === undefined || info.agent > filter.after);
    for await (const { agent, entry } of this.node.directory(filter.after)) {
      if (found.has(agent) || entry.snapshot === null || entry.snapshot.position === 0) continue;
      const info = await restingInfo(this.node, agent, entry.snapshot);
      if (info !== undefined) found.set(agent, info);
    }
    const sorted = [...found.values()].filter(wanted).sort((one, other) => (one.agent < other.agent ? -1 : 1));
    return sorted.slice(0, limit);
  }

  async get(agent: AgentId): Promise<VersionedValue> {
    const { host } = this.node;
    const found = await host.reading(agent);
    if (found === undefined) {
      const tree = host.roster.initialTree(host.roster.kindOf(agent), parseAgentId(agent).name);
      return { version: 0, root: tree.root(), value: tree.value() };
    }
    const { tree, version } = found.ready;
    await host.barrier(found.lastTicket);
    return { version, root: tree.root(), value: tree.value() };
  }

  async at(agent: AgentId, version: number): Promise<VersionedValue> {
    const activation = await this.existing(agent);
    const { tree } = await this.node.host.historian.at(activation, version);
    return { version, root: tree.root(), value: tree.value() };
  }

  async history(
    agent: AgentId,
    options: { readonly from?: number; readonly to?: number; readonly limit?: number } = {},
  ): Promise<readonly AgentEvent[]> {
    const activation = await this.existing(agent);
    return this.node.host.historian.events(activation, options);
  }

  async diff(agent: AgentId, from: number, to: number): Promise<readonly Change[]> {
    return this.node.host.historian.diff(await this.existing(agent), from, to);
  }

  async checkpoint(agent: AgentId, name: string): Promise<CheckpointInfo> {
    const activation = await this.existing(agent);
    let root = '';
    const reply = await this.node.host.command(agent, {
      type: 'snapshot created',
      plan: () => {
        root = activation.ready.contentRoot;
        return { data: { name, root }, edits: [], rest: { checkpoint: { name, root } } };
      },
    });
    return { agent, name, version: reply.version, root, level: reply.level };
  }

  async checkpoints(agent: AgentId): Promise<readonly CheckpointInfo[]> {
    const { level } = this.node.ports.log;
    return [...(await this.existing(agent)).ready.checkpoints.values()].map(({ name, version, root }) => ({ agent, name, version, root, level }));
  }

  async branch(agent: AgentId, name: string, options: { readonly version?: number } = {}): Promise<AgentInfo> {
    const activation = await this.existing(agent);
    const { host } = this.node;
    const { tree, version } = await host.historian.at(activation, options.version ?? activation.ready.version);
    const { tenant, kind } = activation.address;
    const branch = agentId({ tenant, kind, name });
    await host.command(branch, {
      type: 'branched',
      plan: ({ position }) => {
        if (position > 0) throw new SkepError('agent-exists', { message: 'an agent of this name exists', id: branch });
        const root = tree.root();
        const edits = diff(host.roster.initialTree(activation.kind, name), tree).map(withoutOld);
        return { data: { from: agent, version, root }, edits, rest: { lineage: { agent, version, root } } };
      },
    });
    return this.info(branch);
  }

  async restore(agent: AgentId, target: { readonly version: number } | { readonly checkpoint: string }): Promise<VersionedValue> {
    const activation = await this.existing(agent);
    const version = 'version' in target ? target.version : this.checkpointVersion(activation, target.checkpoint);
    const { tree } = await this.node.host.historian.at(activation, version);
    await this.node.host.command(agent, {
      type: 'restored',
      plan: () => ({ data: { version, root: tree.root() }, edits: diff(activation.ready.tree, tree).map(withoutOld), rest: {} }),
    });
    return this.get(agent);
  }

  async status(): Promise<SwarmStatus> {
    const { node, options } = this;
    const { meter } = node.host;
    const recovery = await node.recovered;
    let active = 0;
    let mailbox = 0;
    let resting = 0;
    for (const activation of node.host.roster.all()) {
      mailbox += activation.mailbox.size;
      if (activation.state !== undefined && activation.position > 0) active += 1;
    }
    for await (const { agent, entry } of node.directory()) {
      if (entry.snapshot !== null && entry.snapshot.position > 0 && node.host.roster.find(agent) === undefined) resting += 1;
    }
    return {
      dir: options.dir,
      level: node.ports.log.level,
      pid: options.pid,
      startedMs: options.startedMs,
      kinds: node.kindList.map(({ kind, handlers, queries, tags }) => ({ kind, handlers: [...handlers.keys()], queries: [...queries.keys()], tags })),
      agents: { known: active + resting, active },
      turns: meter.turns,
      failures: meter.failures,
      turnsPerSecond: meter.rate(),
      latencyMs: meter.latency(),
      mailbox,
      lane: { id: node.driver.id, batch: node.driver.acknowledgedBatch },
      recovery,
      alarms: [...node.alarms].map(([agent, error]) => ({ agent, message: error.message })),
    };
  }

  async watch(listener: (turns: readonly WatchedTurn[]) => void): Promise<() => void> {
    return this.node.host.onCommitted(listener);
  }

  doctor(): Promise<DoctorReport> {
    return examine(this.node, this.options.dir);
  }

  /** The node belongs to whoever opened it. */
  async close(): Promise<void> {}

  private async existing(agent: AgentId): Promise<Activation> {
    const found = await this.node.host.reading(agent);
    if (found === undefined) throw new SkepError('unknown-agent', { message: 'there is no such agent', id: agent });
    await this.node.host.barrier(found.lastTicket);
    return found;
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

  private checkpointVersion(activation: Activation, name: string): number {
    const checkpoint = activation.ready.checkpoints.get(name);
    if (checkpoint === undefined) {
      const names = [...activation.ready.checkpoints.keys()].join(', ') || 'none';
      throw new SkepError('unknown-checkpoint', { message: `there is no checkpoint ${name}; there are: ${names}`, id: activation.agent });
    }
    return checkpoint.version;
  }

  private within(reply: Promise<Reply>, deadlineMs: number, what: string): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const cancel = this.node.ports.clock.setTimer(deadlineMs, () => {
        reject(new SkepError('timeout', { message: `${what} was not answered within ${deadlineMs} ms; it may still take effect`, id: what }));
      });
      reply.then(resolve, reject).finally(cancel);
    });
  }
}

function withoutOld(change: Change) {
  return change.kind === 'delete'
    ? ({ kind: 'delete', path: change.path } as const)
    : ({ kind: change.kind, path: change.path, new: change.new } as const);
}
