/**
 * A kind of agents: its initial state, its schema, its handlers and queries, defined in a user's module.
 *
 * - A *handler* is one turn: it may change the state, send, set timers; what it did is committed as one record.
 * - A *query* sees the last state, even while a turn awaits its steps; it changes nothing.
 */
import { checkName, SkepError } from '@skep/kernel';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Context, QueryContext } from './context.js';
import { DEFAULT_SUPERVISION, type Supervision } from './supervision.js';

/** `never` as input type: any function that takes a narrower input is a handler. */
export type Handler<State> = (state: State, input: never, context: Context<State>) => unknown;
export type Query<State> = (state: State, input: never, context: QueryContext) => unknown;

export interface KindDefinition<State, Handlers, Queries> {
  readonly kind: string;
  /** The state of a new agent, or a function of its name. */
  readonly initial: State | ((name: string) => State);
  /** Refuses states: checked after every turn that changed something. zod or any other Standard Schema that answers at once. */
  readonly schema?: StandardSchemaV1<unknown, State>;
  /** Schemas of inputs by method; a method without one takes any value. */
  readonly inputs?: { readonly [Method in keyof Handlers | keyof Queries]?: StandardSchemaV1 };
  readonly handlers: Handlers;
  readonly queries?: Queries & { readonly [method: string]: Query<State> };
  readonly tags?: readonly string[];
  readonly supervision?: Partial<Supervision>;
  /** An agent that nobody asked for this long leaves memory; its state stays. Default 5 minutes. */
  readonly passivateAfterMs?: number;
  /** A turn without progress fails after this long. Default `LIMITS.turnDeadlineMs`. */
  readonly turnDeadlineMs?: number;
  readonly mailboxMessages?: number;
}

/** A kind as the host uses it: types erased, defaults filled in. */
export interface AnyKind {
  readonly kind: string;
  readonly initialOf: (name: string) => unknown;
  readonly schema: StandardSchemaV1 | undefined;
  readonly inputs: ReadonlyMap<string, StandardSchemaV1>;
  readonly handlers: ReadonlyMap<string, Handler<unknown>>;
  readonly queries: ReadonlyMap<string, Query<unknown>>;
  readonly tags: readonly string[];
  readonly supervision: Supervision;
  readonly passivateAfterMs: number;
  readonly turnDeadlineMs: number | undefined;
  readonly mailboxMessages: number | undefined;
}

declare const types: unique symbol;

/** What `defineAgent` returns; its type remembers the methods. */
export interface AgentKind<State, Handlers, Queries> extends AnyKind {
  readonly [types]?: { readonly state: State; readonly handlers: Handlers; readonly queries: Queries };
}

const PASSIVATE_AFTER_MS = 5 * 60_000;

/** @throws SkepError `invalid-id` for the kind's name, `invalid-input` for a definition that cannot work */
export function defineAgent<
  State extends object,
  Handlers extends { readonly [method: string]: Handler<State> },
  Queries extends { readonly [method: string]: Query<State> } = Record<never, never>,
>(definition: KindDefinition<State, Handlers, Queries>): AgentKind<State, Handlers, Queries> {
  checkName('kind', definition.kind);
  const { kind, initial, schema } = definition;
  const refuse = (message: string): never => {
    throw new SkepError('invalid-input', { message: `kind ${kind}: ${message}`, id: kind, remedy: 'Correct the definition of the kind.' });
  };
  const handlers = methodsOf<Handler<unknown>>(definition.handlers, refuse);
  const queries = methodsOf<Query<unknown>>(definition.queries ?? {}, refuse);
  for (const method of queries.keys()) if (handlers.has(method)) refuse(`${method} is both a handler and a query`);
  for (const [name, what] of [['schema', schema] as const, ...Object.entries(definition.inputs ?? {})]) {
    if (what !== undefined && (what as Partial<StandardSchemaV1>)['~standard'] === undefined) refuse(`${name} is no Standard Schema`);
  }
  if (typeof initial !== 'function' && (typeof initial !== 'object' || initial === null)) refuse('initial must be an object or a function');
  return {
    kind,
    initialOf: typeof initial === 'function' ? (initial as (name: string) => State) : () => initial,
    schema,
    inputs: new Map(Object.entries(definition.inputs ?? {}) as [string, StandardSchemaV1][]),
    handlers,
    queries,
    tags: definition.tags ?? [],
    supervision: { ...DEFAULT_SUPERVISION, ...definition.supervision },
    passivateAfterMs: definition.passivateAfterMs ?? PASSIVATE_AFTER_MS,
    turnDeadlineMs: definition.turnDeadlineMs,
    mailboxMessages: definition.mailboxMessages,
  };
}

function methodsOf<Method>(methods: object, refuse: (message: string) => never): ReadonlyMap<string, Method> {
  const map = new Map<string, Method>();
  for (const [name, method] of Object.entries(methods)) {
    if (typeof method !== 'function') refuse(`${name} is no function`);
    map.set(name, method as Method);
  }
  return map;
}
