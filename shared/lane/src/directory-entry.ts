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
  return encode([FORMAT, ...entryValue(entry)]);
}

/** Every field, in the order of the bytes. */
export function entryValue(entry: DirectoryEntry): readonly Value[] {
  const { owner, since, after, epoch, trail, snapshot, cut, wake, free, tombstone } = entry;
  return [
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
  ];
}

/** @throws SkepError `corrupt`, `unsupported-format` */
export function decodeEntry(bytes: Uint8Array, key: string): DirectoryEntry {
  let fields: Value;
  try {
    fields = decode(bytes);
  } catch (cause) {
    throw new SkepError('corrupt', { message: 'a directory entry cannot be read', id: key, cause });
  }
  const format = Array.isArray(fields) ? (fields[0] as Value) : undefined;
  if (typeof format === 'number' && format > FORMAT) {
    throw new SkepError('unsupported-format', { message: `a directory entry has format ${format}, this Skep reads up to ${FORMAT}`, id: key });
  }
  const entry = format === FORMAT ? entryOf(fields as readonly Value[]) : undefined;
  if (entry === undefined) throw new SkepError('corrupt', { message: 'a directory entry has a foreign shape', id: key });
  return entry;
}

function entryOf([, owner, since, after, epoch, trail, snapshot, cut, wake, free, tombstone, ...more]: readonly Value[]): DirectoryEntry | undefined {
  if (typeof owner !== 'string' || ![since, after, epoch, cut].every(isCount) || ![wake, free, tombstone].every(isFlag)) return undefined;
  if (!Array.isArray(trail) || !trail.every(isRange) || !(snapshot === null || isSnapshot(snapshot)) || more.length > 0) return undefined;
  return {
    owner: owner as LaneId,
    since: since as number,
    after: after as number,
    epoch: epoch as number,
    trail: trail.map(rangeOf),
    snapshot: snapshot === null ? null : { position: snapshot[0], version: snapshot[1], blob: snapshot[2] },
    cut: cut as number,
    wake: wake as boolean,
    free: free as boolean,
    tombstone: tombstone as boolean,
  };
}

type RangeFields = readonly [LaneId, number, number, number, number];

function rangeOf([lane, from, upTo, epoch, after]: RangeFields): Range {
  return { lane, from, upTo, epoch, after };
}

function isRange(value: Value): value is RangeFields {
  return Array.isArray(value) && value.length === 5 && typeof value[0] === 'string' && value.slice(1).every(isCount);
}

function isSnapshot(value: Value | undefined): value is readonly [number, number, HashHex] {
  return Array.isArray(value) && value.length === 3 && isCount(value[0]) && isCount(value[1]) && typeof value[2] === 'string';
}

function isCount(value: Value | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isFlag(value: Value | undefined): value is boolean {
  return typeof value === 'boolean';
}
