import type { LaneId } from '@skep/kernel';
import type { AppendResult, Log, LogEntry, ReadOptions, Sequence } from '@skep/ports';
import { ENTRY_BYTES_MAX, entryTooLarge, READ_BYTES_DEFAULT } from './memory-log.js';
import { movable } from './movable.js';
import type { StoreClient } from './store-client.js';
import type { LogRequest, PackedEntries } from './store-message.js';

/** Lanes in `log.db`, fsynced. The folder's lock makes it exclusive. */
export class SqliteLog implements Log {
  readonly level = 'local';
  readonly exclusive = true;

  constructor(private readonly store: StoreClient<LogRequest>) {}

  append(lane: LaneId, bytes: Uint8Array, expected: Sequence): Promise<AppendResult> {
    if (bytes.length > ENTRY_BYTES_MAX) return Promise.reject(entryTooLarge(lane, bytes.length));
    const moved = movable(bytes);
    return this.store.call({ kind: 'append', lane, bytes: moved, expected }, { writes: true, move: moved.buffer }) as Promise<AppendResult>;
  }

  async read(lane: LaneId, from: Sequence, options?: ReadOptions): Promise<readonly LogEntry[]> {
    const bytesMax = options?.maxBytes ?? READ_BYTES_DEFAULT;
    const packed = (await this.store.call({ kind: 'read', lane, from, bytesMax }, { writes: false })) as PackedEntries;
    let at = 0;
    return packed.sequences.map((sequence, index) => {
      const end = at + (packed.lengths[index] as number);
      // A copy each: a reader that keeps one record must not keep the whole chunk alive.
      const entry = { sequence, bytes: packed.bytes.slice(at, end) };
      at = end;
      return entry;
    });
  }

  last(lane: LaneId): Promise<LogEntry | undefined> {
    return this.store.call({ kind: 'last', lane }, { writes: false }) as Promise<LogEntry | undefined>;
  }

  async trim(lane: LaneId, below: Sequence): Promise<void> {
    // In steps, so that appends pass in between.
    while ((await this.store.call({ kind: 'trim', lane, below }, { writes: true })) === true);
  }
}
