/**
 * The set of visited worlds: 64 bits of each, in flat memory, as TLC and SPIN keep them. Of ten million worlds two have the same bits with
 * a chance of 3 in a million; then one of them would not be walked on.
 */
const FIRST_CAPACITY = 1 << 16;
const LOAD_MAX = 0.6;

export class Fingerprints {
  size = 0;
  private slots = new Uint32Array(FIRST_CAPACITY * 2);
  private mask = FIRST_CAPACITY - 1;

  /** Returns whether it was new. */
  add(vector: readonly number[]): boolean {
    const high = mix(vector, 0x9e3779b9);
    // Zero marks an empty slot.
    const low = mix(vector, 0x85ebca6b) || 1;
    if (!this.place(high, low)) return false;
    this.size += 1;
    if (this.size > (this.mask + 1) * LOAD_MAX) this.grow();
    return true;
  }

  private place(high: number, low: number): boolean {
    const { slots, mask } = this;
    for (let at = high & mask; ; at = (at + 1) & mask) {
      const found = slots[at * 2 + 1];
      if (found === 0) {
        slots[at * 2] = high;
        slots[at * 2 + 1] = low;
        return true;
      }
      if (found === low && slots[at * 2] === high) return false;
    }
  }

  private grow(): void {
    const old = this.slots;
    this.slots = new Uint32Array(old.length * 2);
    this.mask = this.mask * 2 + 1;
    for (let at = 0; at < old.length; at += 2) if (old[at + 1] !== 0) this.place(old[at] as number, old[at + 1] as number);
  }
}

/** MurmurHash3 (Austin Appleby, public domain) over whole numbers, 32 bits. */
function mix(vector: readonly number[], seed: number): number {
  let state = seed;
  for (let at = 0; at < vector.length; at += 1) {
    let word = Math.imul(vector[at] as number, 0xcc9e2d51);
    word = Math.imul((word << 15) | (word >>> 17), 0x1b873593);
    state ^= word;
    state = (Math.imul((state << 13) | (state >>> 19), 5) + 0xe6546b64) | 0;
  }
  state ^= vector.length;
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return (state ^ (state >>> 16)) >>> 0;
}
