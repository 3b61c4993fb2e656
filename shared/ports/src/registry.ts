/** Grows with every write of the registry; 0 stands for "no such entry". */
export type Revision = number;

export interface RegistryEntry {
  readonly key: string;
  readonly value: Uint8Array;
  readonly revision: Revision;
}

export type UpdateResult =
  | { readonly kind: 'updated'; readonly revision: Revision }
  /** Nothing was written. `revision` is that of the entry there is (0: none). */
  | { readonly kind: 'conflict'; readonly revision: Revision };

/**
 * Small entries with compare-and-set: the directory and the universe records.
 *
 * - `update` is linearizable per key and durable when it resolves. It rejects with `outcome-unknown` when it may or may not have
 *   happened, now or later; with any other code nothing was and nothing will be written.
 * - `get` and `list` may be stale: they return some state that the entry had. Nothing may be decided by them alone (rule L3).
 * - Keys are made of escaped tokens joined by `/`; values are at most `LIMITS.registryValueBytes`.
 */
export interface Registry {
  get(key: string): Promise<RegistryEntry | undefined>;
  /** Writes `value` if the entry's revision is `expected` (0: it must not exist). Takes ownership of `value`, as `Log.append` does. */
  update(key: string, value: Uint8Array, expected: Revision): Promise<UpdateResult>;
  /** Entries whose key begins with `prefix`, ascending by key, at most `limit`, after the key `after`. */
  list(prefix: string, options?: { readonly after?: string; readonly limit?: number }): Promise<readonly RegistryEntry[]>;
  /**
   * Calls back for every later update of a key that begins with `prefix`, in revision order per key; intermediate states may be left
   * out, the newest never. The callback must not throw. Returns the function that stops it.
   */
  watch(prefix: string, listener: (entry: RegistryEntry) => void): () => void;
}
