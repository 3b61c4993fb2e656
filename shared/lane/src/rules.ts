/**
 * The decisions of the lane protocol on which safety rests, each a pure function named for its rule, so that the explorer can put a
 * known mistake in the place of one and prove that it would be noticed.
 */
import type { LaneId } from '@skep/kernel';
import { type Batch, sameHash } from './batch.js';
import type { DirectoryEntry, Range } from './directory-entry.js';

export interface AppendInDoubt {
  readonly number: number;
  readonly hash: Uint8Array;
  readonly previous: Uint8Array;
}

export type Settlement = 'committed' | 'dead' | 'resend' | 'corrupt';

export interface Rules {
  /** L3: what a node that does not hold an agent makes of an entry that names it. */
  readonly ownsByReading: (entry: DirectoryEntry, lane: LaneId) => boolean;
  /** L4: whether the lane that an entry names lets the agent go. `seal`: the number of that lane's seal, where one is known. */
  readonly mayClaim: (entry: DirectoryEntry, lane: LaneId, seal: number | undefined) => boolean;
  /** L4: whether an owner may free, by what was acknowledged of the agent's records. */
  readonly mayFree: (position: number, acknowledged: number) => boolean;
  /** L3: whether the owner goes on after a free whose outcome it does not know, when a read still names it. */
  readonly holdsAfterUnknownFree: (entry: DirectoryEntry, lane: LaneId) => boolean;
  /** L5: the first batch that can hold a record queued from now on. */
  readonly firstBatch: (acknowledged: number, inFlight: number | undefined) => number;
  /** L5: the trail after a claim closed the former owner's range. */
  readonly extendTrail: (trail: readonly Range[], closed: Range) => readonly Range[];
  /** L7: whether a strong read waits for an append of its own. */
  readonly readAppends: (log: { readonly exclusive: boolean }) => boolean;
  /** L8: what the lane's last record says of an append whose outcome is unknown. */
  readonly settle: (inDoubt: AppendInDoubt, last: { readonly batch: Batch; readonly hash: Uint8Array } | undefined) => Settlement;
  /** L8: whether a batch is given up when an attempt was refused for certain. */
  readonly givesUp: (flight: { readonly doubtful: boolean }) => boolean;
  /** L8: whether a lane ends when its batch is on its way past the limit (or the batch is given up, and the lane goes on). */
  readonly endsInDoubt: () => boolean;
  /** L8: whether a repeated append sends the same bytes (or puts a new batch together). */
  readonly resendsSameBytes: () => boolean;
  /** L10: whether the lane's last record stays when it is trimmed. */
  readonly keepsLast: () => boolean;
  /** L10: whether an owner forgets that it must keep an agent's records because of an entry that it read. */
  readonly unneededByReading: (entry: DirectoryEntry, lane: LaneId) => boolean;
}

export const RULES: Rules = {
  ownsByReading: () => false,
  mayClaim: (entry, lane, seal) => entry.free || entry.owner === lane || seal !== undefined,
  mayFree: (position, acknowledged) => position === acknowledged,
  holdsAfterUnknownFree: () => false,
  // A batch in flight may be given up, and its number used again.
  firstBatch: (acknowledged) => acknowledged + 1,
  extendTrail: (trail, closed) => (closed.upTo >= closed.from ? [...trail, closed] : trail),
  readAppends: (log) => !log.exclusive,
  settle: (inDoubt, last) => {
    if (last === undefined) return inDoubt.number === 1 ? 'resend' : 'corrupt';
    if (last.batch.kind === 'seal') return 'dead';
    if (sameHash(last.hash, inDoubt.hash)) return 'committed';
    if (sameHash(last.hash, inDoubt.previous)) return 'resend';
    return 'corrupt';
  },
  givesUp: (flight) => !flight.doubtful,
  endsInDoubt: () => true,
  resendsSameBytes: () => true,
  keepsLast: () => true,
  unneededByReading: () => false,
};
