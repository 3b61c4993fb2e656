/**
 * Skep for those who use it: durable, versioned agents in this process.
 *
 *   const Counter = defineAgent({ kind: 'counter', initial: { count: 0 }, handlers: {
 *     increment(state, by: number) { state.count += by; return state.count; },
 *   } });
 *   await using skep = await openSkep({ dir: '.skep', kinds: [Counter] });
 *   await skep.agent(Counter, 'a1').increment(2);
 */
export type {
  AgentInfo,
  CallOptions,
  CheckpointInfo,
  Client,
  DoctorReport,
  ListFilter,
  Reply,
  SwarmStatus,
  VersionedValue,
  WatchedTurn,
} from './client.js';
