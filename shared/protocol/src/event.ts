import type { AgentId, Change, Value } from '@skep/kernel';

/** One event of an agent as its readers see it (shape P2). */
export interface AgentEvent {
  /** `agent#position.index`: the same wherever it is read. */
  readonly id: string;
  readonly type: string;
  readonly agent: AgentId;
  /** Number of the record among the agent's records, from 1. */
  readonly position: number;
  /** Version of the agent after the record. */
  readonly version: number;
  /** Milliseconds since 1970, by the hybrid clock. */
  readonly timeMs: number;
  /** What made it: an operation, a message (`sender>number`), a timer (`timer:name`), or null. */
  readonly causationId: string | null;
  /** The operation or event at the root of the chain, or null. */
  readonly correlationId: string | null;
  readonly source: 'call' | 'message' | 'timer' | 'control';
  readonly data: Value;
  readonly changes: readonly Change[];
}
