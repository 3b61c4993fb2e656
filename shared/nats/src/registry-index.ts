/**
 * The keys of the registry, in order: whoever lists goes through them by pages, so they are asked for once and kept for a while.
 *
 * - X1 Own new keys show at once, those of others after `KEPT_MS` at the latest: a list may be stale. Who goes on from an earlier page may see
 *   what was asked for his first one, for `KEPT_PAGING_MS`: asking for a hundred thousand keys takes most of a second.
 * - X2 At most `PREFIXES_MAX` prefixes are kept.
 */
import type { Clock } from '@skep/ports';
import { apiError, type JetStream } from './jetstream.js';
import { keyOf, tokensOf } from './subject.js';

const KEPT_MS = 2_000;
const KEPT_PAGING_MS = 15_000;
const PREFIXES_MAX = 16;

export interface RegistryIndexOptions {
  readonly jetstream: JetStream;
  readonly clock: Clock;
  readonly stream: string;
  readonly prefix: string;
}

interface Kept {
  readonly askedMs: number;
  readonly keys: Promise<string[]>;
  /** Own keys that came while the answer was on its way, or since. */
  readonly added: Set<string>;
}

export class RegistryIndex {
  readonly #kept = new Map<string, Kept>();

  constructor(private readonly options: RegistryIndexOptions) {}

  /** Keys that begin with the prefix, ascending, after a key. @throws SkepError `unavailable` */
  async page(prefix: string, { after, limit }: { readonly after: string; readonly limit: number }): Promise<readonly string[]> {
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    const keys = await this.#keysOf(folder, after === '' ? KEPT_MS : KEPT_PAGING_MS);
    const found: string[] = [];
    const start = after >= prefix ? firstIndex(keys, (key) => key > after) : firstIndex(keys, (key) => key >= prefix);
    for (let at = start; at < keys.length && found.length < limit; at += 1) {
      const key = keys[at] as string;
      if (!key.startsWith(prefix)) break;
      found.push(key);
    }
    return found;
  }

  add(key: string): void {
    for (const [folder, kept] of this.#kept) if (key.startsWith(folder)) kept.added.add(key);
  }

  async #keysOf(folder: string, keptMs: number): Promise<readonly string[]> {
    const nowMs = this.options.clock.monotonicMs();
    let kept = this.#kept.get(folder);
    if (kept === undefined || kept.askedMs + keptMs <= nowMs) {
      kept = { askedMs: nowMs, keys: this.#ask(folder), added: new Set() };
      this.#kept.delete(folder);
      this.#kept.set(folder, kept);
      if (this.#kept.size > PREFIXES_MAX) this.#forgetOldest();
      const asked = kept;
      kept.keys.catch(() => {
        if (this.#kept.get(folder) === asked) this.#kept.delete(folder);
      });
    }
    const keys = await kept.keys;
    if (kept.added.size > 0) {
      for (const key of kept.added) {
        const at = firstIndex(keys, (other) => other >= key);
        if (keys[at] !== key) keys.splice(at, 0, key);
      }
      kept.added.clear();
    }
    return keys;
  }

  #forgetOldest(): void {
    for (const folder of this.#kept.keys()) {
      this.#kept.delete(folder);
      return;
    }
  }

  /** A folder is a prefix that ends with `/`, or nothing. */
  async #ask(folder: string): Promise<string[]> {
    const { jetstream, stream, prefix } = this.options;
    const filter = `${prefix}${folder === '' ? '' : `${tokensOf(folder.slice(0, -1))}.`}>`;
    const keys: string[] = [];
    for (;;) {
      const answer = await jetstream.info(stream, { subjects_filter: filter, offset: keys.length });
      if (answer.kind !== 'ok') throw apiError(stream, answer);
      const subjects = Object.keys((answer.body.state as { subjects?: Record<string, number> }).subjects ?? {});
      for (const subject of subjects) keys.push(keyOf(subject.slice(prefix.length)));
      if (subjects.length === 0 || keys.length >= Number(answer.body.total ?? 0)) break;
    }
    return keys.sort();
  }
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
