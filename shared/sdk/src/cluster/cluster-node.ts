/**
 * openNode: one node of a cluster on ports that are there, with its gateway.
 *
 *   const node = await openNode(ports, { name: 'n1', kinds: [Counter] });
 *   await node.client.call(agent, 'increment', 2);   // wherever the agent is
 *   await node.drain();                              // the other nodes take its agents
 *   await node.close();
 *
 * The ports belong to whoever made them. Nothing here knows what they stand on: NATS, a simulated world, or the memory of one process.
 */
import type { AnyKind, GivenAddressKeys, TurnWatch } from '@skep/actor';
import { type AgentId, LIMITS, type Limits, parseAgentId, SkepError, type Value } from '@skep/kernel';
import type { Ports } from '@skep/ports';
import { Subjects } from '@skep/protocol';
import { type ClusterOptions, type NodeOptions, SkepNode } from '@skep/runtime';
import { withBuiltIns } from '../built-ins.js';
import type { Client, WatchedTurn } from '../client.js';
import { LocalClient } from '../local-client.js';
import { performCommand } from './agent-commands.js';
import { type Asked, AskingClient } from './asking-client.js';
import { CallSessions } from './call-sessions.js';
import { ClientDesk } from './client-desk.js';
import { Follows } from './follows.js';
import { Gateway } from './gateway.js';
import { Neighbours } from './neighbours.js';
import { DEADLINE_MS } from './request-headers.js';
import { SwarmCommands } from './swarm-commands.js';
import { Traffic } from './traffic.js';

export interface ClusterNodeOptions extends Pick<ClusterOptions, 'link' | 'closings' | 'heartbeatMs' | 'suspectAfterMs' | 'sweepEveryMs'> {
  /** No two nodes that run at the same time have the same; of two that do the one that started first ends (`onEnd`). */
  readonly name: string;
  /** Default `main`. */
  readonly universe?: string;
  readonly kinds?: readonly AnyKind[];
  readonly limits?: Partial<Limits>;
  /**
   * By tenant, 32 random bytes each: under its key the content of a tenant's agents is hashed. Agents of a tenant that has one live on
   * nodes that were given it. A key never changes and is never taken back. Default: none.
   */
  readonly addressKeys?: GivenAddressKeys;
  readonly settleEveryMs?: number;
  readonly closing?: 'settle' | 'leave';
  readonly watch?: TurnWatch;
  /** Requests of clients that may be under way in this node at once. Default 65,536. */
  readonly requestsMax?: number;
  /** Told of agents whose log is damaged. */
  readonly onAlarm?: (agent: AgentId, error: SkepError) => void;
  readonly onLaneAlarm?: NodeOptions['onLaneAlarm'];
  /** Told when this node has ended for good by itself, with `name-taken`. */
  readonly onEnd?: NodeOptions['onEnd'];
  /** Told of each incarnation of this node, when it begins. Must not throw. */
  readonly onIncarnation?: ClusterOptions['onIncarnation'];
}

const REQUESTS_MAX = 65_536;
const DRAIN_MS = 30_000;
/** What a clean close waits for requests that are under way. */
const CLOSING_MS = 5_000;
const LOOK_MS = 20;

/** @throws SkepError `invalid-input`, `invalid-id`, `unavailable`, `disk-full`, `unsupported-format`, `not-configured` for an address key */
export async function openNode(ports: Ports, options: ClusterNodeOptions): Promise<ClusterNode> {
  let opened: ClusterNode | undefined;
  const {
    name,
    universe,
    kinds = [],
    limits,
    addressKeys,
    settleEveryMs,
    closing,
    watch,
    onAlarm,
    onLaneAlarm,
    onEnd,
    onIncarnation,
    link,
    closings,
    heartbeatMs,
    suspectAfterMs,
    sweepEveryMs,
  } = options;
  const node = await SkepNode.start(ports, {
    name,
    kinds: withBuiltIns(kinds),
    ...(universe === undefined ? {} : { universe }),
    ...(limits === undefined ? {} : { limits }),
    ...(addressKeys === undefined ? {} : { addressKeys }),
    ...(settleEveryMs === undefined ? {} : { settleEveryMs }),
    ...(closing === undefined ? {} : { closing }),
    ...(watch === undefined ? {} : { watch }),
    ...(onAlarm === undefined ? {} : { onAlarm }),
    ...(onLaneAlarm === undefined ? {} : { onLaneAlarm }),
    ...(onEnd === undefined ? {} : { onEnd }),
    cluster: {
      perform: (request) => {
        if (opened === undefined) throw new SkepError('unavailable', { message: 'the node is starting', id: request.agent });
        return opened.perform(request);
      },
      onIncarnation: (incarnation) => {
        opened?.arrive(incarnation);
        onIncarnation?.(incarnation);
      },
      ...(link === undefined ? {} : { link }),
      ...(closings === undefined ? {} : { closings }),
      ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
      ...(suspectAfterMs === undefined ? {} : { suspectAfterMs }),
      ...(sweepEveryMs === undefined ? {} : { sweepEveryMs }),
    },
  });
  opened = new ClusterNode(node, options);
  opened.arrive(node.id);
  return opened;
}

