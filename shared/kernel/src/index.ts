/**
 * The kernel: what every room builds on. Imports nothing of ours.
 *
 *   const id = agentId({ tenant: 'default', kind: 'counter', name: 'a1' });
 *   const bytes = encode({ count: 1, at: new Date(0) }); // one value, one byte string
 *   const address = hashHexOf(bytes);
 *   throw new SkepError('unknown-agent', { message: 'no agent has this id', id });
 */
export { decode, decodePrefix, encode, normalize } from './codec.js';
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
export { dateMs, formatPath, invalidValue, isPlainList, isPlainObject } from './fault.js';
export { fromHex, type Hash, hash, hashHexOf, keyedHash, keyedHashOf, toHex } from './hash.js';
export { HashKey, HashWriter } from './hash-writer.js';
export { CLOCK_ZERO, clockText, compareClocks, type HybridClock, parseClock, receive, tick } from './hybrid-clock.js';
export {
  type AgentAddress,
  type AgentId,
  agentId,
  checkName,
  type HashHex,
  hashHex,
  type IncarnationId,
  incarnationId,
  incarnationOf,
  type LaneId,
  laneId,
  type NodeId,
  nameOf,
  nodeId,
  type OperationId,
  operationId,
  parseAgentId,
  parseIncarnationId,
  parseOperationId,
  type SessionId,
  sessionId,
  tokenOf,
  type UniverseId,
  universeId,
} from './ids.js';
export { parseJson, toJson } from './json.js';
export { compareKeys, sortKeys } from './key-order.js';
export { LIMITS, type Limits } from './limits.js';
export { setOwn } from './normalize.js';
export { Reader } from './reader.js';
export type { Change, Path, Value } from './values.js';
export {
  compareVectors,
  type Dot,
  dotOf,
  includesDot,
  increment,
  mergeVectors,
  parseVector,
  VECTOR_ZERO,
  type VectorOrder,
  type VersionVector,
  vectorToValue,
} from './version-vector.js';
export { Refusal, Writer } from './writer.js';
