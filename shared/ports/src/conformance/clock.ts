import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../index.js';

/** A clock to be judged; its time passes by itself, really or not. */
export interface ClockSubject {
  readonly clock: Clock;
  close?(): Promise<void>;
}

/** What every `Clock` promises. Only the clock itself measures. */
export function clockConformance(name: string, make: () => Promise<ClockSubject>): void {
  describe(`${name} keeps the promises of Clock`, () => {
    let subject: ClockSubject;
    let clock: Clock;

    beforeEach(async () => {
      subject = await make();
      clock = subject.clock;
    });
    afterEach(async () => {
      await subject.close?.();
    });

    const after = (delayMs: number) => new Promise<void>((resolve) => void clock.setTimer(delayMs, resolve));

    it('tells wall time in whole milliseconds of this era', () => {
      expect(Number.isInteger(clock.nowMs())).toBe(true);
      expect(clock.nowMs()).toBeGreaterThan(Date.UTC(2020, 0));
      expect(clock.nowMs()).toBeLessThan(Date.UTC(2200, 0));
    });

    it('never goes back by its monotonic time', async () => {
      let last = clock.monotonicMs();
      for (let look = 0; look < 1000; look += 1) {
        const next = clock.monotonicMs();
        expect(next).toBeGreaterThanOrEqual(last);
        last = next;
        if (look % 100 === 0) await after(1);
      }
    });

    it('fires a timer once, never early', async () => {
      for (const delayMs of [0, 0.4, 1, 7, 30]) {
        const startMs = clock.monotonicMs();
        let fired = 0;
        await new Promise<void>((resolve) => {
          clock.setTimer(delayMs, () => {
            fired += 1;
            resolve();
          });
        });
        expect(clock.monotonicMs() - startMs).toBeGreaterThanOrEqual(delayMs);
        await after(5);
        expect(fired).toBe(1);
      }
    });

    it('never fires inside setTimer', async () => {
      let inside = true;
      let early = 0;
      const fired = new Promise<void>((resolve) => {
        for (const delayMs of [0, -5]) {
          clock.setTimer(delayMs, () => {
            if (inside) early += 1;
            resolve();
          });
        }
      });
      inside = false;
      await fired;
      expect(early).toBe(0);
    });

    it('fires in the order of the due times', async () => {
      const order: number[] = [];
      const all = [40, 10, 25].map(
        (delayMs) =>
          new Promise<void>((resolve) => {
            clock.setTimer(delayMs, () => {
              order.push(delayMs);
              resolve();
            });
          }),
      );
      await Promise.all(all);
      expect(order).toEqual([10, 25, 40]);
    });

    it('does not fire what was cancelled, before or by another timer; cancelling late or twice does nothing', async () => {
      const fired: string[] = [];
      const cancelEarly = clock.setTimer(5, () => fired.push('early'));
      cancelEarly();
      cancelEarly();
      const cancelled = clock.setTimer(20, () => fired.push('by another'));
      clock.setTimer(5, () => cancelled());
      const cancelLate = clock.setTimer(1, () => fired.push('kept'));
      await after(40);
      cancelLate();
      expect(fired).toEqual(['kept']);
    });

    it('keeps a timer of a month from firing at once', async () => {
      let fired = 0;
      const cancel = clock.setTimer(30 * 24 * 3_600_000, () => {
        fired += 1;
      });
      await after(20);
      cancel();
      expect(fired).toBe(0);
    });
  });
}
