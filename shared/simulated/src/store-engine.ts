import { hashHexOf, SkepError } from '@skep/kernel';
import type { AppendResult, LogEntry, RegistryEntry, UpdateResult } from '@skep/ports';
import type { SimulatedFile } from './disk.js';
import { encodeRecord, type Place, readRecord, recoverRecords, type StoredRecord } from './record-file.js';
import type { Simulation } from './simulation.js';
import type { StoreRequest } from './store-request.js';
import { indexFrom, StoreState } from './store-state.js';

/** Bytes that a disk still takes; may change while the world runs. */
export interface Space {
  freeBytes(): number;
}

/**
 * A store's logic between two of its crashes: requests against the state, records into the file. It does not sync and does not answer:
 * when what it returned may be told is its owner's affair.
 */
export class StoreEngine {
  readonly #state = new StoreState();
  /** Bytes that recovery cut off. */
  readonly cutBytes: number;

  /** @throws SkepError `corrupt` */
  constructor(
    private readonly simulation: Simulation,
    private readonly name: string,
    private readonly file: SimulatedFile,
    private readonly space: Space,
  ) {
    this.cutBytes = recoverRecords(file, (record, place) => this.#state.apply(record, place, 0)).cutBytes;
  }

  get revision(): number {
    return this.#state.revision;
  }

  /** @throws SkepError `disk-full`, `corrupt` */
  execute(request: StoreRequest): unknown {
    switch (request.kind) {
      case 'append':
        return this.#append(request);
      case 'read':
        return this.#read(request);
      case 'last':
        return this.#entry(this.#state.lanes.get(request.lane)?.at(-1));
      case 'trim':
        return this.#trim(request);
      case 'update':
        return this.#update(request);
      case 'get':
        return this.#versionAt(request.key, this.#readTimeUs());
      case 'list':
        return this.#list(request);
      case 'put':
        if (!this.#state.blobs.has(request.hash)) this.#write({ kind: 'put', key: request.hash, number: 0, bytes: request.bytes });
        return request.hash;
      case 'fetch':
        return this.#fetch(request.hash);
      case 'has':
        return this.#state.blobs.has(request.hash);
      case 'delete':
        if (this.#state.blobs.has(request.hash)) this.#write({ kind: 'delete', key: request.hash, number: 0, bytes: new Uint8Array(0) });
        return undefined;
    }
  }

  /** The newest state of every entry below a prefix whose revision is above `since`. */
  newsSince(prefix: string, since: number): readonly RegistryEntry[] {
    const news: RegistryEntry[] = [];
    for (const key of this.#state.sortedKeys()) {
      if (!key.startsWith(prefix) || (this.#state.registry.get(key)?.at(-1)?.revision ?? 0) <= since) continue;
      const entry = this.#versionAt(key, this.simulation.nowUs);
      if (entry !== undefined) news.push(entry);
    }
    return news;
  }

  /** Where the record of a blob lies, for those who damage it. */
  placeOfBlob(hash: string): Place | undefined {
    return this.#state.blobs.get(hash);
  }

  #append({ lane, bytes, expected }: StoreRequest & { kind: 'append' }): AppendResult {
    const last = this.#state.lastSequence(lane);
    if (last !== expected) return { kind: 'conflict', last };
    const sequence = this.#state.sequence + 1;
    this.#write({ kind: 'append', key: lane, number: sequence, bytes });
    return { kind: 'appended', sequence };
  }

  #read({ lane, from, bytesMax }: StoreRequest & { kind: 'read' }): readonly LogEntry[] {
    const entries = this.#state.lanes.get(lane) ?? [];
    const random = this.simulation.stream(`store ${this.name}`);
    let end = entries.length;
    if (end > 0 && random.chance(this.simulation.rates.staleLogReadChance)) {
      end = Math.max(0, end - random.between(1, 3));
      this.simulation.fault('stale log read', this.name, lane);
    }
    const found: LogEntry[] = [];
    let bytesFound = 0;
    for (let at = indexFrom(entries, from); at < end; at += 1) {
      const entry = entries[at];
      bytesFound += entry?.bytesLength ?? 0;
      if (found.length > 0 && bytesFound > bytesMax) break;
      const read = this.#entry(entry);
      if (read !== undefined) found.push(read);
    }
    return found;
  }

  #trim({ lane, below }: StoreRequest & { kind: 'trim' }): undefined {
    const entries = this.#state.lanes.get(lane);
    const keptFrom = Math.min(below, this.#state.lastSequence(lane));
    if (entries !== undefined && (entries[0]?.sequence ?? 0) < keptFrom) {
      this.#write({ kind: 'trim', key: lane, number: keptFrom, bytes: new Uint8Array(0) });
    }
    return undefined;
  }

  #update({ key, value, expected }: StoreRequest & { kind: 'update' }): UpdateResult {
    const revision = this.#state.registry.get(key)?.at(-1)?.revision ?? 0;
    if (revision !== expected) return { kind: 'conflict', revision };
    const next = this.#state.revision + 1;
    this.#write({ kind: 'update', key, number: next, bytes: value });
    return { kind: 'updated', revision: next };
  }

  #list({ prefix, after, limit }: StoreRequest & { kind: 'list' }): readonly RegistryEntry[] {
    const readTimeUs = this.#readTimeUs();
    const found: RegistryEntry[] = [];
    for (const key of this.#state.sortedKeys()) {
      if (found.length >= limit) break;
      if (!key.startsWith(prefix) || (after !== undefined && key <= after)) continue;
      const entry = this.#versionAt(key, readTimeUs);
      if (entry !== undefined) found.push(entry);
    }
    return found;
  }

  #fetch(hash: string): Uint8Array | undefined {
    const place = this.#state.blobs.get(hash);
    if (place === undefined) return undefined;
    const { bytes } = readRecord(this.file, place);
    if (hashHexOf(bytes) !== hash) throw new SkepError('corrupt', { message: 'the blob does not have its hash', id: hash });
    return bytes;
  }

  #readTimeUs(): number {
    const { staleReadChance, staleMsMax } = this.simulation.rates;
    const random = this.simulation.stream(`store ${this.name}`);
    if (!random.chance(staleReadChance)) return this.simulation.nowUs;
    this.simulation.fault('stale registry read', this.name);
    return this.simulation.nowUs - random.below(staleMsMax * 1000);
  }

  #versionAt(key: string, atUs: number): RegistryEntry | undefined {
    const version = this.#state.versionAt(key, atUs);
    return version === undefined ? undefined : { key, value: readRecord(this.file, version.place).bytes, revision: version.revision };
  }

  #entry(entry: { readonly sequence: number; readonly place: Place } | undefined): LogEntry | undefined {
    return entry === undefined ? undefined : { sequence: entry.sequence, bytes: readRecord(this.file, entry.place).bytes };
  }

  /** @throws SkepError `disk-full` */
  #write(record: StoredRecord): void {
    const bytes = encodeRecord(record, this.file.syncedLength);
    const at = this.file.length;
    const freeBytes = this.space.freeBytes();
    if (bytes.length > freeBytes) {
      // A part of it is written before the disk says no; it is taken back at once.
      this.file.append(bytes.subarray(0, Math.max(0, freeBytes)));
      this.file.truncate(at);
      this.simulation.fault('disk full', this.name, record.kind);
      throw new SkepError('disk-full', { message: `the disk of ${this.name} is full`, id: this.name });
    }
    this.file.append(bytes);
    this.#state.apply(record, { at, length: bytes.length }, this.simulation.nowUs);
  }
}
