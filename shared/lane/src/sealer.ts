/**
 * Seals lanes of others (rule L2): reads the last record, appends a seal behind it, and starts again when the writer was faster, or when
 * the append was refused or is in doubt, then after a pause.
 * A lane counts as sealed only when its seal was read, or its append acknowledged.
 */
import { hash, type LaneId, SkepError, toSkepError, type Value } from '@skep/kernel';
import type { LogEntry, Sequence } from '@skep/ports';
import { type Batch, decodeBatch, encodeBatch, NO_HASH } from './batch.js';
import type { Answer, RequestId } from './outputs.js';
import type { Requests } from './requests.js';
import type { Rules } from './rules.js';

interface Sealing {
  readonly request: RequestId;
  /** Number of the seal that was sent; undefined while the last record is read. */
  readonly number: number | undefined;
  /** Appends in a row that were refused or in doubt. One that only met a faster writer is repeated at once: a pause would lose again. */
  readonly failures: number;
}

interface Seal {
  readonly number: number;
  readonly sequence: Sequence;
}

export class Sealer {
  private readonly seals = new Map<LaneId, Seal>();
  private readonly sealing = new Map<LaneId, Sealing>();

  constructor(
    private readonly rules: Rules,
    private readonly requests: Requests,
  ) {}

  /** Number of the lane's seal, where it is known. */
  sealOf(lane: LaneId): number | undefined {
    return this.seals.get(lane)?.number;
  }

  seal(lane: LaneId): void {
    const known = this.seals.get(lane);
    if (known !== undefined) this.requests.tell({ kind: 'sealed', lane, number: known.number });
    else if (!this.sealing.has(lane)) this.askLast(lane, 0);
  }

  /** Drops what a sealed lane holds before its seal, once no trail names it any more; the seal itself stays for ever (L10). */
  retire(lane: LaneId): void {
    const known = this.seals.get(lane);
    if (known !== undefined) this.requests.tell({ kind: 'trim', lane, below: this.rules.keepsLast() ? known.sequence : known.sequence + 1 });
  }

  laneOf(request: RequestId): LaneId | undefined {
    for (const [lane, sealing] of this.sealing) if (sealing.request === request) return lane;
    return undefined;
  }

  answer(lane: LaneId, answer: Answer): void {
    const sealing = this.sealing.get(lane);
    if (sealing === undefined) return;
    switch (answer.kind) {
      case 'last':
        return this.onLast(lane, sealing, answer.entry);
      case 'appended':
        return this.done(lane, { number: sealing.number as number, sequence: answer.sequence });
      case 'conflict':
        return this.askLast(lane, 0);
      case 'unknown':
        return this.askLast(lane, sealing.failures + 1);
      case 'failed':
        return sealing.number === undefined ? this.giveUp(lane, answer.error) : this.askLast(lane, sealing.failures + 1);
      default:
        throw new SkepError('internal', { message: `a seal got the answer ${answer.kind}`, id: lane });
    }
  }

  clone(requests: Requests): Sealer {
    const copy = new Sealer(this.rules, requests);
    for (const [lane, seal] of this.seals) copy.seals.set(lane, seal);
    for (const [lane, sealing] of this.sealing) copy.sealing.set(lane, sealing);
    return copy;
  }

  inspect(): Value {
    return [
      [...this.seals].map(([lane, seal]) => [lane, seal.number, seal.sequence]).sort(),
      [...this.sealing].map(([lane, sealing]) => [lane, sealing.number ?? null, sealing.failures > 0]).sort(),
    ];
  }

  private askLast(lane: LaneId, failures: number): void {
    this.sealing.set(lane, { request: this.requests.ask({ kind: 'last', lane }), number: undefined, failures });
  }

  private onLast(lane: LaneId, { failures }: Sealing, entry: LogEntry | undefined): void {
    let last: Batch | undefined;
    try {
      last = entry === undefined ? undefined : decodeBatch(entry.bytes);
    } catch (error) {
      return this.giveUp(lane, toSkepError(error));
    }
    if (last?.kind === 'seal') return this.done(lane, { number: last.number, sequence: entry?.sequence ?? 0 });
    const number = (last?.number ?? 0) + 1;
    const previous = entry === undefined ? NO_HASH : hash(entry.bytes);
    const { bytes } = encodeBatch({ kind: 'seal', lane, number, previous, records: [] });
    const request = this.requests.ask({ kind: 'append', lane, bytes, expected: entry?.sequence ?? 0, attempt: failures });
    this.sealing.set(lane, { request, number, failures });
  }

  private giveUp(lane: LaneId, error: SkepError): void {
    this.sealing.delete(lane);
    this.requests.tell({ kind: 'unsealed', lane, error });
  }

  private done(lane: LaneId, seal: Seal): void {
    this.sealing.delete(lane);
    this.seals.set(lane, seal);
    this.requests.tell({ kind: 'sealed', lane, number: seal.number });
  }
}
