/** What clients saw, with the times of a real clock: how long their writes took, and when nobody got an answer. */
import { ERRORS } from '@skep/kernel';
import type { Operation } from '../invariants/operation.js';
import { Outside } from '../simulator/outside.js';

/** A write that ended. */
export interface TimedWrite {
  readonly beganMs: number;
  readonly endedMs: number;
  /** `no`: refused for what it asked; `failed`: not carried out within its deadline, or refused for what was wrong with the swarm. */
  readonly outcome: 'acknowledged' | 'no' | 'failed';
}

/** A call that takes longer has failed. */
export const CALL_WITHIN_MS = 5_000;

export class TimedOutside extends Outside {
  readonly writes: TimedWrite[] = [];
  readonly #began = new Map<string, number>();

  override began(operation: Omit<Operation, 'outcome'>): void {
    super.began(operation);
    this.#began.set(operation.id, performance.now());
  }

  override ended(operation: Operation): void {
    super.ended(operation);
    const beganMs = this.#began.get(operation.id);
    this.#began.delete(operation.id);
    if (beganMs === undefined || operation.outcome.kind === 'unknown') return;
    const endedMs = performance.now();
    this.writes.push({ beganMs, endedMs, outcome: outcomeOf(operation, endedMs - beganMs) });
  }

  /** Of the writes that were under way between two times. */
  seen(fromMs: number, toMs: number): ClientsSaw {
    const writes = this.writes.filter(({ beganMs, endedMs }) => endedMs >= fromMs && beganMs <= toMs);
    const ends = writes.filter(({ outcome }) => outcome !== 'failed').map(({ endedMs }) => endedMs);
    const moments = [fromMs, ...ends.filter((ms) => ms <= toMs).sort((one, other) => one - other), toMs];
    const gaps = moments.slice(1).map((ms, index) => ms - (moments[index] as number));
    const took = writes.map(({ beganMs, endedMs }) => endedMs - beganMs).sort((one, other) => one - other);
    return {
      calls: writes.length,
      failed: writes.filter(({ outcome }) => outcome === 'failed').length,
      gapMs: Math.max(0, ...gaps),
      p50Ms: quantile(took, 0.5),
      p99Ms: quantile(took, 0.99),
      slowestMs: took[took.length - 1] ?? 0,
    };
  }
}

export interface ClientsSaw {
  readonly calls: number;
  readonly failed: number;
  /** The longest time in which no write of anybody was answered. */
  readonly gapMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly slowestMs: number;
}

/** `sorted` ascending; 0 where there is nothing. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function outcomeOf({ outcome }: Operation, tookMs: number): TimedWrite['outcome'] {
  if (outcome.kind === 'acknowledged') return tookMs > CALL_WITHIN_MS ? 'failed' : 'acknowledged';
  return outcome.kind === 'refused' && ERRORS[outcome.code as keyof typeof ERRORS]?.retry === 'no' ? 'no' : 'failed';
}
