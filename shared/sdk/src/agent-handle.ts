/** Typed handles: the methods of a kind as methods of an object, and what every agent has. */
import type { AgentKind, Handler, Query } from '@skep/actor';
import { type AgentId, type Change, normalize } from '@skep/kernel';
import type { AgentEvent } from '@skep/protocol';
import type { AgentInfo, CallOptions, CheckpointInfo, Client, Reply } from './client.js';

type Input<Method> = Method extends (state: never, ...rest: infer Rest) => unknown
  ? Rest extends [infer First, ...unknown[]]
    ? First
    : undefined
  : never;
type Output<Method> = Method extends (...given: never) => infer Result ? Awaited<Result> : never;
type Callable<Method> =
  undefined extends Input<Method>
    ? (input?: Input<Method>) => Promise<Output<Method>>
    : null extends Input<Method>
      ? (input?: Input<Method>) => Promise<Output<Method>>
      : (input: Input<Method>) => Promise<Output<Method>>;

/** A checkpoint of one agent: frozen at once, its root when it is asked for, durable when the log says so. */
export interface Checkpoint<State> {
  readonly name: string;
  readonly version: number;
  readonly root: string;
  readonly level: CheckpointInfo['level'];
  state(): Promise<State>;
}

export interface Versioned<State> {
  readonly version: number;
  readonly root: string;
  readonly value: State;
}

/** What every agent has. A kind's method of the same name is reached through `call`. */
export interface AgentBase<State, Handlers, Queries> {
  readonly id: AgentId;
  /** The same agent; calls through it carry these options. */
  with(options: CallOptions): AgentHandle<State, Handlers, Queries>;
  call(method: string, input?: unknown): Promise<Reply>;
  state(): Promise<Versioned<State>>;
  info(): Promise<AgentInfo>;
  checkpoint(name?: string): Promise<Checkpoint<State>>;
  at(version: number): Promise<Versioned<State>>;
  history(options?: { readonly from?: number; readonly to?: number; readonly limit?: number }): Promise<readonly AgentEvent[]>;
  diff(from: number, to: number): Promise<readonly Change[]>;
  /** A new agent of this kind that starts with the state of a version of this one. */
  branch(name: string, options?: { readonly version?: number }): Promise<AgentHandle<State, Handlers, Queries>>;
  restore(target: { readonly version: number } | { readonly checkpoint: string }): Promise<Versioned<State>>;
}

export type AgentHandle<State, Handlers, Queries> = AgentBase<State, Handlers, Queries> & {
  readonly [Method in Exclude<keyof Handlers, keyof AgentBase<State, Handlers, Queries>>]: Callable<Handlers[Method]>;
} & {
  readonly [Method in Exclude<keyof Queries, keyof AgentBase<State, Handlers, Queries>>]: Callable<Queries[Method]>;
};

export interface HandleOf {
  readonly client: Client;
  /** A handle on another agent of the same kind. */
  readonly sibling: (id: AgentId) => unknown;
}

export function agentHandle<
  State,
  Handlers extends { readonly [method: string]: Handler<State> },
  Queries extends { readonly [method: string]: Query<State> },
>(
  kind: AgentKind<State, Handlers, Queries>,
  id: AgentId,
  { client, sibling }: HandleOf,
  options?: CallOptions,
): AgentHandle<State, Handlers, Queries> {
  type Handle = AgentHandle<State, Handlers, Queries>;
  const call = (method: string, input?: unknown) => client.call(id, method, input === undefined ? null : normalize(input), options);
  const base: AgentBase<State, Handlers, Queries> = {
    id,
    with: (more) => agentHandle(kind, id, { client, sibling }, { ...options, ...more }),
    call,
    state: async () => (await client.get(id)) as Versioned<State>,
    info: () => client.info(id),
    checkpoint: async (name = `checkpoint at ${new Date().toISOString()}`) => {
      const taken = await client.checkpoint(id, name);
      return { ...taken, state: async () => (await client.at(id, taken.version)).value as State };
    },
    at: async (version) => (await client.at(id, version)) as Versioned<State>,
    history: (range) => client.history(id, range),
    diff: (from, to) => client.diff(id, from, to),
    branch: async (name, from) => sibling((await client.branch(id, name, from)).agent) as Handle,
    restore: async (target) => (await client.restore(id, target)) as Versioned<State>,
  };
  const methods: { [method: string]: (input?: unknown) => Promise<unknown> } = {};
  for (const method of [...kind.handlers.keys(), ...kind.queries.keys()]) methods[method] = async (input) => (await call(method, input)).value;
  return { ...methods, ...base } as Handle;
}
