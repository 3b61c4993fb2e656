import { crc32 } from 'node:zlib';

export type TraceField = string | number | Uint8Array;

export interface TraceEvent {
  /** Virtual time since the start of the world. */
  readonly atMs: number;
  readonly node: string;
  readonly kind: string;
  readonly fields: readonly TraceField[];
}

/** Texts whose hashes are remembered. */
const REMEMBERED_TEXTS_MAX = 65_536;

/**
 * A running hash over everything that happened. Two runs of one seed that do not end in the same hash have a difference in them: code
 * that read the real time, real chance, or an order that nobody decided. 64 bits, not made to withstand an attacker.
 */
export class Trace {
  readonly #texts = new Map<string, number>();
  #high = 0x9e3779b9;
  #low = 0x85ebca6b;
  #count = 0;

  constructor(private readonly observe: ((event: TraceEvent) => void) | undefined) {}

  get hash(): string {
    const hex = (word: number) => (word >>> 0).toString(16).padStart(8, '0');
    return hex(this.#high) + hex(this.#low);
  }

  get count(): number {
    return this.#count;
  }

  record(atUs: number, node: string, kind: string, fields: readonly TraceField[]): void {
    this.#count += 1;
    this.#mix(atUs | 0);
    this.#mix(Math.floor(atUs / 2 ** 32));
    this.#mix(this.#hashOf(node));
    this.#mix(this.#hashOf(kind));
    for (const field of fields) {
      if (typeof field === 'number') this.#mixNumber(field);
      else if (typeof field === 'string') this.#mix(this.#hashOf(field));
      else this.#mix(crc32(field) | 0);
    }
    this.observe?.({ atMs: atUs / 1000, node, kind, fields });
  }

  #mixNumber(value: number): void {
    this.#mix(value | 0);
    // Fractions and large numbers count, too.
    if (!Number.isInteger(value) || Math.abs(value) >= 2 ** 31) this.#mix(this.#hashOf(String(value)));
  }

  #mix(word: number): void {
    this.#high = Math.imul(this.#high ^ word, 0x01000193);
    this.#high ^= this.#high >>> 15;
    this.#low = (Math.imul(this.#low, 0x2c1b3c6d) + (word ^ this.#high)) | 0;
    this.#low ^= this.#low >>> 13;
  }

  #hashOf(text: string): number {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    let hash = 0x811c9dc5;
    for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
    if (this.#texts.size >= REMEMBERED_TEXTS_MAX) this.#texts.clear();
    this.#texts.set(text, hash);
    return hash;
  }
}
