import { type HashHex, hashHexOf, LIMITS, SkepError } from '@skep/kernel';
import type { Blob } from '@skep/ports';

/** Largest blob: a snapshot of the largest state, with room for what surrounds it. */
export const BLOB_BYTES_MAX = 2 * LIMITS.stateBytes;

/** Blobs that die with their process. */
export class MemoryBlob implements Blob {
  readonly #blobs = new Map<HashHex, Uint8Array>();

  async put(bytes: Uint8Array): Promise<HashHex> {
    if (bytes.length > BLOB_BYTES_MAX) throw blobTooLarge(bytes.length);
    const hash = hashHexOf(bytes);
    if (!this.#blobs.has(hash)) this.#blobs.set(hash, bytes.slice());
    return hash;
  }

  async get(hash: HashHex): Promise<Uint8Array | undefined> {
    return this.#blobs.get(hash)?.slice();
  }

  async has(hash: HashHex): Promise<boolean> {
    return this.#blobs.has(hash);
  }

  async delete(hash: HashHex): Promise<void> {
    this.#blobs.delete(hash);
  }
}

export function blobTooLarge(bytes: number): SkepError {
  return new SkepError('payload-too-large', {
    message: `a blob of ${bytes} bytes is over the limit of ${BLOB_BYTES_MAX}`,
    remedy: 'Split the value into several blobs.',
  });
}
