/**
 * A hybrid logical clock (Kulkarni et al. 2014): near to wall time, and later than everything its holder has done or heard of.
 * Pure: the holder keeps the value and brings the wall time.
 */
import { SkepError } from './errors.js';
import { LIMITS } from './limits.js';

export interface HybridClock {
  /** Milliseconds since 1970. */
  readonly ms: number;
  /** Orders what happens within one millisecond. */
  readonly counter: number;
}

const COUNTER_MAX = 0xffff;
const MS_MAX = 2 ** 48 - 1;

export const CLOCK_ZERO: HybridClock = { ms: 0, counter: 0 };

/** The time of the next own event: later than `clock`, and not before `nowMs`. */
export function tick(clock: HybridClock, nowMs: number): HybridClock {
  return nowMs > clock.ms ? { ms: nowMs, counter: 0 } : next(clock);
}

/**
 * The time at which a message was taken that was sent at `remote`: later than both clocks.
 * @throws SkepError `invalid-input` when the sender's clock is more than `LIMITS.clockDriftMs` ahead
 */
export function receive(clock: HybridClock, remote: HybridClock, nowMs: number): HybridClock {
  const aheadMs = remote.ms - nowMs;
  if (aheadMs > LIMITS.clockDriftMs) {
    throw new SkepError('invalid-input', {
      message: `a received clock is ${aheadMs} ms ahead; ${LIMITS.clockDriftMs} ms are allowed`,
      id: clockText(remote),
      remedy: 'Set the clocks of both machines right (NTP), then send again.',
    });
  }
  const later = compareClocks(clock, remote) >= 0 ? clock : remote;
  return tick(later, nowMs);
}

/** Negative, zero or positive. */
export function compareClocks(one: HybridClock, other: HybridClock): number {
  return one.ms - other.ms || one.counter - other.counter;
}

/** 12 and 4 hexadecimal digits: sorts as the clocks do. */
export function clockText(clock: HybridClock): string {
  return `${clock.ms.toString(16).padStart(12, '0')}-${clock.counter.toString(16).padStart(4, '0')}`;
}

/** @throws SkepError `malformed` */
export function parseClock(text: string): HybridClock {
  if (!/^[0-9a-f]{12}-[0-9a-f]{4}$/.test(text)) throw new SkepError('malformed', { message: 'this is no hybrid clock', id: text.slice(0, 64) });
  return { ms: Number.parseInt(text.slice(0, 12), 16), counter: Number.parseInt(text.slice(13), 16) };
}

/** A counter that is full borrows from the next millisecond. */
function next(clock: HybridClock): HybridClock {
  if (clock.counter < COUNTER_MAX) return { ms: clock.ms, counter: clock.counter + 1 };
  if (clock.ms >= MS_MAX) throw new SkepError('internal', { message: 'the hybrid clock is at its end' });
  return { ms: clock.ms + 1, counter: 0 };
}
