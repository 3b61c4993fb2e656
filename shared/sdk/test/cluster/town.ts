/** A world of nodes with their gateways, and of clients that reach them over the bus alone. */
import type { AnyKind } from '@skep/actor';
import { type AgentId, agentId, type ErrorShape, isSkepError, operationId, parseJson, type Value } from '@skep/kernel';
import { createWorld, type FaultPlan, type SimulatedNode, type Store, type TraceEvent, type World } from '@skep/simulated';
import { type Client, type ClusterNode, type ClusterNodeOptions, connectCluster, defineAgent, openNode } from '../../src/index.js';

/** Wall time at the start of every simulated world. */
export const WORLD_START_MS = Date.UTC(2026, 0, 1);

export const Tally = defineAgent({
  kind: 'tally',
  initial: { count: 0, seen: {} as { [id: string]: number } },
  handlers: {
    add(state, by: number) {
      if (typeof by !== 'number') throw new TypeError('add takes a number');
      state.count += by;
      return state.count;
    },
    /** Remembers how often each id was noted. */
    note(state, id: string) {
      state.seen[id] = (state.seen[id] ?? 0) + 1;
      return state.seen[id];
    },
    echo(_state, input: unknown) {
      return input;
    },
    said(state, text: string, context) {
      context.emit('greeted', { text });
      state.count += 1;
    },
    async slow(state, ms: number, context) {
      await context.step('wait', async () => {
        await new Promise<void>((resolve) => sleepers.push({ ms, resolve }));
        return ms;
      });
      state.count += 1;
      return state.count;
    },
    large(_state, bytes: number) {
      return 'x'.repeat(bytes);
    },
  },
  queries: {
    total: (state) => state.count,
    seen: (state) => state.seen,
    correlation: (_state) => null,
  },
});

/** Turns of `slow` that wait to be woken. */
export const sleepers: { readonly ms: number; readonly resolve: () => void }[] = [];

export interface TownOptions {
  readonly seed?: number;
  readonly faults?: 'none' | 'drawn' | FaultPlan;
  readonly kinds?: readonly AnyKind[];
  readonly node?: Partial<ClusterNodeOptions>;
  /** Of one node. */
  readonly nodeOf?: (name: string) => Partial<ClusterNodeOptions>;
  readonly observe?: (event: TraceEvent) => void;
}

export interface RawOptions {
  readonly headers?: { readonly [name: string]: string };
  readonly timeoutMs?: number;
}

export class Town {
  readonly world: World;
  readonly outside: SimulatedNode;
  readonly nodes = new Map<string, { readonly node: ClusterNode; readonly simulated: SimulatedNode }>();
  private readonly stores: Store;
  private clients = 0;

  private constructor(private readonly options: TownOptions) {
    const { seed = 1, faults = 'none', observe } = options;
    this.world = createWorld({ seed, faults, ...(observe === undefined ? {} : { observe }) });
    this.stores = this.world.store('stores', { exclusive: false });
    this.outside = this.world.node('outside', { stores: this.stores });
  }

  static async of(names: readonly string[], options: TownOptions = {}): Promise<Town> {
    const town = new Town(options);
    await town.live(...names);
    return town;
  }

  async live(...names: readonly string[]): Promise<void> {
    await this.drive(Promise.all(names.map((name) => this.startOne(name))));
    // What a recovery could not reach is brought back by a later sweep.
    for (const { node } of this.nodes.values()) await this.drive(node.recovered.catch(() => {}));
  }

  async startOne(name: string): Promise<ClusterNode> {
    const simulated = this.world.node(name, { stores: this.stores });
    const node = await this.opened(name, simulated);
    this.nodes.set(name, { node, simulated });
    return node;
  }

  /** Stores that refuse for now are tried again, as whoever runs the node would. */
  private async opened(name: string, { ports }: SimulatedNode): Promise<ClusterNode> {
    for (;;) {
      try {
        return await openNode(ports, { name, kinds: this.options.kinds ?? [Tally], ...this.options.node, ...this.options.nodeOf?.(name) });
      } catch (error) {
        if (!isSkepError(error) || error.retry === 'no') throw error;
        await new Promise<void>((resolve) => ports.clock.setTimer(500, resolve));
      }
    }
  }

  node(name: string): ClusterNode {
    const found = this.nodes.get(name);
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found.node;
  }

  kill(name: string): void {
    this.nodes.get(name)?.simulated.crash();
    this.nodes.delete(name);
  }

  /** A client on a machine of its own. */
  client(options: { readonly tenant?: string; readonly deadlineMs?: number } = {}): Client {
    this.clients += 1;
    const { ports } = this.world.node(`client${this.clients}`, { stores: this.stores });
    return connectCluster({ bus: ports.bus, clock: ports.clock, random: ports.random, ...options });
  }

  drive<Result>(work: Promise<Result>): Promise<Result> {
    return this.world.drive(work);
  }

  wait(ms: number): Promise<unknown> {
    return this.world.run({ untilMs: this.world.now + ms });
  }

  /** What a raw request is answered, as bytes. */
  rawBytes(subject: string, payload: Uint8Array, { headers = {}, timeoutMs = 60_000 }: RawOptions = {}): Promise<Uint8Array> {
    return this.drive(this.outside.ports.bus.request(subject, payload, { headers: new Map(Object.entries(headers)), timeoutMs }));
  }

  /** What a raw request in JSON is answered. */
  async raw(subject: string, text: string, options: RawOptions = {}): Promise<Value> {
    return parseJson(new TextDecoder().decode(await this.rawBytes(subject, new TextEncoder().encode(text), options)));
  }

  /** The error that a raw request in JSON is answered with. */
  async refused(subject: string, text: string, options: RawOptions = {}): Promise<ErrorShape['error']> {
    const answer = (await this.raw(subject, text, options)) as unknown as Partial<ErrorShape>;
    if (answer.error === undefined) throw new Error(`nothing was refused: ${JSON.stringify(answer)}`);
    return answer.error;
  }

  operation(atMs = Math.floor(this.world.now) + WORLD_START_MS): string {
    return operationId(atMs, this.world.random('operations').bytes(10));
  }
}

export function tally(name: string, tenant = 'default'): AgentId {
  return agentId({ tenant, kind: 'tally', name });
}

/** The subject of a call of an agent of the tenant `default`, unless another is named. */
export function callOf(name: string, method: string, tenant = 'default'): string {
  return `skep.${tenant}.main.call.tally.${name}.${method}`;
}

export function commandOf(name: string, command: string, tenant = 'default'): string {
  return `skep.${tenant}.main.agent.tally.${name}.${command}`;
}

export function swarmOf(command: string, tenant = 'default'): string {
  return `skep.${tenant}.main.swarm.${command}`;
}
