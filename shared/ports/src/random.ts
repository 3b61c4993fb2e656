/** Chance. Real adapters take it from the operating system, simulated ones from a seed. */
export interface Random {
  /** An integer from 0 up to and not including 2^32. */
  uint32(): number;
  /** `length` random bytes, owned by the caller. */
  bytes(length: number): Uint8Array;
}
