import { LIMITS } from '@skep/kernel';
import type { Registry, RegistryEntry, Revision, UpdateResult } from '@skep/ports';
import { LIST_ENTRIES_DEFAULT, valueTooLarge } from './memory-registry.js';
import { RegistryWatchers } from './registry-watchers.js';
import type { StoreClient } from './store-client.js';
import type { LogRequest } from './store-message.js';

/** The registry in `log.db`. Only this process writes it, so those who watch are told from here, after the commit. */
export class SqliteRegistry implements Registry {
  readonly #watchers = new RegistryWatchers();

  constructor(private readonly store: StoreClient<LogRequest>) {}

  get(key: string): Promise<RegistryEntry | undefined> {
    return this.store.call({ kind: 'get', key }, { writes: false }) as Promise<RegistryEntry | undefined>;
  }

  async update(key: string, value: Uint8Array, expected: Revision): Promise<UpdateResult> {
    if (value.length > LIMITS.registryValueBytes) throw valueTooLarge(key, value.length);
    // Copied twice on purpose: values are small, those who watch need them after the commit, and a view must not drag its buffer along.
    const result = (await this.store.call({ kind: 'update', key, value: value.slice(), expected }, { writes: true })) as UpdateResult;
    if (result.kind === 'updated' && this.#watchers.size > 0) this.#watchers.notify({ key, value, revision: result.revision });
    return result;
  }

  list(prefix: string, options?: { readonly after?: string; readonly limit?: number }): Promise<readonly RegistryEntry[]> {
    const request: LogRequest = { kind: 'list', prefix, after: options?.after, limit: options?.limit ?? LIST_ENTRIES_DEFAULT };
    return this.store.call(request, { writes: false }) as Promise<readonly RegistryEntry[]>;
  }

  watch(prefix: string, listener: (entry: RegistryEntry) => void): () => void {
    return this.#watchers.add(prefix, listener);
  }
}
