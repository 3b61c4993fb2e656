/** What a lane wants done, and what it is told of the outcome. The driver performs outputs in order and decides nothing. */
import type { AgentId, LaneId, SkepError } from '@skep/kernel';
import type { LogEntry, Revision, Sequence } from '@skep/ports';
import type { LaneRecord } from './batch.js';
import type { DirectoryEntry, Range, SnapshotReference } from './directory-entry.js';

/** Numbers what waits for an acknowledgement: everything up to the released ticket may leave the node (rule L6). */
export type Ticket = number;
export type RequestId = number;

/**
 * Each request is answered once, by `Lane.answer`. Reads (`last`, `get`, `recover`) are repeated by the driver until they succeed, or fail
 * for good. An `append` with `attempt` above 0 is sent after a pause that grows with it.
 */
export type LaneRequest =
  | {
      readonly kind: 'append';
      readonly request: RequestId;
      readonly lane: LaneId;
      readonly bytes: Uint8Array;
      readonly expected: Sequence;
      readonly attempt: number;
    }
  | { readonly kind: 'last'; readonly request: RequestId; readonly lane: LaneId }
  | { readonly kind: 'get'; readonly request: RequestId; readonly agent: AgentId }
  | { readonly kind: 'update'; readonly request: RequestId; readonly agent: AgentId; readonly entry: DirectoryEntry; readonly expected: Revision }
  /** Read the snapshot and the ranges, run `recoverAgent`, and answer with what it says. */
  | {
      readonly kind: 'recover';
      readonly request: RequestId;
      readonly agent: AgentId;
      readonly snapshot: SnapshotReference | null;
      readonly ranges: readonly Range[];
    };

export type LaneEvent =
  /** Everything up to this ticket is acknowledged; `batch` is the lane's last acknowledged batch. */
  | { readonly kind: 'released'; readonly through: Ticket; readonly batch: number }
  /** Everything after the last released ticket is certainly not written and never will be; these agents are held no more. */
  | { readonly kind: 'aborted'; readonly error: SkepError; readonly agents: readonly AgentId[] }
  | {
      readonly kind: 'owned';
      readonly agent: AgentId;
      readonly epoch: number;
      readonly snapshot: SnapshotReference | null;
      readonly records: readonly LaneRecord[];
    }
  | { readonly kind: 'refused'; readonly agent: AgentId; readonly why: Refusal }
  | { readonly kind: 'settled'; readonly agent: AgentId; readonly position: number }
  /** Naming a snapshot was refused for certain; it may be tried again. */
  | { readonly kind: 'unsettled'; readonly agent: AgentId; readonly error: SkepError }
  | { readonly kind: 'freed'; readonly agent: AgentId; readonly certain: 'yes' | 'no' }
  /** Somebody else owns the agent: what is held in memory is worthless. */
  | { readonly kind: 'lost'; readonly agent: AgentId }
  | { readonly kind: 'sealed'; readonly lane: LaneId; readonly number: number }
  /** The lane's last record cannot be read for good, so it cannot be sealed; asking again starts anew. */
  | { readonly kind: 'unsealed'; readonly lane: LaneId; readonly error: SkepError }
  | { readonly kind: 'trim'; readonly lane: LaneId; readonly below: Sequence }
  /** The lane takes nothing any more: drop everything held here, come back with a new incarnation (rule L2). */
  | { readonly kind: 'dead'; readonly why: Death };

/** `in-doubt`: a batch was on its way for too long; it may be in, or still arrive (rule L8). `broken`: a bug was met. */
export type Death = 'sealed' | 'corrupt' | 'in-doubt' | 'broken';

export type LaneOutput = LaneRequest | LaneEvent;

export type Refusal =
  | { readonly kind: 'elsewhere'; readonly owner: LaneId }
  | { readonly kind: 'damaged'; readonly message: string }
  | { readonly kind: 'failed'; readonly error: SkepError };

export type Answer =
  | { readonly kind: 'appended'; readonly sequence: Sequence }
  | { readonly kind: 'updated'; readonly revision: Revision }
  | { readonly kind: 'conflict' }
  /** It may have happened, and may still happen. */
  | { readonly kind: 'unknown' }
  /** It did not happen and never will. */
  | { readonly kind: 'failed'; readonly error: SkepError }
  | { readonly kind: 'last'; readonly entry: LogEntry | undefined }
  | { readonly kind: 'entry'; readonly entry: DirectoryEntry | undefined; readonly revision: Revision }
  | { readonly kind: 'recovered'; readonly records: readonly LaneRecord[] }
  | { readonly kind: 'damaged'; readonly message: string };
