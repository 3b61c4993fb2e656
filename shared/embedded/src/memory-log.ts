import { type LaneId, LIMITS, SkepError } from '@skep/kernel';
import type { AppendResult, Log, LogEntry, ReadOptions, Sequence } from '@skep/ports';

/** Largest entry: a batch takes records until it is full, so its last record may lie beyond the soft size. */
export const ENTRY_BYTES_MAX = 2 * LIMITS.recordBytes;

export const READ_BYTES_DEFAULT = 4 * 1024 * 1024;

/** Trimmed entries are dropped from the array in strides, so that a trim per settle does not move the whole lane each time. */
const TRIM_STRIDE = 1024;

interface Lane {
  /** Entries from index `start`; what lies before it is trimmed. */
  entries: (Uint8Array | undefined)[];
  start: number;
  /** Sequence of `entries[0]`. */
  first: Sequence;
}

/** A log that dies with its process. */
export class MemoryLog implements Log {
  readonly level = 'memory';
  readonly exclusive = true;
  readonly #lanes = new Map<LaneId, Lane>();

  append(lane: LaneId, bytes: Uint8Array, expected: Sequence): Promise<AppendResult> {
    if (bytes.length > ENTRY_BYTES_MAX) return Promise.reject(entryTooLarge(lane, bytes.length));
    let held = this.#lanes.get(lane);
    const last = held === undefined ? 0 : lastOf(held);
    if (last !== expected) return Promise.resolve({ kind: 'conflict', last });
    if (held === undefined) {
      held = { entries: [], start: 0, first: 1 };
      this.#lanes.set(lane, held);
    }
    held.entries.push(bytes);
    return Promise.resolve({ kind: 'appended', sequence: last + 1 });
  }

  async read(lane: LaneId, from: Sequence, options?: ReadOptions): Promise<readonly LogEntry[]> {
    const held = this.#lanes.get(lane);
    if (held === undefined) return [];
    const bytesMax = options?.maxBytes ?? READ_BYTES_DEFAULT;
    const found: LogEntry[] = [];
    let bytesFound = 0;
    for (let at = Math.max(held.start, from - held.first); at < held.entries.length; at += 1) {
      const bytes = held.entries[at];
      if (bytes === undefined) continue;
      bytesFound += bytes.length;
      if (found.length > 0 && bytesFound > bytesMax) break;
      found.push({ sequence: held.first + at, bytes: bytes.slice() });
    }
    return found;
  }

  async last(lane: LaneId): Promise<LogEntry | undefined> {
    const held = this.#lanes.get(lane);
    const bytes = held?.entries.at(-1);
    return held === undefined || bytes === undefined ? undefined : { sequence: lastOf(held), bytes: bytes.slice() };
  }

  async trim(lane: LaneId, below: Sequence): Promise<void> {
    const held = this.#lanes.get(lane);
    if (held === undefined) return;
    const keepFrom = Math.min(below, lastOf(held)) - held.first;
    for (; held.start < keepFrom; held.start += 1) held.entries[held.start] = undefined;
    if (held.start >= TRIM_STRIDE) {
      held.entries = held.entries.slice(held.start);
      held.first += held.start;
      held.start = 0;
    }
  }
}

export function entryTooLarge(lane: LaneId, bytes: number): SkepError {
  return new SkepError('payload-too-large', {
    message: `an entry of ${bytes} bytes is over the log's limit of ${ENTRY_BYTES_MAX}`,
    id: lane,
    remedy: 'Split the batch, or store the large value as a blob.',
  });
}

function lastOf(lane: Lane): Sequence {
  return lane.first + lane.entries.length - 1;
}
