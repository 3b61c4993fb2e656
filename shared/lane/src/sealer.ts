/**
 * Seals lanes of others (rule L2): reads the last record, appends a seal behind it, and starts again when the writer was faster.
 * A lane counts as sealed only when its seal was read, or its append acknowledged.
 */
import { hash, type LaneId, SkepError, type Value } from '@skep/kernel';
import type { Sequence } from '@skep/ports';
import { decodeBatch, encodeBatch, NO_HASH } from './batch.js';
import type { Answer, RequestId } from './outputs.js';
import type { Requests } from './requests.js';
import type { Rules } from './rules.js';

interface Sealing {
  readonly request: RequestId;
  /** Number of the seal that was sent; undefined while the last record is read. */
  readonly number: number | undefined;
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
    else if (!this.sealing.has(lane)) this.askLast(lane);
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
        return this.onLast(lane, answer.entry);
      case 'appended':
        return this.done(lane, { number: sealing.number as number, sequence: answer.sequence });
      case 'conflict':
      case 'unknown':
      case 'failed':
        return this.askLast(lane);
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
      [...this.seals].map(([lane, seal]) => [lane, seal.number]).sort(),
      [...this.sealing].map(([lane, sealing]) => [lane, sealing.number ?? null]).sort(),
    ];
  }

  private askLast(lane: LaneId): void {
    this.sealing.set(lane, { request: this.requests.ask({ kind: 'last', lane }), number: undefined });
  }

  private onLast(lane: LaneId, entry: { readonly sequence: Sequence; readonly bytes: Uint8Array } | undefined): void {
    const last = entry === undefined ? undefined : decodeBatch(entry.bytes);
    if (last?.kind === 'seal') return this.done(lane, { number: last.number, sequence: entry?.sequence ?? 0 });
    const number = (last?.number ?? 0) + 1;
    const previous = entry === undefined ? NO_HASH : hash(entry.bytes);
    const { bytes } = encodeBatch({ kind: 'seal', lane, number, previous, records: [] });
    const request = this.requests.ask({ kind: 'append', lane, bytes, expected: entry?.sequence ?? 0, attempt: 0 });
    this.sealing.set(lane, { request, number });
  }

  private done(lane: LaneId, seal: Seal): void {
    this.sealing.delete(lane);
    this.seals.set(lane, seal);
    this.requests.tell({ kind: 'sealed', lane, number: seal.number });
  }
}
