import type { RegistryEntry } from '@skep/ports';

interface Watcher {
  readonly prefix: string;
  readonly listener: (entry: RegistryEntry) => void;
}

/** Those who watch a registry. What they throw is dropped: one faulty listener must not keep the news from the others. */
export class RegistryWatchers {
  readonly #watchers = new Set<Watcher>();

  get size(): number {
    return this.#watchers.size;
  }

  add(prefix: string, listener: (entry: RegistryEntry) => void): () => void {
    const watcher: Watcher = { prefix, listener };
    this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
    };
  }

  /** Each listener gets a value of its own. */
  notify(entry: RegistryEntry): void {
    for (const { prefix, listener } of [...this.#watchers]) {
      if (!entry.key.startsWith(prefix)) continue;
      try {
        listener({ ...entry, value: entry.value.slice() });
      } catch {
        // The contract forbids it; nobody here could act on it.
      }
    }
  }

  clear(): void {
    this.#watchers.clear();
  }
}
