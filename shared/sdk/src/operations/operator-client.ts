/** A client of every tenant's agents at once, for operators: a client of one tenant for each, and what is asked of all nodes. */
import { type AgentId, type Path, parseAgentId, SkepError, type Value } from '@skep/kernel';
import type { AgentInfo, CallOptions, Client, ListFilter, WatchedTurn } from '../client.js';
import type { Admin } from './admin.js';

export interface OperatorClientParts {
  readonly admin: Admin;
  readonly clientOf: (tenant: string) => Client;
  /** Whose turns `watch` shows. */
  readonly tenants: readonly string[];
}

const PAGE = 1_000;

export class OperatorClient implements Client {
  private readonly clients = new Map<string, Client>();

  constructor(private readonly parts: OperatorClientParts) {}

  call = (agent: AgentId, method: string, input?: Value, options?: CallOptions) => this.of(agent).call(agent, method, input, options);
  create = (agent: AgentId) => this.of(agent).create(agent);
  suspend = (agent: AgentId) => this.of(agent).suspend(agent);
  resume = (agent: AgentId) => this.of(agent).resume(agent);
  terminate = (agent: AgentId) => this.of(agent).terminate(agent);
  info = (agent: AgentId) => this.of(agent).info(agent);
  get = (agent: AgentId) => this.of(agent).get(agent);
  at = (agent: AgentId, version: number) => this.of(agent).at(agent, version);
  history = (agent: AgentId, range?: Parameters<Client['history']>[1]) => this.of(agent).history(agent, range);
  diff = (agent: AgentId, from: number, to: number) => this.of(agent).diff(agent, from, to);
  checkpoint = (agent: AgentId, name: string) => this.of(agent).checkpoint(agent, name);
  checkpoints = (agent: AgentId) => this.of(agent).checkpoints(agent);
  branch = (agent: AgentId, name: string, options?: Parameters<Client['branch']>[2]) => this.of(agent).branch(agent, name, options);
  restore = (agent: AgentId, target: Parameters<Client['restore']>[1]) => this.of(agent).restore(agent, target);
  merge = (agent: AgentId, request: Parameters<Client['merge']>[1]) => this.of(agent).merge(agent, request);
  merges = (agent: AgentId) => this.of(agent).merges(agent);
  blame = (agent: AgentId, path: Path) => this.of(agent).blame(agent, path);
  superpositions = (agent: AgentId) => this.of(agent).superpositions(agent);
  superposition = (agent: AgentId, name: string) => this.of(agent).superposition(agent, name);
  branchState = (agent: AgentId, superposition: string, branch: string) => this.of(agent).branchState(agent, superposition, branch);
  superpose = (agent: AgentId, command: Parameters<Client['superpose']>[1]) => this.of(agent).superpose(agent, command);
  status = () => this.parts.admin.swarm();
  doctor = () => this.ofTenant(this.parts.tenants[0] ?? 'default').doctor();

  async list(filter: ListFilter = {}): Promise<readonly AgentInfo[]> {
    const limit = filter.limit ?? PAGE;
    const found: AgentInfo[] = [];
    for (let after = filter.after; found.length < limit; ) {
      const page = await this.parts.admin.list({ ...filter, ...(after === undefined ? {} : { after }), limit: Math.min(PAGE, limit - found.length) });
      found.push(...page.agents);
      if (page.after === null) break;
      after = page.after;
    }
    return found;
  }

  async watch(listener: (turns: readonly WatchedTurn[]) => void): Promise<() => void> {
    const stops = await Promise.all(this.parts.tenants.map((tenant) => this.ofTenant(tenant).watch(listener)));
    return () => {
      for (const stop of stops) stop();
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.clients.values()].map((client) => client.close()));
  }

  private of(agent: AgentId): Client {
    return this.ofTenant(parseAgentId(agent).tenant);
  }

  private ofTenant(tenant: string): Client {
    const client = this.clients.get(tenant) ?? this.parts.clientOf(tenant);
    this.clients.set(tenant, client);
    return client;
  }
}

/** What a tenant's user asks of nodes. */
export function refusedToTenants(what: string): SkepError {
  return new SkepError('forbidden', {
    message: 'only operators may ask this of nodes',
    id: what,
    remedy: 'Give the credentials of an operator: --creds with the folder "credentials" of the cluster, or its users/operator.nk.',
  });
}
