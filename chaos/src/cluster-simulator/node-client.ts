/** What a client of a cluster asks through one node, and what the node that holds the agent does for it. */
import type { AgentId, Value } from '@skep/kernel';
import { type AgentRequest, callOptions, type SkepNode } from '@skep/runtime';
import type { LocalClient } from '@skep/sdk';
import type { SimulatedNode } from '@skep/simulated';
import type { Asked } from '../simulator/recording-client.js';

export interface NodeClientOptions {
  readonly node: SkepNode;
  readonly simulated: SimulatedNode;
  readonly waitMs: number;
  /** Sees every request that the node was asked. */
  readonly watch: (request: AgentRequest, answer: Promise<Value>) => void;
}

/** Turns what is asked into requests of a node. */
export class RequestingClient implements Asked {
  constructor(private readonly request: (request: AgentRequest) => Promise<Value>) {}

  call(agent: AgentId, method: string, input: Value = null, { operation }: { readonly operation?: string } = {}) {
    const how = operation === undefined ? {} : { slot: { kind: 'operation', id: operation } as const };
    return this.#ask('call', agent, [method, input, callOptions(how)]) as unknown as ReturnType<Asked['call']>;
  }

  get = (agent: AgentId) => this.#ask('get', agent, []) as unknown as ReturnType<Asked['get']>;

  at = (agent: AgentId, version: number) => this.#ask('at', agent, [version]) as unknown as ReturnType<Asked['at']>;

  history = (agent: AgentId, range: Value = {}) => this.#ask('history', agent, [range]) as unknown as ReturnType<Asked['history']>;

  checkpoint = (agent: AgentId, name: string) => this.#ask('checkpoint', agent, [name]) as unknown as ReturnType<Asked['checkpoint']>;

  branch = (agent: AgentId, name: string) => this.#ask('branch', agent, [name]) as unknown as ReturnType<Asked['branch']>;

  restore = (agent: AgentId, target: Value) => this.#ask('restore', agent, [target]) as unknown as ReturnType<Asked['restore']>;

  #ask(method: string, agent: AgentId, parameters: readonly Value[]): Promise<Value> {
    return this.request({ agent, method, parameters });
  }
}

export class NodeClient extends RequestingClient {
  constructor({ node, simulated, waitMs, watch }: NodeClientOptions) {
    super(async (request) => {
      // The request comes to the node from outside: not while it is paused, and never when it is dead.
      await new Promise<void>((resolve) => simulated.clock.setTimer(0, resolve));
      const answer = node.request(request, waitMs);
      watch(request, answer);
      return answer;
    });
  }
}

/** Performs a command for an agent of this node. */
export async function perform(local: LocalClient, { agent, method, parameters }: AgentRequest): Promise<Value> {
  const run = local[method as keyof Omit<Asked, 'call'>] as (...given: unknown[]) => Promise<unknown>;
  return (await run.call(local, agent, ...parameters)) as Value;
}
