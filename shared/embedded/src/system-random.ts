import { randomBytes } from 'node:crypto';
import type { Random } from '@skep/ports';

/** Drawn at once: each draw asks the operating system, which costs more than a whole turn of an agent. */
const BLOCK_BYTES = 8 * 1024;

/** The operating system's chance. */
class SystemRandom implements Random {
  private block = new Uint8Array(0);
  private view = new DataView(this.block.buffer);
  private at = 0;

  uint32 = (): number => {
    const start = this.draw(4);
    return this.view.getUint32(start, true);
  };

  bytes = (length: number): Uint8Array => {
    if (length > BLOCK_BYTES) return new Uint8Array(randomBytes(length));
    const start = this.draw(length);
    return this.block.slice(start, start + length);
  };

  /** Where so many bytes lie that were never given out. */
  private draw(length: number): number {
    if (this.at + length > this.block.length) {
      this.block = new Uint8Array(randomBytes(BLOCK_BYTES));
      this.view = new DataView(this.block.buffer);
      this.at = 0;
    }
    const start = this.at;
    this.at += length;
    return start;
  }
}

export const systemRandom: Random = new SystemRandom();
