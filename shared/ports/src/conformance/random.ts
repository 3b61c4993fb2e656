import { describe, expect, it } from 'vitest';
import type { Random } from '../index.js';

/** What every `Random` promises. */
export function randomConformance(name: string, make: () => Random): void {
  describe(`${name} keeps the promises of Random`, () => {
    it('draws integers from 0 up to 2^32, over the whole range', () => {
      const random = make();
      const quarters = [0, 0, 0, 0];
      for (let draw = 0; draw < 4000; draw += 1) {
        const value = random.uint32();
        expect(Number.isInteger(value) && value >= 0 && value < 2 ** 32).toBe(true);
        const quarter = Math.floor(value / 2 ** 30);
        quarters[quarter] = (quarters[quarter] ?? 0) + 1;
      }
      // Each expects 1000 with a deviation of 27; eight deviations are never left by chance.
      for (const count of quarters) expect(Math.abs(count - 1000)).toBeLessThan(220);
    });

    it('does not repeat itself', () => {
      const random = make();
      const drawn = new Set(Array.from({ length: 2000 }, () => random.uint32()));
      expect(drawn.size).toBeGreaterThan(1990);
      expect(random.bytes(16)).not.toEqual(random.bytes(16));
    });

    it('gives as many bytes as asked for, of every value', () => {
      const random = make();
      for (const length of [0, 1, 3, 10, 16, 1000]) expect(random.bytes(length)).toHaveLength(length);
      expect(new Set(random.bytes(20_000)).size).toBe(256);
    });

    it('gives bytes that belong to the caller', () => {
      const random = make();
      const first = random.bytes(32);
      const copy = first.slice();
      random.bytes(32).fill(0);
      expect(first).toEqual(copy);
    });
  });
}
