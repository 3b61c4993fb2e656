import type { RegistryEntry } from '@skep/ports';
import type { Simulation } from './simulation.js';
import type { Store } from './store.js';
import type { StoreEngine } from './store-engine.js';

/** How one watcher is reached. */
export interface WatchLink {
  /** Microseconds until the news arrives; undefined when it is lost on the way, and has to be sent again. */
  transitUs(): number | undefined;
  /** False when the watcher is gone for good. */
  isAlive(): boolean;
  tell(entry: RegistryEntry): void;
}

interface Watch {
  readonly prefix: string;
  readonly since: number;
  readonly link: WatchLink;
  /** Revision last told, by key. */
  readonly told: Map<string, number>;
}

/** News that were lost are sent again after this. */
const RESEND_US = 100_000;

/** Who watches a store's registry. Intermediate states may be left out; the newest is told in the end, in revision order per key. */
export class Watches {
  readonly #watches = new Set<Watch>();

  constructor(
    private readonly simulation: Simulation,
    private readonly store: Store,
  ) {}

  add(prefix: string, link: WatchLink): () => void {
    const watch: Watch = { prefix, since: this.store.committedRevision, link, told: new Map() };
    this.#watches.add(watch);
    return () => {
      this.#watches.delete(watch);
    };
  }

  /** An update was committed. */
  updated(entry: RegistryEntry): void {
    for (const watch of this.#watches) if (entry.key.startsWith(watch.prefix)) this.#send(watch, entry);
  }

  /** After a restart everybody is told what he may have missed. */
  caughtUp(engine: StoreEngine): void {
    for (const watch of this.#watches) {
      for (const entry of engine.newsSince(watch.prefix, watch.since)) this.#send(watch, entry);
    }
  }

  #send(watch: Watch, entry: RegistryEntry): void {
    if (!watch.link.isAlive()) this.#watches.delete(watch);
    if (!this.#watches.has(watch) || isTold(watch, entry)) return;
    const transitUs = watch.link.transitUs();
    if (transitUs === undefined) {
      this.simulation.after(RESEND_US, 'inner', () => this.#send(watch, entry));
      return;
    }
    this.simulation.after(transitUs, 'outer', () => {
      if (!this.#watches.has(watch) || isTold(watch, entry)) return;
      watch.told.set(entry.key, entry.revision);
      watch.link.tell(entry);
    });
  }
}

/** Something at least as new was told, so this state may be left out. */
function isTold(watch: Watch, entry: RegistryEntry): boolean {
  return entry.revision <= (watch.told.get(entry.key) ?? watch.since);
}
