/**
 * Recovery: reads lanes back and proves what it reads (rule L11). A gap, a fork, a wrong hash, a lane that should be sealed and does
 * not end at a seal, or an agent's records out of order stop that agent; nothing is made up.
 */
import { type AgentId, hash, type LaneId } from '@skep/kernel';
import type { LogEntry } from '@skep/ports';
import { decodeBatch, type LaneRecord, NO_HASH, sameHash } from './batch.js';
import type { Range, SnapshotReference } from './directory-entry.js';

interface TailRecord {
  readonly number: number;
  readonly record: LaneRecord;
}

/** The end of a lane, read once for all agents whose records lie there. Damage is kept, and reported to each agent that it concerns. */
export class LaneTail {
  /** Numbers of the first and last batch read; 0 while nothing was. */
  from = 0;
  upTo = 0;
  sealed = false;
  /** Where and why reading stopped making sense. */
  damage: { readonly number: number; readonly message: string } | undefined;
  private previous: Uint8Array | undefined;
  private readonly byAgent = new Map<AgentId, TailRecord[]>();

  constructor(readonly lane: LaneId) {}

  get agents(): Iterable<AgentId> {
    return this.byAgent.keys();
  }

  /** Takes the next entries of the lane, in order. */
  push(entries: readonly LogEntry[]): void {
    for (const entry of entries) {
      if (this.damage !== undefined) return;
      this.pushOne(entry.bytes);
    }
  }

  /** The agent's records in the range, oldest first. */
  recordsOf(agent: AgentId, range: Range): readonly LaneRecord[] {
    const found: LaneRecord[] = [];
    for (const { number, record } of this.byAgent.get(agent) ?? []) if (number >= range.from && number <= range.upTo) found.push(record);
    return found;
  }

  private pushOne(bytes: Uint8Array): void {
    const expected = this.upTo + 1;
    let batch: ReturnType<typeof decodeBatch>;
    try {
      batch = decodeBatch(bytes);
    } catch (error) {
      return this.fail(expected, error instanceof Error ? error.message : String(error));
    }
    if (batch.lane !== this.lane) return this.fail(expected, `a batch of ${batch.lane} lies in this lane`);
    // Told of the seal's own number: whoever relied on that seal must hear that it did not hold.
    if (this.sealed) return this.fail(this.upTo, `batch ${batch.number} follows the seal`);
    if (this.upTo === 0) this.from = batch.number;
    else if (batch.number < expected) return this.fail(expected, `the lane forks: batch ${batch.number} stands behind batch ${this.upTo}`);
    else if (batch.number !== expected) return this.fail(expected, `batch ${expected} is missing; ${batch.number} follows ${this.upTo}`);
    const previous = batch.number === 1 ? NO_HASH : this.previous;
    if (previous !== undefined && !sameHash(batch.previous, previous)) {
      return this.fail(batch.number, `batch ${batch.number} names another hash than that of batch ${batch.number - 1}`);
    }
    this.previous = hash(bytes);
    this.upTo = batch.number;
    this.sealed = batch.kind === 'seal';
    for (const record of batch.records) {
      const list = this.byAgent.get(record.agent);
      if (list === undefined) this.byAgent.set(record.agent, [{ number: batch.number, record }]);
      else list.push({ number: batch.number, record });
    }
  }

  private fail(number: number, message: string): void {
    this.damage = { number, message };
  }
}

export type Recovery =
  | { readonly kind: 'recovered'; readonly records: readonly LaneRecord[] }
  | { readonly kind: 'damaged'; readonly message: string };

export interface RecoveryTask {
  readonly agent: AgentId;
  readonly snapshot: SnapshotReference | null;
  readonly ranges: readonly Range[];
  /** The lane that this node writes; every other lane in a trail must be sealed. */
  readonly ownLane: LaneId;
  readonly tailOf: (lane: LaneId) => LaneTail | undefined;
}

/** The agent's records after its snapshot, checked, in order. */
export function recoverAgent({ agent, snapshot, ranges, ownLane, tailOf }: RecoveryTask): Recovery {
  const start = snapshot?.position ?? 0;
  let position = start;
  const records: LaneRecord[] = [];
  const damaged = (message: string): Recovery => ({ kind: 'damaged', message });
  for (const range of ranges) {
    if (range.upTo < range.from) continue;
    const tail = tailOf(range.lane);
    const problem = problemOf(range, tail, ownLane);
    if (problem !== undefined || tail === undefined) return damaged(`lane ${range.lane}: ${problem ?? 'it was not read'}`);
    for (const record of tail.recordsOf(agent, range)) {
      if (record.epoch !== range.epoch)
        return damaged(`lane ${range.lane}: a record of epoch ${record.epoch} lies in a range of epoch ${range.epoch}`);
      if (record.position <= start) continue;
      position += 1;
      if (record.position !== position) return damaged(`lane ${range.lane}: record ${record.position} stands where ${position} should`);
      records.push(record);
    }
  }
  return { kind: 'recovered', records };
}

function problemOf(range: Range, tail: LaneTail | undefined, ownLane: LaneId): string | undefined {
  if (tail === undefined || tail.upTo === 0) return tail?.damage?.message ?? 'it has no entries';
  if (tail.damage !== undefined && tail.damage.number <= range.upTo + 1) return tail.damage.message;
  if (tail.from > range.from) return `batches ${range.from} to ${tail.from - 1} are gone`;
  if (tail.upTo < range.upTo) return `it ends at batch ${tail.upTo}, ${range.upTo} was acknowledged`;
  if (range.lane !== ownLane && !tail.sealed && tail.damage === undefined) return 'it does not end at its seal';
  return undefined;
}
