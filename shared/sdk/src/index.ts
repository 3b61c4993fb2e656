/**
 * Skep for those who use it: durable, versioned agents in this process.
 *
 *   const Counter = defineAgent({ kind: 'counter', initial: { count: 0 }, handlers: {
 *     increment(state, by: number) { state.count += by; return state.count; },
 *   } });
 *   await using skep = await openSkep({ dir: '.skep', kinds: [Counter] });
 *   await skep.agent(Counter, 'a1').increment(2);
 */
export {
  type AgentKind,
  type AnyKind,
  type BranchContext,
  type BranchHandler,
  type BranchOutcome,
  type Context,
  defineAgent,
  type GivenAddressKeys,
  type KindDefinition,
  type MergePoint,
  type QueryContext,
  type StepInfo,
  type Superposed,
  type SuperposeOptions,
  type Supervision,
  type Target,
  type TimerOptions,
} from '@skep/actor';
export {
  type AgentId,
  agentId,
  type Change,
  type ErrorCode,
  isSkepError,
  type Limits,
  operationId,
  type Path,
  parseAgentId,
  SkepError,
  type Value,
} from '@skep/kernel';
export type { Level } from '@skep/ports';
export type { AgentEvent, AgentStatus } from '@skep/protocol';
export type { Choice, Likelihoods, MergeConflict, MergeRule, MergeStrategy, Resolution, ResolvedConflict, SuperpositionCommand } from '@skep/state';
export type { AgentBase, AgentHandle, Checkpoint, Versioned } from './agent-handle.js';
export type {
  AgentInfo,
  CallOptions,
  CheckpointInfo,
  Client,
  DoctorReport,
  ListFilter,
  NodeFigures,
  Reply,
  SwarmStatus,
  VersionedValue,
  WatchedTurn,
} from './client.js';
export { type ClusterClientOptions, ClusterNode, type ClusterNodeOptions, connectCluster, openNode } from './cluster/index.js';
export { defineSkep, type SkepConfig } from './config.js';
export { LocalClient } from './local-client.js';
export type { AgentMerge, AgentVersion, MergeRequest } from './merge/agent-merge.js';
export { type ConnectOptions, connectSkep } from './remote-client.js';
export { type OpenOptions, openSkep, Skep, type SwarmOptions } from './skep.js';
export { type StateChange, StateKind, type StateUpdate } from './state-kind.js';
export type { BranchInput, SuperpositionHandle } from './superposition-handle.js';
export type { BranchInfo, SuperpositionInfo, SuperpositionReply } from './superposition-info.js';
