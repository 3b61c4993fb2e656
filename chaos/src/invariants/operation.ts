/** What clients saw, recorded outside of whatever is tested. */
import { type AgentId, encode, hashHexOf, type Value } from '@skep/kernel';

/**
 * - `own`: the version that the write made, or whose state the read shows.
 * - `later`: any version that already holds the effect, as the reply to a repeated call names it.
 */
export type Witness = 'own' | 'later';

export type Outcome =
  | { readonly kind: 'acknowledged'; readonly ended: number; readonly version: number; readonly witness: Witness; readonly value: Value | undefined }
  /** `certain`: every attempt was refused with a code that says nothing was changed. */
  | { readonly kind: 'refused'; readonly ended: number; readonly code: string; readonly certain: boolean }
  | { readonly kind: 'unknown' };

export interface Operation {
  /** Under which a write was sent, however often; of a read any text of its own. */
  readonly id: string;
  readonly client: string;
  readonly agent: AgentId;
  /** A `write` changes the state whenever it takes effect; a `read` shows all of it, or nothing but its version. */
  readonly kind: 'write' | 'read';
  readonly method: string;
  /** Begins and ends are numbered by one counter for all clients: smaller means earlier. */
  readonly began: number;
  readonly outcome: Outcome;
}

export type Acknowledged = Operation & { readonly outcome: Extract<Outcome, { kind: 'acknowledged' }> };

export function isAcknowledged(operation: Operation): operation is Acknowledged {
  return operation.outcome.kind === 'acknowledged';
}

/** A state that was shown as that of a past version. */
export interface PastState {
  readonly agent: AgentId;
  readonly version: number;
  readonly value: Value;
}

/** An event that was shown in a history. */
export interface ShownEvent {
  readonly agent: AgentId;
  readonly position: number;
  readonly version: number;
  readonly type: string;
}

export function sameValue(one: Value, other: Value): boolean {
  return one === other || hashHexOf(encode(one)) === hashHexOf(encode(other));
}

export function groupByAgent<Item extends { readonly agent: AgentId }>(items: Iterable<Item>): ReadonlyMap<AgentId, readonly Item[]> {
  const groups = new Map<AgentId, Item[]>();
  for (const item of items) {
    const group = groups.get(item.agent);
    if (group === undefined) groups.set(item.agent, [item]);
    else group.push(item);
  }
  return groups;
}
