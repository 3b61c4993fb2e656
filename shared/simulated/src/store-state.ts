import type { Place, StoredRecord } from './record-file.js';

export interface LaneEntry {
  readonly sequence: number;
  readonly place: Place;
  readonly bytesLength: number;
}

export interface RegistryVersion {
  readonly revision: number;
  readonly place: Place;
  /** When it was written; reads that are stale go by it. */
  readonly atUs: number;
}

/** Older versions of a registry entry that are kept for stale reads. */
const VERSIONS_KEPT = 8;

/** What a store knows without its disk: where everything lies. Rebuilt from the records at every start. */
export class StoreState {
  readonly lanes = new Map<string, LaneEntry[]>();
  /** Versions ascending, never empty. */
  readonly registry = new Map<string, RegistryVersion[]>();
  readonly blobs = new Map<string, Place>();
  /** The last sequence of any lane. All lanes draw from it, so the sequences of one lane have gaps, as those of a JetStream subject. */
  sequence = 0;
  revision = 0;
  #sortedKeys: string[] | undefined;

  apply(record: StoredRecord, place: Place, atUs: number): void {
    switch (record.kind) {
      case 'append': {
        const entry: LaneEntry = { sequence: record.number, place, bytesLength: record.bytes.length };
        const lane = this.lanes.get(record.key);
        if (lane === undefined) this.lanes.set(record.key, [entry]);
        else lane.push(entry);
        this.sequence = Math.max(this.sequence, record.number);
        return;
      }
      case 'trim': {
        const lane = this.lanes.get(record.key);
        if (lane !== undefined) this.lanes.set(record.key, lane.slice(Math.min(indexFrom(lane, record.number), lane.length - 1)));
        return;
      }
      case 'update': {
        const versions = this.registry.get(record.key) ?? [];
        if (versions.length === 0) this.#sortedKeys = undefined;
        this.registry.set(record.key, [...versions.slice(1 - VERSIONS_KEPT), { revision: record.number, place, atUs }]);
        this.revision = Math.max(this.revision, record.number);
        return;
      }
      case 'put':
        this.blobs.set(record.key, place);
        return;
      case 'delete':
        this.blobs.delete(record.key);
        return;
    }
  }

  lastSequence(lane: string): number {
    return this.lanes.get(lane)?.at(-1)?.sequence ?? 0;
  }

  /** The entry as it was at that time; undefined when it did not exist then. */
  versionAt(key: string, atUs: number): RegistryVersion | undefined {
    return this.registry.get(key)?.findLast((version) => version.atUs <= atUs);
  }

  sortedKeys(): readonly string[] {
    this.#sortedKeys ??= [...this.registry.keys()].sort();
    return this.#sortedKeys;
  }
}

/** Index of the first entry with at least this sequence. */
export function indexFrom(lane: readonly LaneEntry[], sequence: number): number {
  let low = 0;
  let high = lane.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((lane[middle]?.sequence ?? 0) >= sequence) high = middle;
    else low = middle + 1;
  }
  return low;
}
