/**
 * Actors: one node's agents, one turn at a time each.
 *
 *   const Counter = defineAgent({ kind: 'counter', initial: { count: 0 }, handlers: { add(state, by: number) { state.count += by; } } });
 *   const host = new ActorHost({ kinds: new Map([['counter', Counter]]), lane, blob, clock, random, ... });
 *   await host.call(agent, 'add', 2);
 */
export { Activation, type Settled } from './activation.js';
export { ActorHost, type HostCall } from './actor-host.js';
export { ActorState } from './actor-state.js';
export {
  AddressKeys,
  checkAddressKeys,
  checkKeyedTenant,
  type GivenAddressKeys,
  KEYED_TENANTS_MAX,
  type KeyedTenant,
  missingKey,
  type NewAddressKeys,
} from './address-keys.js';
export type { Context, QueryContext, StepInfo, Target, TimerOptions } from './context.js';
export type { HistoryRange, VersionedTree } from './historian.js';
export type { CommitListener, CommittedTurn, HostOptions, LaneAccess, TurnWatch } from './host-options.js';
export { type AgentKind, type AnyKind, defineAgent, type Handler, type KindDefinition, type Query } from './kind.js';
export type { MergePoint } from './merge-point.js';
export type { Command, CommandPlan, Delivery, TurnReply } from './message.js';
export { Meter } from './meter.js';
export { checkState } from './method.js';
export type { AskElsewhere, OtherNodes } from './other-nodes.js';
export { Roster, type RosterListener } from './roster.js';
export { decodeSegment, decodeSnapshot, encodeSegment, encodeSnapshot, type Segment, type Snapshot } from './snapshot.js';
export type { BranchContext, BranchHandler, BranchOutcome, Superposed, SuperposeOptions } from './superpose/branch-context.js';
export { DEFAULT_SUPERVISION, type Directive, type Failures, NO_FAILURES, type Supervision, supervise } from './supervision.js';
