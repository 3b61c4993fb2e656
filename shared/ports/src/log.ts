import type { LaneId } from '@skep/kernel';

/** Position of an entry in its lane; grows with every entry, not necessarily by one. 0 stands for "no entry yet". */
export type Sequence = number;

export interface LogEntry {
  readonly sequence: Sequence;
  /** Owned by the reader; the adapter never writes to it again. */
  readonly bytes: Uint8Array;
}

export type AppendResult =
  | { readonly kind: 'appended'; readonly sequence: Sequence }
  /** Nothing was written: the lane's last sequence is not the expected one. */
  | { readonly kind: 'conflict'; readonly last: Sequence };

/**
 * Lanes: append-only sequences of entries, each with its own compare-and-set on the last sequence (rule L1).
 *
 * - An append that resolved is durable at the adapter's level (`memory`, `local`, `replicated`, `fsync`) and seen by every later `last`.
 * - It rejects with `outcome-unknown` when the entry may or may not be there, now or later (rule L8 settles it); with any other code
 *   (`disk-full`, `read-only`, `unavailable`, `payload-too-large`) it is certain that nothing was and nothing will be written.
 * - The log may lose nothing that it acknowledged. Bytes are opaque to it: checking them is the reader's work (rule L11).
 */
export interface Log {
  /** What an acknowledged append survives. */
  readonly level: Level;
  /**
   * True when the adapter can prove that nobody but this process appends to any lane (an operating system's lock held for its
   * lifetime); strong reads then need no append of their own (rule L7).
   */
  readonly exclusive: boolean;
  /**
   * Appends `bytes` if the lane's last sequence is `expected` (0: the lane is empty).
   * Takes ownership of `bytes`: they may be moved away or overwritten, so who might have to send them again keeps a copy.
   */
  append(lane: LaneId, bytes: Uint8Array, expected: Sequence): Promise<AppendResult>;
  /** Entries with `from <= sequence`, ascending; at least one when there is one, and as many as `maxBytes` holds. Empty at the end. */
  read(lane: LaneId, from: Sequence, options?: ReadOptions): Promise<readonly LogEntry[]>;
  /** The newest entry, linearizable (from the leader); undefined for a lane without entries. */
  last(lane: LaneId): Promise<LogEntry | undefined>;
  /** Drops entries with `sequence < below`, never the last one (rule L10). Idempotent; may be done late. */
  trim(lane: LaneId, below: Sequence): Promise<void>;
}

export interface ReadOptions {
  /** Stop after this many bytes (default 4 MiB); one entry is returned even if it is larger. */
  readonly maxBytes?: number;
}

/** Durability levels, weakest first (guarantee G2). */
export type Level = 'memory' | 'local' | 'replicated' | 'fsync';
