import { CLOCK_ZERO, clockText, compareClocks, type HybridClock, isSkepError, LIMITS, parseClock, receive, tick } from '@skep/kernel';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const clocks: fc.Arbitrary<HybridClock> = fc.record({
  ms: fc.oneof(fc.nat(100), fc.nat({ max: 2 ** 31 - 1 })),
  counter: fc.oneof(fc.nat(3), fc.integer({ min: 65_533, max: 65_535 })),
});
const times = fc.oneof(fc.nat(100), fc.nat({ max: 2 ** 31 - 1 }));

describe('Q3: the hybrid clock', () => {
  test('Q3: every tick is later than all before, even when wall time jumps back', () => {
    fc.assert(
      fc.property(clocks, fc.array(times, { maxLength: 30 }), (start, nows) => {
        let clock = start;
        for (const now of nows) {
          const later = tick(clock, now);
          expect(compareClocks(later, clock)).toBeGreaterThan(0);
          expect(later.ms).toBeGreaterThanOrEqual(now);
          expect(later.counter).toBeLessThanOrEqual(0xffff);
          clock = later;
        }
      }),
    );
  });

  test('Q3: what was received is earlier than everything after it', () => {
    fc.assert(
      fc.property(clocks, clocks, times, (own, remote, now) => {
        fc.pre(remote.ms - now <= LIMITS.clockDriftMs);
        const after = receive(own, remote, now);
        expect(compareClocks(after, own)).toBeGreaterThan(0);
        expect(compareClocks(after, remote)).toBeGreaterThan(0);
        expect(after.ms).toBeGreaterThanOrEqual(now);
      }),
    );
  });

  test('Q3: messages between replicas with clocks of their own keep the order of cause and effect', () => {
    const step = fc.record({ from: fc.nat(2), to: fc.nat(2), skewMs: fc.nat(50) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const held: HybridClock[] = [CLOCK_ZERO, CLOCK_ZERO, CLOCK_ZERO];
        const skew = [0, 1_000, 30_000];
        for (const [at, { from, to, skewMs }] of steps.entries()) {
          const sent = tick(held[from] as HybridClock, 1_000_000 + at + skewMs + (skew[from] as number));
          held[from] = sent;
          const taken = receive(held[to] as HybridClock, sent, 1_000_000 + at + (skew[to] as number));
          expect(compareClocks(taken, sent)).toBeGreaterThan(0);
          held[to] = taken;
        }
      }),
    );
  });

  test('Q3: the text form sorts as the clocks do and comes back', () => {
    fc.assert(
      fc.property(clocks, clocks, (one, other) => {
        expect(parseClock(clockText(one))).toEqual(one);
        expect(Math.sign(compareClocks(one, other))).toBe(clockText(one) < clockText(other) ? -1 : clockText(one) > clockText(other) ? 1 : 0);
      }),
    );
  });

  test('Q3: a full counter borrows from the next millisecond', () => {
    expect(tick({ ms: 5, counter: 0xffff }, 5)).toEqual({ ms: 6, counter: 0 });
  });

  test('G13: a clock too far ahead is refused, at the limit it is taken', () => {
    expect(receive(CLOCK_ZERO, { ms: LIMITS.clockDriftMs, counter: 0 }, 0)).toEqual({ ms: LIMITS.clockDriftMs, counter: 1 });
    let refused: unknown;
    try {
      receive(CLOCK_ZERO, { ms: LIMITS.clockDriftMs + 1, counter: 0 }, 0);
    } catch (error) {
      refused = error;
    }
    expect(isSkepError(refused, 'invalid-input')).toBe(true);
    for (const text of ['', '0-0', `${clockText(CLOCK_ZERO)} `]) expect(() => parseClock(text)).toThrow('no hybrid clock');
  });
});
