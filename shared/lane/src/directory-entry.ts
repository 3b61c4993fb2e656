/**
 * The directory: one registry entry per (universe, timeline, agent) that says which lane owns the agent and where its history lies.
 * Owners change it only by compare-and-set (rule L3).
 */
import { type AgentId, decode, encode, type HashHex, type LaneId, SkepError, type UniverseId, type Value } from '@skep/kernel';
import type { Sequence } from '@skep/ports';

/** Batches `from` to `upTo` of a lane in which the agent's records have this epoch. `after`: a sequence before batch `from`. */
export interface Range {
  readonly lane: LaneId;
  readonly from: number;
  readonly upTo: number;
  readonly epoch: number;
  readonly after: Sequence;
}

/** A state made durable: the fold of the agent's records up to `position`. */
export interface SnapshotReference {
  readonly position: number;
  readonly version: number;
  readonly blob: HashHex;
}

export interface DirectoryEntry {
  readonly owner: LaneId;
  /** The first batch of the owner's lane that may hold records of this ownership that the snapshot does not. */
  readonly since: number;
  /** A sequence of the owner's lane before batch `since`. */
  readonly after: Sequence;
  /** Number of the activation; only grows. */
  readonly epoch: number;
  readonly trail: readonly Range[];
  readonly snapshot: SnapshotReference | null;
  /** The highest cut number met along the trail (rule L12). */
  readonly cut: number;
  /** The agent has a timer or unsent messages: somebody must hold it. */
  readonly wake: boolean;
  /** The owner let go; anybody may claim (rule L4). */
  readonly free: boolean;
  /** The agent was terminated. */
  readonly tombstone: boolean;
}

export function directoryPrefix(universe: UniverseId, timeline: number): string {
  return `directory/${universe}/${timeline}/`;
}

export function directoryKey(universe: UniverseId, timeline: number, agent: AgentId): string {
  return directoryPrefix(universe, timeline) + agent;
}

const FORMAT = 1;

export function encodeEntry(entry: DirectoryEntry): Uint8Array {
  const { owner, since, after, epoch, trail, snapshot, cut, wake, free, tombstone } = entry;
  return encode([
    FORMAT,
    owner,
    since,
    after,
    epoch,
    trail.map((range) => [range.lane, range.from, range.upTo, range.epoch, range.after]),
    snapshot === null ? null : [snapshot.position, snapshot.version, snapshot.blob],
    cut,
    wake,
    free,
    tombstone,
  ]);
}

/** @throws SkepError `corrupt`, `unsupported-format` */
export function decodeEntry(bytes: Uint8Array, key: string): DirectoryEntry {
  let fields: Value;
  try {
    fields = decode(bytes);
  } catch (cause) {
    throw new SkepError('corrupt', { message: 'a directory entry cannot be read', id: key, cause });
  }
  if (!Array.isArray(fields) || typeof fields[0] !== 'number')
    throw new SkepError('corrupt', { message: 'a directory entry has a foreign shape', id: key });
  if (fields[0] > FORMAT) {
    throw new SkepError('unsupported-format', { message: `a directory entry has format ${fields[0]}, this Skep reads up to ${FORMAT}`, id: key });
  }
  // The registry holds only what encodeEntry wrote; its hash-checked lanes, not this entry, are the proof of an agent's history.
  const [, owner, since, after, epoch, trail, snapshot, cut, wake, free, tombstone] = fields as [
    number,
    LaneId,
    number,
    number,
    number,
    readonly [LaneId, number, number, number, number][],
    readonly [number, number, HashHex] | null,
    number,
    boolean,
    boolean,
    boolean,
  ];
  return {
    owner,
    since,
    after,
    epoch,
    trail: trail.map(([lane, from, upTo, rangeEpoch, rangeAfter]) => ({ lane, from, upTo, epoch: rangeEpoch, after: rangeAfter })),
    snapshot: snapshot === null ? null : { position: snapshot[0], version: snapshot[1], blob: snapshot[2] },
    cut,
    wake,
    free,
    tombstone,
  };
}
