/** Typed handles: the methods of a kind as methods of an object, and what every agent has. */
import type { AgentKind, Handler, Query } from '@skep/actor';
import { type AgentId, agentId, type Change, type Path, setOwn, type Value } from '@skep/kernel';
import type { AgentEvent } from '@skep/protocol';
import { DEFAULT_SUPERPOSITION } from '@skep/state';
import type { AgentInfo, CallOptions, CheckpointInfo, Client, Reply } from './client.js';
import type { AgentMerge, MergeRequest } from './merge/agent-merge.js';
import { type SuperpositionHandle, superpositionHandle } from './superposition-handle.js';
import type { SuperpositionInfo } from './superposition-info.js';

type Input<Method> = Method extends (state: never, ...rest: infer Rest) => unknown ? (Rest extends readonly [] ? undefined : Rest[0]) : never;
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

/** The state at a version. */
export interface Versioned<State> {
  readonly version: number;
  readonly root: string;
  readonly value: State;
}

/** What every agent has. A kind's method of the same name, or one named `then`, is reached through `call`. */
export interface AgentBase<State, Handlers, Queries> {
  readonly id: AgentId;
  /** The same agent; calls through it carry these options. */
  with(options: CallOptions): AgentHandle<State, Handlers, Queries>;
  /** By the method's name; the reply carries value, version and level. */
  call(method: string, input?: unknown): Promise<Reply>;
  /** The newest acknowledged state; the initial one at version 0 for an agent that does not exist. */
  state(): Promise<Versioned<State>>;
  info(): Promise<AgentInfo>;
  /** Names the current version durably. A name that is taken moves to it. Without one, the name says the time. */
  checkpoint(name?: string): Promise<Checkpoint<State>>;
  at(version: number): Promise<Versioned<State>>;
  history(options?: { readonly from?: number; readonly to?: number; readonly limit?: number }): Promise<readonly AgentEvent[]>;
  diff(from: number, to: number): Promise<readonly Change[]>;
  /** A new agent of this kind that starts with the state of a version of this one. */
  branch(name: string, options?: { readonly version?: number }): Promise<AgentHandle<State, Handlers, Queries>>;
  restore(target: { readonly version: number } | { readonly checkpoint: string }): Promise<Versioned<State>>;
  /** Brings the changes of another agent of this kind into this one, in one turn. Conflicts are returned, and then nothing was changed. */
  merge(request: MergeRequest): Promise<AgentMerge>;
  /** The event that wrote what is at a path now, or took it away; null if it is there since the agent began, or never was. */
  blame(path: Path): Promise<AgentEvent | null>;
  /** A superposition of this agent by its name, which need not exist yet: several experimental states, of which one is kept. */
  superposition(name?: string): SuperpositionHandle<State>;
  superpositions(): Promise<readonly SuperpositionInfo[]>;
}

/** A handle with a `then` would be taken for a promise by whoever awaits it. */
type Hidden<State, Handlers, Queries> = keyof AgentBase<State, Handlers, Queries> | 'then';

export type AgentHandle<State, Handlers, Queries> = AgentBase<State, Handlers, Queries> & {
  readonly [Method in Exclude<keyof Handlers, Hidden<State, Handlers, Queries>>]: Callable<Handlers[Method]>;
} & {
  readonly [Method in Exclude<keyof Queries, Hidden<State, Handlers, Queries>>]: Callable<Queries[Method]>;
};

/** Where handles get their answers, and the time for names. */
export interface HandleSource {
  readonly client: Client;
  readonly nowMs: () => number;
}

/** @throws SkepError `invalid-id` */
export function handleOf<
  State,
  Handlers extends { readonly [method: string]: Handler<State> },
  Queries extends { readonly [method: string]: Query<State> },
>(
  source: HandleSource,
  kind: AgentKind<State, Handlers, Queries>,
  { tenant, name }: { readonly tenant: string; readonly name: string },
): AgentHandle<State, Handlers, Queries> {
  return agentHandle(source, kind, agentId({ tenant, kind: kind.kind, name }), {});
}

function agentHandle<
  State,
  Handlers extends { readonly [method: string]: Handler<State> },
  Queries extends { readonly [method: string]: Query<State> },
>(source: HandleSource, kind: AgentKind<State, Handlers, Queries>, id: AgentId, options: CallOptions): AgentHandle<State, Handlers, Queries> {
  type Handle = AgentHandle<State, Handlers, Queries>;
  const { client, nowMs } = source;
  // The client checks the input, whatever its type says.
  const call = (method: string, input?: unknown) => client.call(id, method, input as Value | undefined, options);
  const base: AgentBase<State, Handlers, Queries> = {
    id,
    with: (more) => agentHandle(source, kind, id, { ...options, ...more }),
    call,
    state: async () => (await client.get(id)) as Versioned<State>,
    info: () => client.info(id),
    checkpoint: async (name = `at ${new Date(nowMs()).toISOString()}`) => {
      const taken = await client.checkpoint(id, name);
      return { ...taken, state: async () => (await client.at(id, taken.version)).value as State };
    },
    at: async (version) => (await client.at(id, version)) as Versioned<State>,
    history: (range) => client.history(id, range),
    diff: (from, to) => client.diff(id, from, to),
    branch: async (name, from): Promise<Handle> => agentHandle(source, kind, (await client.branch(id, name, from)).agent, options),
    merge: (request) => client.merge(id, request),
    blame: (path) => client.blame(id, path),
    restore: async (target) => (await client.restore(id, target)) as Versioned<State>,
    superposition: (name = DEFAULT_SUPERPOSITION) => superpositionHandle<State>(client, id, name),
    superpositions: () => client.superpositions(id),
  };
  const methods: Record<string, (input?: unknown) => Promise<unknown>> = {};
  for (const method of [...kind.handlers.keys(), ...kind.queries.keys()]) {
    if (method !== 'then') setOwn(methods, method, async (input) => (await call(method, input)).value);
  }
  return { ...methods, ...base } as Handle;
}
