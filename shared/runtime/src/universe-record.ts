/**
 * The universe record: which timeline counts, and which lanes there are. A lane opens only by a compare-and-set of it (L9), so whoever
 * reads the newest one knows every lane that may hold records.
 */
import type { KeyedTenant } from '@skep/actor';
import { decode, encode, isSkepError, type LaneId, SkepError, type UniverseId, type Value } from '@skep/kernel';
import type { Clock, Registry, RegistryEntry } from '@skep/ports';
import { newestEntry } from './newest-entry.js';

export interface UniverseRecord {
  readonly timeline: number;
  readonly status: 'active' | 'restoring';
  /** Lanes that were opened and are not known to be sealed. */
  readonly open: readonly LaneId[];
  /** Sealed lanes whose agents have not all been claimed since. */
  readonly unclaimed: readonly LaneId[];
  /** Tenants that were given an address key; ascending. None is ever taken off, and no fingerprint changes. */
  readonly addressKeys: readonly KeyedTenant[];
}

/** The newest format, of universes with address keys; records of all others have format 1. */
const FORMAT = 2;
const FIRST: UniverseRecord = { timeline: 1, status: 'active', open: [], unclaimed: [], addressKeys: [] };
const ATTEMPTS_MAX = 100;
const PAUSE_MS = 5;
const PAUSE_MS_MAX = 100;

export interface UniverseAccess {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly universe: UniverseId;
}

/** Changes the record by compare-and-set, as often as it takes; a change in doubt is made again. Returns what was written. */
export async function changeUniverse(
  { registry, clock, universe }: UniverseAccess,
  change: (record: UniverseRecord) => UniverseRecord,
): Promise<UniverseRecord> {
  const key = `universe/${universe}`;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    try {
      const entry = await registry.get(key);
      const next = change(recordOf(entry, key));
      const result = await registry.update(key, write(next), entry?.revision ?? 0);
      if (result.kind === 'updated') return next;
    } catch (error) {
      if (!isSkepError(error, 'outcome-unknown') && !isSkepError(error, 'timeout')) throw error;
    }
    const delayMs = Math.min(PAUSE_MS * attempt, PAUSE_MS_MAX);
    if (delayMs > 0) await new Promise<void>((resolve) => clock.setTimer(delayMs, resolve));
  }
  throw new SkepError('unavailable', { message: 'the universe record could not be changed', id: universe });
}

/** The record as some copy has it, that may be behind: nothing that cannot be taken back may be decided by it. */
export async function readUniverse(registry: Registry, universe: UniverseId): Promise<UniverseRecord> {
  const key = `universe/${universe}`;
  return recordOf(await registry.get(key), key);
}

/** The newest record. @throws SkepError `unavailable`, `disk-full` */
export async function readNewestUniverse(registry: Registry, universe: UniverseId): Promise<UniverseRecord> {
  const key = `universe/${universe}`;
  return recordOf(await newestEntry(registry, key), key);
}

function recordOf(entry: RegistryEntry | undefined, key: string): UniverseRecord {
  return entry === undefined ? FIRST : read(entry.value, key);
}

function write({ timeline, status, open, unclaimed, addressKeys }: UniverseRecord): Uint8Array {
  const fields: Value[] = [1, timeline, status, open, unclaimed];
  if (addressKeys.length === 0) return encode(fields);
  return encode([FORMAT, ...fields.slice(1), addressKeys.map(({ tenant, fingerprint }) => [tenant, fingerprint])]);
}

function read(bytes: Uint8Array, key: string): UniverseRecord {
  const fields = decode(bytes) as [number, number, UniverseRecord['status'], LaneId[], LaneId[], [string, string][]?];
  if (fields[0] > FORMAT)
    throw new SkepError('unsupported-format', { message: `the universe record has format ${fields[0]}, this Skep reads up to ${FORMAT}`, id: key });
  const [, timeline, status, open, unclaimed, keys = []] = fields;
  return { timeline, status, open, unclaimed, addressKeys: keys.map(([tenant, fingerprint]) => ({ tenant, fingerprint })) };
}
