import type { Random } from '@skep/ports';

/**
 * Chance from a seed: sfc32 (Chris Doty-Humphrey's small fast chaotic generator, 128 bits of state), integers only, so that every
 * machine draws the same. Each purpose has a stream of its own: one more draw in one place must not shift all others.
 */
export class SeededRandom implements Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: string) {
    let hash = 0x811c9dc5;
    const words = [0, 0, 0].map((_, word) => {
      for (let at = 0; at < seed.length; at += 1) hash = Math.imul(hash ^ (seed.charCodeAt(at) + word * 0x9e37), 0x01000193);
      hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
      return hash | 0;
    });
    [this.#a, this.#b, this.#c] = words as [number, number, number];
    for (let warm = 0; warm < 16; warm += 1) this.uint32();
  }

  uint32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + sum) | 0;
    return sum >>> 0;
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 1) bytes[at] = this.uint32() >>> 24;
    return bytes;
  }

  /** An integer from 0 up to and not including `end`. */
  below(end: number): number {
    return Math.floor((this.uint32() / 2 ** 32) * end);
  }

  /** An integer from `min` up to and including `max`. */
  between(min: number, max: number): number {
    return min + this.below(max - min + 1);
  }

  /** True with this probability. Draws nothing when there is nothing to decide. */
  chance(probability: number): boolean {
    return probability > 0 && this.uint32() < probability * 2 ** 32;
  }

  pick<Item>(items: readonly Item[]): Item | undefined {
    return items.length === 0 ? undefined : items[this.below(items.length)];
  }
}
