import { LIMITS, SkepError } from '@skep/kernel';
import type { Registry, RegistryEntry, Revision, UpdateResult } from '@skep/ports';
import { RegistryWatchers } from './registry-watchers.js';

/** Entries that one `list` returns when the caller names no limit. */
export const LIST_ENTRIES_DEFAULT = 1000;

/** A registry that dies with its process. */
export class MemoryRegistry implements Registry {
  readonly #entries = new Map<string, RegistryEntry>();
  readonly #watchers = new RegistryWatchers();
  /** All keys ascending; undefined after a new key, until the next list. */
  #sortedKeys: string[] | undefined = [];
  #revision: Revision = 0;

  async get(key: string): Promise<RegistryEntry | undefined> {
    const entry = this.#entries.get(key);
    return entry === undefined ? undefined : ownedBy(entry);
  }

  async update(key: string, value: Uint8Array, expected: Revision): Promise<UpdateResult> {
    if (value.length > LIMITS.registryValueBytes) throw valueTooLarge(key, value.length);
    const held = this.#entries.get(key);
    const revision = held?.revision ?? 0;
    if (revision !== expected) return { kind: 'conflict', revision };
    this.#revision += 1;
    const entry: RegistryEntry = { key, value, revision: this.#revision };
    this.#entries.set(key, entry);
    if (held === undefined) this.#sortedKeys = undefined;
    if (this.#watchers.size > 0) queueMicrotask(() => this.#watchers.notify(entry));
    return { kind: 'updated', revision: entry.revision };
  }

  async list(prefix: string, options?: { readonly after?: string; readonly limit?: number }): Promise<readonly RegistryEntry[]> {
    this.#sortedKeys ??= [...this.#entries.keys()].sort();
    const keys = this.#sortedKeys;
    const limit = options?.limit ?? LIST_ENTRIES_DEFAULT;
    const after = options?.after;
    const found: RegistryEntry[] = [];
    const start = after !== undefined && after >= prefix ? firstIndex(keys, (key) => key > after) : firstIndex(keys, (key) => key >= prefix);
    for (let at = start; at < keys.length && found.length < limit; at += 1) {
      const entry = this.#entries.get(keys[at] as string);
      if (entry === undefined || !entry.key.startsWith(prefix)) break;
      found.push(ownedBy(entry));
    }
    return found;
  }

  watch(prefix: string, listener: (entry: RegistryEntry) => void): () => void {
    return this.#watchers.add(prefix, listener);
  }
}

export function valueTooLarge(key: string, bytes: number): SkepError {
  return new SkepError('payload-too-large', {
    message: `a registry value of ${bytes} bytes is over the limit of ${LIMITS.registryValueBytes}`,
    id: key,
    remedy: 'Store the large part as a blob and its hash in the entry.',
  });
}

function ownedBy(entry: RegistryEntry): RegistryEntry {
  return { ...entry, value: entry.value.slice() };
}

/** Index of the first key for which `reached` holds; keys before it do not, keys after it do. */
function firstIndex(keys: readonly string[], reached: (key: string) => boolean): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (reached(keys[middle] as string)) high = middle;
    else low = middle + 1;
  }
  return low;
}
