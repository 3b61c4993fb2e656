/**
 * Subjects: what is said where. Every part is a token (see the kernel's ids), so ids may hold any text.
 *
 *   skep.<tenant>.<universe>.call.<kind>.<id>.<method>      a handler or query; answered in kind
 *   skep.<tenant>.<universe>.agent.<kind>.<id>.<command>    what a client can do with an agent: get, create, history, ...
 *   skep.<tenant>.<universe>.swarm.<command>                status, list, follow
 *   skep.<tenant>.<universe>.node.<incarnation>             many requests of one client to one node in a message
 *   skep.<tenant>.<universe>.event.<kind>.<id>              an agent's turns, while somebody follows
 *   _skep.<universe>.heartbeat                              nodes say that they live
 *   _skep.<universe>.peer.<incarnation>                     from node to node
 *   _skep.<universe>.gateway.<incarnation>                  what the gateways of the nodes ask each other
 *   _skep.<universe>.admin.<node>.<command>                 what operators ask of a node
 *   _skep.<universe>.admin.<command>                        what operators ask of any node
 */
import { type AgentId, type IncarnationId, nameOf, SkepError, tokenOf, type UniverseId } from '@skep/kernel';

export type Request =
  | { readonly kind: 'call'; readonly tenant: string; readonly agent: AgentId; readonly method: string }
  | { readonly kind: 'agent'; readonly tenant: string; readonly agent: AgentId; readonly command: string }
  | { readonly kind: 'swarm'; readonly tenant: string; readonly command: string }
  | { readonly kind: 'node'; readonly tenant: string; readonly incarnation: IncarnationId };

/** Subjects of one universe. Tenants, kinds, ids and methods are given as names, agents as ids. */
export class Subjects {
  constructor(private readonly universe: UniverseId) {}

  /** Everything that clients of all tenants send to nodes, one pattern a kind of request. */
  get requests(): readonly string[] {
    return ['call.*.*.*', 'agent.*.*.*', 'swarm.*'].map((rest) => `skep.*.${this.universe}.${rest}`);
  }

  get heartbeat(): string {
    return `_skep.${this.universe}.heartbeat`;
  }

  call(agent: AgentId, method: string): string {
    return this.ofAgent('call', agent, method);
  }

  command(agent: AgentId, command: string): string {
    return this.ofAgent('agent', agent, command);
  }

  swarm(tenant: string, command: string): string {
    return `skep.${tokenOf('tenant', tenant)}.${this.universe}.swarm.${tokenOf('command', command)}`;
  }

  /** One node, as the clients of a tenant reach it. */
  node(tenant: string, incarnation: IncarnationId): string {
    return `skep.${tokenOf('tenant', tenant)}.${this.universe}.node.${incarnation}`;
  }

  /** One node, as the clients of all tenants reach it. */
  nodeOfAll(incarnation: IncarnationId): string {
    return `skep.*.${this.universe}.node.${incarnation}`;
  }

  event(agent: AgentId): string {
    const [tenant, kind, name] = agent.split('/');
    return `skep.${tenant}.${this.universe}.event.${kind}.${name}`;
  }

  /** The events of all agents of a tenant. */
  eventsOf(tenant: string): string {
    return `skep.${tokenOf('tenant', tenant)}.${this.universe}.event.*.*`;
  }

  peer(incarnation: IncarnationId): string {
    return `_skep.${this.universe}.peer.${incarnation}`;
  }

  gateway(incarnation: IncarnationId): string {
    return `_skep.${this.universe}.gateway.${incarnation}`;
  }

  admin(node: string, command: string): string {
    return `_skep.${this.universe}.admin.${tokenOf('node', node)}.${tokenOf('command', command)}`;
  }

  /** Everything that operators ask of one node. */
  adminOf(node: string): string {
    return `_skep.${this.universe}.admin.${tokenOf('node', node)}.*`;
  }

  /** One node, whichever, answers. */
  adminOfAny(command: string): string {
    return `_skep.${this.universe}.admin.${tokenOf('command', command)}`;
  }

  /** Everything that operators ask of any node. */
  get adminOfAll(): string {
    return `_skep.${this.universe}.admin.*`;
  }

  /** @throws SkepError `invalid-id` for tokens that stand for no name, `malformed` for what is no request of this universe */
  parse(subject: string): Request {
    const [root, tenant, universe, kind, ...rest] = subject.split('.');
    const [first, second, third] = rest;
    if (root !== 'skep' || tenant === undefined || universe !== this.universe || first === undefined) throw noRequest(subject);
    const name = nameOf(tenant);
    if (kind === 'swarm' && rest.length === 1) return { kind, tenant: name, command: nameOf(first) };
    if (kind === 'node' && rest.length === 1) return { kind, tenant: name, incarnation: first as IncarnationId };
    if ((kind !== 'call' && kind !== 'agent') || second === undefined || third === undefined || rest.length !== 3) throw noRequest(subject);
    nameOf(first);
    nameOf(second);
    const agent = `${tenant}/${first}/${second}` as AgentId;
    return kind === 'call' ? { kind, tenant: name, agent, method: nameOf(third) } : { kind, tenant: name, agent, command: nameOf(third) };
  }

  private ofAgent(what: 'call' | 'agent', agent: AgentId, verb: string): string {
    const [tenant, kind, name] = agent.split('/');
    return `skep.${tenant}.${this.universe}.${what}.${kind}.${name}.${tokenOf('method', verb)}`;
  }
}

function noRequest(subject: string): SkepError {
  return new SkepError('malformed', {
    message: 'this subject is no request',
    id: subject.slice(0, 128),
    remedy: 'Send to skep.<tenant>.<universe>.call.<kind>.<id>.<method>.',
  });
}
