/** Where an agent took over another one's state: when it branched off, and whenever another one was merged into it. */
import type { AgentId, Value } from '@skep/kernel';
import type { AgentRecord } from '@skep/protocol';

export interface MergePoint {
  readonly kind: 'branched' | 'merged';
  /** The agent's own version from which on it has what it took over. */
  readonly version: number;
  readonly from: { readonly agent: AgentId; readonly version: number };
}

/** Undefined for any other record. Handlers may emit what is named like it; only commands of operators count. */
export function mergePointOf(record: AgentRecord): MergePoint | undefined {
  const [event] = record.kind === 'turn' && record.cause.kind === 'control' ? record.events : [];
  if (event === undefined || (event.type !== 'branched' && event.type !== 'merged')) return undefined;
  const { from, version } = event.data as { readonly [field: string]: Value };
  return { kind: event.type, version: record.version, from: { agent: from as AgentId, version: version as number } };
}
