/**
 * Bytes into fewer bytes, and back. Synchronous and without a state: the same bytes in, the same bytes out.
 *
 * - `compress` may give back more than it was given; who asks compares.
 * - `decompress` holds no more than `bytesMax` at any time, whatever the input would unfold to.
 */
export interface Compressor {
  /** What the format calls the algorithm. */
  readonly name: 'deflate-raw' | 'brotli';
  compress(bytes: Uint8Array): Uint8Array;
  /** @throws SkepError `corrupt` for what is damaged or unfolds to more than `bytesMax` */
  decompress(bytes: Uint8Array, bytesMax: number): Uint8Array;
}