export class ClusterNode implements AsyncDisposable {
  /** Everything by id, of all tenants, wherever it is; `watch` alone shows the turns of this node. */
  readonly client: Client;
  readonly follows: Follows;
  private readonly local: LocalClient;
  private readonly gateway: Gateway;
  private readonly neighbours: Neighbours;
  private readonly swarm: SwarmCommands;
  private readonly traffic: Traffic;
  private closing: Promise<void> | undefined;
  private readonly refusal: { now?: SkepError } = {};

  /** Use `openNode`. */
  constructor(
    readonly node: SkepNode,
    options: ClusterNodeOptions,
  ) {
    const { bus, clock } = node.ports;
    const subjects = new Subjects(node.universe);
    const startedMs = clock.nowMs();
    const payloadBytes = options.limits?.payloadBytes ?? LIMITS.payloadBytes;
    const live = () => node.company?.view?.view ?? [];
    const others = () => live().flatMap(({ incarnation }) => (incarnation === node.id ? [] : [incarnation]));
    this.local = new LocalClient(node, { dir: null, startedMs, pid: 0, payloadBytes, elsewhere: (request) => node.request(request, DEADLINE_MS) });
    this.traffic = new Traffic(options.requestsMax ?? REQUESTS_MAX);
    this.follows = new Follows({ bus, clock, subjects, onCommitted: (listener) => node.host.onCommitted(listener) });
    const met = async () => node.company?.met();
    this.neighbours = new Neighbours({ bus, clock, subjects, others, met, answer: (command, parameter) => this.swarm.answer(command, parameter) });
    this.swarm = new SwarmCommands({ node, follows: this.follows, neighbours: this.neighbours, live, met, startedMs });
    const desk = new ClientDesk({ node, traffic: this.traffic });
    this.gateway = new Gateway({ node, subjects, desk, swarm: this.swarm, traffic: this.traffic, payloadBytes });
    this.client = new AskingClient(inProcess({ node, local: this.local, swarm: this.swarm, refusal: this.refusal, payloadBytes }));
    this.gateway.open();
    this.swarm.adoptFollows().catch(() => {});
  }

  /** Requests of clients that are under way here. */
  get underWay(): number {
    return this.traffic.underWay;
  }

  /** Resolves when everything that this node found to recover is back. */
  get recovered(): SkepNode['recovered'] {
    return this.node.recovered;
  }

  /** Replaces the kinds: turns under way end on the old code. @throws SkepError `invalid-input` */
  setKinds(kinds: readonly AnyKind[]): void {
    this.node.setKinds(withBuiltIns(kinds));
  }

  /** Takes nothing new and hands its agents to the other nodes; clients that know this node are led there. */
  async drain(withinMs: number = DRAIN_MS): Promise<{ readonly handedOver: number; readonly left: number }> {
    this.gateway.leaveQueue();
    return (await this.node.company?.handOver(withinMs)) ?? { handedOver: 0, left: 0 };
  }

  /** Hands over what it holds and stops, once what clients asked is answered. Idempotent. */
  close(): Promise<void> {
    this.closing ??= this.shut();
    return this.closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Performs a command of a client for an agent of this node. For the runtime. */
  perform(request: Parameters<typeof performCommand>[1]): Promise<Value> {
    return performCommand(this.local, request, (other) => this.node.request(other, DEADLINE_MS));
  }

  /** An incarnation of this node begins. For the runtime. */
  arrive(incarnation: SkepNode['id']): void {
    if (this.closing !== undefined) return;
    this.gateway.listen(incarnation);
    this.neighbours.listen(incarnation);
  }

  private async shut(): Promise<void> {
    const { clock } = this.node.ports;
    const closed = new SkepError('closed', { message: 'this node was closed' });
    this.refusal.now = closed;
    this.gateway.leaveQueue();
    const endMs = clock.monotonicMs() + CLOSING_MS;
    // At least once: a request that was given to this node may still be on its way.
    do await new Promise<void>((resolve) => clock.setTimer(LOOK_MS, resolve));
    while (this.traffic.underWay > 0 && clock.monotonicMs() < endMs);
    await this.node.close();
    this.local.end(closed);
    this.follows.stop();
    this.neighbours.stop();
    this.gateway.stop();
  }
}

interface InProcess {
  readonly node: SkepNode;
  readonly local: LocalClient;
  readonly swarm: SwarmCommands;
  /** Set when the node closes. */
  readonly refusal: { readonly now?: SkepError };
  readonly payloadBytes: number;
}

/** The way from this process: the node finds every agent. */
function inProcess({ node, local, swarm, refusal, payloadBytes }: InProcess): Asked {
  const { clock, random } = node.ports;
  const open = (): void => {
    if (refusal.now !== undefined) throw refusal.now;
  };
  return {
    sessions: new CallSessions({ clock, random, nowMs: () => clock.nowMs() }),
    deadlineMs: DEADLINE_MS,
    payloadBytes,
    tenant: undefined,
    ask: async (question) => {
      open();
      const { agent, method, parameters, waitMs } = question;
      // The node repeats what may be repeated; what it then refuses may have been begun before.
      question.doubtful = true;
      return node.request({ agent, method, parameters }, waitMs);
    },
    isQuery: (agent, method) => node.host.isQuery(parseAgentId(agent).kind, method),
    list: async (filter) => {
      open();
      return swarm.list(filter, undefined);
    },
    status: async () => {
      open();
      return swarm.status(undefined);
    },
    watch: (listener: (turns: readonly WatchedTurn[]) => void) => local.watch(listener),
    close: async () => {},
  };
}
