/**
 * The kernel: what every room builds on. Imports nothing of ours.
 *
 *   const id = agentId({ tenant: 'default', kind: 'counter', name: 'a1' });
 */
export {
  assert,
  assertNever,
  ERRORS,
  type ErrorCode,
  type ErrorDetails,
  type ErrorShape,
  fromErrorShape,
  isSkepError,
  SkepError,
  toSkepError,
} from './errors.js';
export {
  type AgentAddress,
  type AgentId,
  agentId,
  checkName,
  type HashHex,
  hashHex,
  type IncarnationId,
  incarnationId,
  type LaneId,
  laneId,
  type NodeId,
  nameOf,
  nodeId,
  type OperationId,
  operationId,
  parseAgentId,
  parseOperationId,
  type SessionId,
  sessionId,
  tokenOf,
  type UniverseId,
  universeId,
} from './ids.js';
export { LIMITS, type Limits } from './limits.js';
export type { Change, Path, Value } from './values.js';
