import type { HashHex } from '@skep/kernel';

/**
 * Bytes by content hash: snapshots, history segments, large values.
 *
 * - `put` is durable at the adapter's level when it resolves, idempotent, and all or nothing.
 * - `get` verifies the hash before it returns (guarantee G11) and rejects with `corrupt` if it does not hold.
 */
export interface Blob {
  /** Stores the bytes under their BLAKE3 hash and returns it. Copies or takes the bytes before it returns the promise. */
  put(bytes: Uint8Array): Promise<HashHex>;
  /** Undefined when there is no such blob. */
  get(hash: HashHex): Promise<Uint8Array | undefined>;
  has(hash: HashHex): Promise<boolean>;
  /** Idempotent. */
  delete(hash: HashHex): Promise<void>;
}
