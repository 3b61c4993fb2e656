/**
 * A disk that keeps what it was told to sync, and of the rest whatever it likes.
 *
 * - K1 What lies before the end of the last completed sync survives every crash.
 * - K2 Of the writes behind it a crash keeps any, in any combination, whole or torn; a gap between kept ones reads as zeros or rubbish.
 * - K3 A full disk may take a part of a write before it says so.
 */
import type { SeededRandom } from './seeded-random.js';

const SECTOR_BYTES = 512;
const BYTES_FIRST = 64 * 1024;

interface Write {
  readonly at: number;
  readonly length: number;
}

/** One append-only file. */
export class SimulatedFile {
  #bytes = new Uint8Array(BYTES_FIRST);
  #length = 0;
  #syncedLength = 0;
  #unsynced: Write[] = [];

  get length(): number {
    return this.#length;
  }

  /** Everything before it is on the disk for good. */
  get syncedLength(): number {
    return this.#syncedLength;
  }

  /** A view; nobody but the file may write to it. */
  read(from: number, to: number): Uint8Array {
    return this.#bytes.subarray(from, Math.min(to, this.#length));
  }

  append(bytes: Uint8Array): void {
    this.#reserve(this.#length + bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#unsynced.push({ at: this.#length, length: bytes.length });
    this.#length += bytes.length;
  }

  /** Cuts the file off, for good. */
  truncate(length: number): void {
    this.#length = length;
    this.#syncedLength = Math.min(this.#syncedLength, length);
    this.#unsynced = this.#unsynced.filter((write) => write.at < length);
  }

  /** A sync that began when the file had this length is complete. */
  synced(length: number): void {
    this.#syncedLength = Math.max(this.#syncedLength, Math.min(length, this.#length));
    this.#unsynced = this.#unsynced.filter((write) => write.at + write.length > this.#syncedLength);
  }

  /** Power is lost. @returns what became of the unsynced writes */
  crash(random: SeededRandom): { readonly kept: number; readonly torn: number; readonly lost: number } {
    const fate = { kept: 0, torn: 0, lost: 0 };
    let end = this.#syncedLength;
    for (const write of this.#unsynced) {
      const drawn = random.below(4);
      const keptBytes = drawn < 2 ? write.length : drawn === 2 ? this.#tornAt(write, random) : 0;
      if (keptBytes === write.length) fate.kept += 1;
      else if (keptBytes === 0) fate.lost += 1;
      else fate.torn += 1;
      const rest = this.#bytes.subarray(write.at + keptBytes, write.at + write.length);
      if (random.below(4) === 0) rest.set(random.bytes(Math.min(rest.length, SECTOR_BYTES)));
      else rest.fill(0);
      if (keptBytes > 0) end = write.at + keptBytes;
    }
    // The length of the file is metadata, and may be ahead of what was written.
    this.#length = random.below(2) === 0 ? this.#length : end;
    this.#syncedLength = this.#length;
    this.#unsynced = [];
    return fate;
  }

  /** Turns one bit, as an old disk does. */
  rot(at: number): void {
    this.#bytes[at] = (this.#bytes[at] ?? 0) ^ 0x10;
  }

  #tornAt(write: Write, random: SeededRandom): number {
    return write.length <= SECTOR_BYTES ? random.below(write.length) : random.below(Math.ceil(write.length / SECTOR_BYTES)) * SECTOR_BYTES;
  }

  #reserve(length: number): void {
    if (length <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(length, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
