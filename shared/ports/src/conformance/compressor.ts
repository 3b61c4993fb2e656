import { isSkepError } from '@skep/kernel';
import { describe, expect, it } from 'vitest';
import type { Compressor } from '../index.js';
import { patternBytes } from './eventually.js';

/** What every `Compressor` promises. */
export function compressorConformance(name: string, make: () => Compressor): void {
  describe(`${name} keeps the promises of Compressor`, () => {
    const compressor = make();
    const isCorrupt = (work: () => unknown): boolean => {
      try {
        work();
        return false;
      } catch (error) {
        return isSkepError(error, 'corrupt');
      }
    };

    it('gives back what it was given, whatever the length, and leaves it as it was', () => {
      for (const length of [0, 1, 1000, 70_000]) {
        for (const bytes of [patternBytes(length, length), new Uint8Array(length)]) {
          const given = bytes.slice();
          const compressed = compressor.compress(given);
          expect(Buffer.compare(given, bytes)).toBe(0);
          expect(Buffer.compare(compressor.decompress(compressed, length), bytes)).toBe(0);
        }
      }
    });

    it('makes the same of the same, and less of what repeats itself', () => {
      const bytes = new TextEncoder().encode('the same words again and again, '.repeat(100));
      expect(compressor.compress(bytes)).toEqual(compressor.compress(bytes.slice()));
      expect(compressor.compress(bytes).length).toBeLessThan(bytes.length / 10);
    });

    it('refuses what unfolds to more than it may hold', () => {
      const bomb = compressor.compress(new Uint8Array(16 * 1024 * 1024));
      expect(bomb.length).toBeLessThan(100_000);
      expect(isCorrupt(() => compressor.decompress(bomb, 1_000))).toBe(true);
    });

    it('refuses what is damaged or cut', () => {
      const compressed = compressor.compress(patternBytes(5_000, 7));
      expect(isCorrupt(() => compressor.decompress(compressed.slice(0, compressed.length / 2), 5_000))).toBe(true);
      expect(isCorrupt(() => compressor.decompress(new Uint8Array(100).fill(0xff), 5_000))).toBe(true);
    });
  });
}
