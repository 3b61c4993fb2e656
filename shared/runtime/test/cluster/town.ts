/** A world of several nodes over the same simulated stores: started, killed, cut off. */
import { type AnyKind, defineAgent } from '@skep/actor';
import { type AgentId, agentId, operationId, type Value } from '@skep/kernel';
import type { Ports } from '@skep/ports';
import { createWorld, type FaultPlan, type SimulatedNode, type Store, type World } from '@skep/simulated';
import { callOptions, type NodeOptions, SkepNode } from '../../src/index.js';

export interface Resident {
  readonly node: SkepNode;
  readonly simulated: SimulatedNode;
}

export interface TownOptions {
  readonly seed?: number;
  readonly faults?: 'none' | 'drawn' | FaultPlan;
  readonly kinds?: readonly AnyKind[];
  readonly node?: Partial<NodeOptions>;
  /** What one node is given instead of its ports. */
  readonly portsOf?: (name: string, ports: Ports) => Ports;
  /** Of one node. */
  readonly nodeOf?: (name: string) => Partial<NodeOptions>;
}

/** Wall time at the start of every simulated world. */
const WORLD_START_MS = Date.UTC(2026, 0, 1);

interface CounterState {
  count: number;
  heard: { from: string; text: string }[];
}

export const Counter = defineAgent({
  kind: 'counter',
  initial: { count: 0, heard: [] } as CounterState,
  handlers: {
    add(state, by: number) {
      state.count += by;
      return state.count;
    },
    /** Sends `times` messages to another counter. */
    tell(_state, { to, times }: { to: string; times: number }, ctx) {
      for (let at = 0; at < times; at += 1) ctx.send({ kind: 'counter', name: to }, 'hear', { from: ctx.name, text: String(at) });
    },
    hear(state, said: { from: string; text: string }) {
      state.heard.push(said);
    },
    async askAdd(state, { of, by }: { of: string; by: number }, ctx) {
      const answer = await ctx.ask({ kind: 'counter', name: of }, 'add', by);
      state.count = answer as number;
      return answer;
    },
    async askTotal(_state, of: string, ctx) {
      return ctx.ask({ kind: 'counter', name: of }, 'total');
    },
    remind(_state, { afterMs }: { afterMs: number }, ctx) {
      ctx.timer('later', { afterMs }, 'add', 1);
    },
  },
  queries: {
    total: (state) => state.count,
    heard: (state) => state.heard.map(({ text }) => text),
  },
});

export class Town {
  readonly world: World;
  readonly stores: Store;
  readonly residents = new Map<string, Resident>();

  constructor(private readonly options: TownOptions = {}) {
    this.world = createWorld({ seed: options.seed ?? 1, faults: options.faults ?? 'none' });
    this.stores = this.world.store('stores', { exclusive: false });
  }

  async start(...names: readonly string[]): Promise<void> {
    await Promise.all(names.map((name) => this.startOne(name)));
  }

  async startOne(name: string): Promise<SkepNode> {
    const simulated = this.world.node(name, { stores: this.stores });
    const work = SkepNode.start(this.options.portsOf?.(name, simulated.ports) ?? simulated.ports, {
      name,
      kinds: this.options.kinds ?? [Counter],
      cluster: {},
      ...this.options.node,
      ...this.options.nodeOf?.(name),
    });
    const node = await work;
    this.residents.set(name, { node, simulated });
    return node;
  }

  /** Starts nodes and lets them get acquainted. */
  async live(...names: readonly string[]): Promise<void> {
    await this.world.drive(this.start(...names));
    for (const { node } of this.residents.values()) await this.world.drive(node.recovered);
  }

  kill(name: string): void {
    this.residents.get(name)?.simulated.crash();
    this.residents.delete(name);
  }

  node(name: string): SkepNode {
    const found = this.residents.get(name);
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found.node;
  }

  /** A call through a node; with an operation, unless it is a query. Resolves with the reply's value. */
  async call(through: string, agent: AgentId, method: string, input: Value = null, waitMs = 30_000): Promise<Value> {
    const id = operationId(Math.floor(this.world.now) + WORLD_START_MS, this.world.random('operations').bytes(10));
    const options = Counter.queries.has(method) ? null : callOptions({ slot: { kind: 'operation', id } });
    const reply = this.node(through).request({ agent, method: 'call', parameters: [method, input, options] }, waitMs);
    return ((await reply) as { value: Value }).value;
  }

  ask(through: string, agent: AgentId, method: string, input: Value = null, waitMs = 30_000): Promise<Value> {
    return this.world.drive(this.call(through, agent, method, input, waitMs));
  }

  /** Names of the nodes that hold the agent now. */
  holders(agent: AgentId): readonly string[] {
    return [...this.residents].filter(([, { node }]) => node.driver.holds(agent)).map(([name]) => name);
  }

  wait(ms: number): Promise<unknown> {
    return this.world.run({ untilMs: this.world.now + ms });
  }
}

export function id(name: string): AgentId {
  return agentId({ tenant: 'default', kind: 'counter', name });
}
