/** Members, and what membership reports of them. */
import type { IncarnationId, NodeId } from '@skep/kernel';
import type { Load, MemberStatus } from './heartbeat.js';

/** A live member, as this one sees it. */
export interface Member {
  readonly incarnation: IncarnationId;
  readonly node: NodeId;
  /** Wall clock of its own machine. */
  readonly startedMs: number;
  readonly status: MemberStatus;
  readonly load: Load;
  /** Tenants whose address key it lacks. Left out: none. */
  readonly keyless?: readonly string[];
  /** Not heard for the patience; dead if enough others say the same. */
  readonly suspected: boolean;
}

/** `silent`: enough observers missed it. `superseded`: its node started again. `arbitrated`: too few observers, and the registry decided. */
export type DeathReason = 'silent' | 'superseded' | 'arbitrated';

export type MembershipEvent =
  /** Heard for the first time. */
  | { readonly kind: 'joined'; readonly member: Member }
  /** Its status, or what it lacks, is another. Loads change all the time and are no events; `view` has them. */
  | { readonly kind: 'changed'; readonly member: Member }
  /** Suspected by this member alone, so far. Send a heartbeat now, so that the others need not wait for the next one. */
  | { readonly kind: 'suspected'; readonly incarnation: IncarnationId; readonly node: NodeId }
  /** Suspected no longer. */
  | { readonly kind: 'cleared'; readonly incarnation: IncarnationId; readonly node: NodeId }
  /** Never comes back: seal its lane, claim its agents. `by`: who agreed, ascending. May name this member itself, if its node started again. */
  | {
      readonly kind: 'dead';
      readonly incarnation: IncarnationId;
      readonly node: NodeId;
      readonly reason: DeathReason;
      readonly by: readonly IncarnationId[];
    }
  /** It said goodbye. */
  | { readonly kind: 'left'; readonly incarnation: IncarnationId; readonly node: NodeId }
  /** Everybody whom this member hears misses them, but these are too few to decide (M4). Append to the own lane, then call `arbitrated`. */
  | { readonly kind: 'outnumbered'; readonly silent: readonly IncarnationId[] }
  /** As many others as are needed accuse this member: its lane may be sealed. Append to it to find out. */
  | { readonly kind: 'accused'; readonly by: readonly IncarnationId[] };
