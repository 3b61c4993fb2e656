import { type HashHex, hashHexOf, type LaneId, LIMITS } from '@skep/kernel';
import type { AppendResult, Blob, Log, LogEntry, ReadOptions, Registry, RegistryEntry, Revision, Sequence, UpdateResult } from '@skep/ports';
import { Remote } from './remote.js';

export const ENTRY_BYTES_MAX = 2 * LIMITS.recordBytes;
export const BLOB_BYTES_MAX = 2 * LIMITS.stateBytes;
const READ_BYTES_DEFAULT = 4 * 1024 * 1024;
const LIST_ENTRIES_DEFAULT = 1000;
/** What bytes look like to a caller that still looks at them after it gave them away. */
const GIVEN_AWAY = 0xdb;

/** Takes the bytes over for good: who uses them afterwards gets rubbish, as with an adapter that moves them to another thread. */
function takenOver(bytes: Uint8Array): Uint8Array {
  const taken = bytes.slice();
  bytes.fill(GIVEN_AWAY);
  return taken;
}

export class RemoteLog implements Log {
  constructor(private readonly remote: Remote) {}

  get level() {
    return this.remote.store.level;
  }

  get exclusive(): boolean {
    return this.remote.store.exclusive;
  }

  async append(lane: LaneId, bytes: Uint8Array, expected: Sequence): Promise<AppendResult> {
    if (bytes.length > ENTRY_BYTES_MAX) throw Remote.tooLarge('an entry', { bytes: bytes.length, bytesMax: ENTRY_BYTES_MAX, id: lane });
    return (await this.remote.call({ kind: 'append', lane, bytes: takenOver(bytes), expected })) as AppendResult;
  }

  async read(lane: LaneId, from: Sequence, options?: ReadOptions): Promise<readonly LogEntry[]> {
    return (await this.remote.call({ kind: 'read', lane, from, bytesMax: options?.maxBytes ?? READ_BYTES_DEFAULT })) as readonly LogEntry[];
  }

  async last(lane: LaneId): Promise<LogEntry | undefined> {
    return (await this.remote.call({ kind: 'last', lane })) as LogEntry | undefined;
  }

  async trim(lane: LaneId, below: Sequence): Promise<void> {
    await this.remote.call({ kind: 'trim', lane, below });
  }
}

export class RemoteRegistry implements Registry {
  constructor(private readonly remote: Remote) {}

  async get(key: string): Promise<RegistryEntry | undefined> {
    return (await this.remote.call({ kind: 'get', key })) as RegistryEntry | undefined;
  }

  async update(key: string, value: Uint8Array, expected: Revision): Promise<UpdateResult> {
    const bytesMax = LIMITS.registryValueBytes;
    if (value.length > bytesMax) throw Remote.tooLarge('a registry value', { bytes: value.length, bytesMax, id: key });
    return (await this.remote.call({ kind: 'update', key, value: takenOver(value), expected })) as UpdateResult;
  }

  async list(prefix: string, options?: { readonly after?: string; readonly limit?: number }): Promise<readonly RegistryEntry[]> {
    const limit = options?.limit ?? LIST_ENTRIES_DEFAULT;
    return (await this.remote.call({ kind: 'list', prefix, after: options?.after, limit })) as readonly RegistryEntry[];
  }

  watch(prefix: string, listener: (entry: RegistryEntry) => void): () => void {
    const { incarnation } = this.remote;
    let live = true;
    const stop = this.remote.store.watches.add(prefix, {
      transitUs: () => this.remote.newsTransitUs(),
      isAlive: () => live && incarnation.isAlive,
      tell: (entry) =>
        incarnation.enter(() => {
          if (live) listener({ ...entry, value: entry.value.slice() });
        }),
    });
    return () => {
      live = false;
      stop();
    };
  }
}

export class RemoteBlob implements Blob {
  constructor(private readonly remote: Remote) {}

  async put(bytes: Uint8Array): Promise<HashHex> {
    const hash = hashHexOf(bytes);
    if (bytes.length > BLOB_BYTES_MAX) throw Remote.tooLarge('a blob', { bytes: bytes.length, bytesMax: BLOB_BYTES_MAX, id: hash });
    await this.remote.call({ kind: 'put', hash, bytes: bytes.slice() });
    return hash;
  }

  async get(hash: HashHex): Promise<Uint8Array | undefined> {
    const bytes = (await this.remote.call({ kind: 'fetch', hash })) as Uint8Array | undefined;
    return bytes;
  }

  async has(hash: HashHex): Promise<boolean> {
    return (await this.remote.call({ kind: 'has', hash })) as boolean;
  }

  async delete(hash: HashHex): Promise<void> {
    await this.remote.call({ kind: 'delete', hash });
  }
}
