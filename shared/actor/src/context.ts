import type { AgentId, Value } from '@skep/kernel';
import type { AgentEvent } from '@skep/protocol';
import type { BranchHandler, Superposed, SuperposeOptions } from './superpose/branch-context.js';

/** Whom to send to: an agent's id, or its kind and name. Only agents of the sender's own tenant are reached. */
export type Target = AgentId | { readonly kind: string | { readonly kind: string }; readonly name: string; readonly tenant?: string };

export interface TimerOptions {
  readonly afterMs?: number;
  readonly atMs?: number;
  /** Fires again and again; at least 10 ms. */
  readonly everyMs?: number;
}

export interface StepInfo {
  /** The same however often the step is tried, for whatever reason: hand it to the outside world as an idempotency key. */
  readonly id: string;
  /** Aborted when the turn fails, times out, or ends without awaiting the step. */
  readonly signal: AbortSignal;
}

export interface QueryContext {
  readonly agent: AgentId;
  readonly tenant: string;
  readonly kind: string;
  readonly name: string;
  /** Version of the state that is seen. */
  readonly version: number;
  now(): number;
  /** Events of this agent, oldest first. */
  history(options?: { readonly from?: number; readonly to?: number; readonly limit?: number }): Promise<readonly AgentEvent[]>;
}

/** What a handler may do besides changing its state. Nothing of it happens unless the turn commits. */
export interface Context<State = unknown> {
  readonly agent: AgentId;
  readonly tenant: string;
  readonly kind: string;
  readonly name: string;
  /** Version before this turn. */
  readonly version: number;
  /** Milliseconds since 1970 at which this turn began; the same when the turn is resumed. */
  now(): number;
  /** From 0 up to and not including 1; the same when the turn is resumed. */
  random(): number;
  /** Sends a message: delivered at least once, takes effect exactly once, in order per pair. */
  send(to: Target, method: string, input?: unknown): void;
  /** Calls and awaits the reply; journalled, so that a resumed turn does not call twice. Refuses cycles with `call-cycle`. */
  ask(to: Target, method: string, input?: unknown): Promise<Value>;
  /** Runs `run` once and records its result; a resumed turn gets the recorded result. At least once when it crashes in between. */
  step<Result>(name: string, run: (info: StepInfo) => Result | Promise<Result>): Promise<Result>;
  /**
   * Runs `handler` on so many branches of the state as it is now, keeps the best and drops the others: `branch.state` is the branch's own,
   * `branch.score` and `branch.weight` judge it. Steps are recorded per branch; a resumed turn comes to the same end.
   * @throws SkepError `branch-failed` when no branch succeeded
   */
  superpose<Result>(count: number, handler: BranchHandler<State, Result>, options?: SuperposeOptions): Promise<Superposed<Result>>;
  timer(name: string, options: TimerOptions, method: string, input?: unknown): void;
  cancelTimer(name: string): void;
  /** Adds an event of the user's own to the record. */
  emit(type: string, data?: unknown): void;
}
