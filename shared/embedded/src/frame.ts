/**
 * Frames on a byte stream: a greeting once, then each frame as its length (four bytes, big-endian) and its bytes.
 * The greeting tells a peer of ours from anything else that may knock, before a length is believed.
 */
import { LIMITS, SkepError } from '@skep/kernel';

export const GREETING: Uint8Array = new TextEncoder().encode('skep/1\n');
/** Largest frame: one record and what surrounds it. */
export const FRAME_BYTES_MAX = LIMITS.recordBytes + 64 * 1024;
const LENGTH_BYTES = 4;

/** The bytes that precede a frame. @throws SkepError `payload-too-large` */
export function frameHeader(length: number): Uint8Array {
  if (length > FRAME_BYTES_MAX) {
    throw new SkepError('payload-too-large', { message: `a frame of ${length} bytes is over the limit of ${FRAME_BYTES_MAX}` });
  }
  const header = new Uint8Array(LENGTH_BYTES);
  new DataView(header.buffer).setUint32(0, length);
  return header;
}

/** Cuts a stream into frames. After it threw, the stream is not to be read any further. */
export class FrameReader {
  #chunks: Uint8Array[] = [];
  #held = 0;
  /** Bytes that must be there before anything can be cut off. */
  #needed = GREETING.length;
  #greeted = false;

  /** The frames that this chunk completes; each owns its memory. @throws SkepError `malformed`, `payload-too-large` */
  push(chunk: Uint8Array): readonly Uint8Array[] {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    if (this.#held < this.#needed) return [];
    const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    const frames: Uint8Array[] = [];
    let at = this.#greeted ? 0 : this.#greet(bytes);
    while (this.#cut(bytes, at)) {
      frames.push(new Uint8Array(bytes.subarray(at + LENGTH_BYTES, at + this.#needed)));
      at += this.#needed;
    }
    this.#chunks = at < bytes.length ? [bytes.subarray(at)] : [];
    this.#held = bytes.length - at;
    return frames;
  }

  #greet(bytes: Uint8Array): number {
    if (!GREETING.every((byte, at) => bytes[at] === byte)) {
      throw new SkepError('malformed', { message: 'the peer does not speak the protocol of a Skep folder' });
    }
    this.#greeted = true;
    return GREETING.length;
  }

  /** True when a whole frame lies at `at`; sets what is needed either way. */
  #cut(bytes: Uint8Array, at: number): boolean {
    this.#needed = LENGTH_BYTES;
    if (bytes.length - at < LENGTH_BYTES) return false;
    const length = new DataView(bytes.buffer, bytes.byteOffset + at, LENGTH_BYTES).getUint32(0);
    frameHeader(length);
    this.#needed = LENGTH_BYTES + length;
    return bytes.length - at >= this.#needed;
  }
}
