/**
 * Listens at the log port: keeps every batch that a node tried to append. What was committed is found at the end by following the hashes
 * back from each lane's last entry, so that the ledger rests on bytes and hashes alone and survives every trimming.
 */
import { type AgentId, hash, type LaneId, toHex } from '@skep/kernel';
import { type Batch, decodeBatch, NO_HASH } from '@skep/lane';
import type { AppendResult, Log, LogEntry, Ports, ReadOptions, Sequence } from '@skep/ports';
import { decodeRecord } from '@skep/protocol';
import type { LedgerRecord } from '../invariants/ledger.js';
import { type Broken, broken } from '../invariants/violation.js';
import type { Outside } from './outside.js';

/** What the first batch of a lane names as the one before it. */
const FIRST = toHex(NO_HASH);

interface Tried {
  readonly bytes: Uint8Array;
  readonly incarnation: number;
  acknowledged: boolean;
}

export class LogTap {
  readonly lanes = new Set<LaneId>();
  readonly #tried = new Map<string, Tried>();
  /** The operation of each agent's journalled turn. */
  readonly #begun = new Map<AgentId, string>();
  /** The newest record of each agent that is known to be in the log. */
  readonly #newest = new Map<AgentId, number>();
  /** Lanes that somebody tried to seal: whether their writers know or not, they may be over. */
  readonly #sealing = new Set<LaneId>();
  readonly #onSeal = new Map<LaneId, (by: string) => void>();

  constructor(private readonly outside: Outside) {}

  /** `incarnation`: which start of a single node this is; 0 where several nodes run. `name`: that of the node. */
  listen(ports: Ports, incarnation: number, name = 'node'): Ports {
    return {
      ...ports,
      log: new TappedLog(
        ports.log,
        (bytes, lane) => this.#try(bytes, lane, { incarnation, name }),
        (bytes) => this.#acknowledged(bytes),
      ),
    };
  }

  isSealing(lane: LaneId): boolean {
    return this.#sealing.has(lane);
  }

  /** Calls back with the name of the node that tries first to seal the lane. Returns the function that forgets it. */
  onSeal(lane: LaneId, listener: (by: string) => void): () => void {
    this.#onSeal.set(lane, listener);
    return () => this.#onSeal.delete(lane);
  }

  /** Every committed record by agent, given each lane's last entry. */
  committed(lasts: ReadonlyMap<LaneId, LogEntry | undefined>): {
    readonly records: ReadonlyMap<AgentId, readonly LedgerRecord[]>;
    readonly broken: readonly Broken[];
  } {
    const records = new Map<AgentId, LedgerRecord[]>();
    const found: Broken[] = [];
    for (const [lane, last] of lasts) {
      for (let bytes = last?.bytes; bytes !== undefined; ) {
        const batch = decodeBatch(bytes);
        if (batch.kind === 'seal' && bytes !== last?.bytes)
          found.push(broken('I2', `lane ${lane}: batch ${batch.number} is a seal, and others follow it`));
        this.#take(batch, this.#tried.get(keyOf(bytes))?.incarnation ?? 0, records);
        const previous = toHex(batch.previous);
        if (previous === FIRST) break;
        bytes = this.#tried.get(previous)?.bytes;
        if (bytes === undefined) found.push(broken('I4', `lane ${lane}: batch ${batch.number} names a batch before it that nobody sent`));
      }
    }
    return { records, broken: found };
  }

  #take(batch: Batch, incarnation: number, records: Map<AgentId, LedgerRecord[]>): void {
    for (const { agent, epoch, position, body } of batch.records) {
      const record: LedgerRecord = { epoch, position, incarnation, record: decodeRecord(body, agent) };
      const list = records.get(agent);
      if (list === undefined) records.set(agent, [record]);
      else list.push(record);
    }
  }

  #try(bytes: Uint8Array, lane: LaneId, { incarnation, name }: { readonly incarnation: number; readonly name: string }): void {
    this.lanes.add(lane);
    const key = keyOf(bytes);
    if (!this.#tried.has(key)) this.#tried.set(key, { bytes, incarnation, acknowledged: false });
    if (decodeBatch(bytes).kind !== 'seal') return;
    this.#sealing.add(lane);
    this.#onSeal.get(lane)?.(name);
  }

  /** Told by an append's answer, or by what the lane's last entry is when the answer was lost. */
  #acknowledged(bytes: Uint8Array): void {
    const tried = this.#tried.get(keyOf(bytes));
    if (tried === undefined || tried.acknowledged) return;
    tried.acknowledged = true;
    for (const { agent, body, position } of decodeBatch(bytes).records) {
      // Of several nodes one may hear late what another has long gone on from.
      if (position <= (this.#newest.get(agent) ?? 0)) continue;
      this.#newest.set(agent, position);
      const record = decodeRecord(body, agent);
      if (record.kind === 'begun') {
        const operation = record.slot?.kind === 'operation' ? record.slot.id : '';
        this.#begun.set(agent, operation);
        this.outside.begun(agent, operation);
      }
      const operation = this.#begun.get(agent);
      if (record.kind === 'step' && operation !== undefined) this.outside.recorded(agent, operation, record.name, record.occurrence);
      if (record.kind === 'turn') this.#begun.delete(agent);
    }
  }
}

function keyOf(bytes: Uint8Array): string {
  return toHex(hash(bytes));
}

class TappedLog implements Log {
  constructor(
    private readonly log: Log,
    private readonly tried: (bytes: Uint8Array, lane: LaneId) => void,
    private readonly acknowledged: (bytes: Uint8Array) => void,
  ) {}

  get level() {
    return this.log.level;
  }

  get exclusive(): boolean {
    return this.log.exclusive;
  }

  async append(lane: LaneId, bytes: Uint8Array, expected: Sequence): Promise<AppendResult> {
    const copy = bytes.slice();
    this.tried(copy, lane);
    const result = await this.log.append(lane, bytes, expected);
    if (result.kind === 'appended') this.acknowledged(copy);
    return result;
  }

  read(lane: LaneId, from: Sequence, options?: ReadOptions): Promise<readonly LogEntry[]> {
    return this.log.read(lane, from, options);
  }

  async last(lane: LaneId): Promise<LogEntry | undefined> {
    const entry = await this.log.last(lane);
    if (entry !== undefined) this.acknowledged(entry.bytes);
    return entry;
  }

  trim(lane: LaneId, below: Sequence): Promise<void> {
    return this.log.trim(lane, below);
  }
}
