/** The policy of eviction, beside the one that everybody has: least recently used. */
import { type Evictable, S3Fifo } from '@skep/state';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

interface Entry extends Evictable<Entry> {
  readonly name: string;
}

const entryOf = (name: string, bytes: number): Entry => ({ name, bytes, uses: 0, queue: 'none', ahead: undefined, behind: undefined });

/** FNV-1a, 32 bits. */
function hashOf({ name }: Entry): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at += 1) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  return hash;
}

interface Cache {
  /** Whether it was there; it is afterwards. */
  has(name: string, bytes: number): boolean;
}

function s3Cache(bytesMax: number): Cache & { readonly bytes: () => number } {
  const queue = new S3Fifo<Entry>(bytesMax, hashOf);
  const entries = new Map<string, Entry>();
  let used = 0;
  return {
    bytes: () => used,
    has(name, bytes) {
      const known = entries.get(name);
      if (known !== undefined) {
        queue.use(known);
        return true;
      }
      const entry = entryOf(name, bytes);
      entries.set(name, entry);
      queue.add(entry);
      used += bytes;
      while (used > bytesMax) {
        const evicted = queue.evict() as Entry;
        entries.delete(evicted.name);
        used -= evicted.bytes;
      }
      return false;
    },
  };
}

function lruCache(bytesMax: number): Cache {
  const entries = new Map<string, number>();
  let used = 0;
  return {
    has(name, bytes) {
      const isKnown = entries.delete(name);
      entries.set(name, bytes);
      if (!isKnown) used += bytes;
      for (const [oldest, size] of entries) {
        if (used <= bytesMax) break;
        entries.delete(oldest);
        used -= size;
      }
      return isKnown;
    },
  };
}

function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Agents are read as often as their rank says (Zipf, exponent 1); now and then somebody reads through many old ones, each once. */
function* trace(seed: number): Generator<{ readonly name: string; readonly bytes: number }> {
  const random = randomOf(seed);
  const names = 20_000;
  const sums: number[] = [];
  let sum = 0;
  for (let rank = 1; rank <= names; rank += 1) {
    sum += 1 / rank;
    sums.push(sum);
  }
  const sizeOf = (of: number) => 500 + ((of * 7_919) % 40) * 100;
  let scanned = 0;
  for (let at = 0; at < 120_000; at += 1) {
    if (at % 10_000 < 3_000) {
      yield { name: `scan ${scanned}`, bytes: sizeOf(scanned) };
      scanned += 1;
      continue;
    }
    const wanted = random() * sum;
    let low = 0;
    let high = names - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sums[middle] as number) < wanted) low = middle + 1;
      else high = middle;
    }
    yield { name: `agent ${low}`, bytes: sizeOf(low) };
  }
}

function hitRate(cache: Cache, seed: number): number {
  let hits = 0;
  let all = 0;
  for (const { name, bytes } of trace(seed)) {
    all += 1;
    if (cache.has(name, bytes)) hits += 1;
  }
  return hits / all;
}

describe('V10: eviction', () => {
  test('V10: on a Zipf trace with scans S3-FIFO hits more often than LRU, at every size', () => {
    for (const bytesMax of [500_000, 1_000_000, 4_000_000]) {
      const ours = hitRate(s3Cache(bytesMax), 7);
      const lru = hitRate(lruCache(bytesMax), 7);
      expect(ours).toBeGreaterThan(lru + 0.03);
    }
  });

  test('V10: bytes are what its entries have, whatever is added, used, resized and removed', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('add', 'use', 'resize', 'remove', 'evict'), fc.nat(30), fc.integer({ min: 1, max: 200 })));
    fc.assert(
      fc.property(steps, (list) => {
        const queue = new S3Fifo<Entry>(1_000, hashOf);
        const entries = new Map<string, Entry>();
        for (const [kind, pick, bytes] of list) {
          const name = `${pick}`;
          const known = entries.get(name);
          if (kind === 'add' && known === undefined) {
            const entry = entryOf(name, bytes);
            entries.set(name, entry);
            queue.add(entry);
          }
          if (kind === 'use' && known !== undefined) queue.use(known);
          if (kind === 'resize' && known !== undefined) queue.resize(known, bytes);
          if (kind === 'remove' && known !== undefined) {
            queue.remove(known);
            entries.delete(name);
          }
          if (kind === 'evict') {
            const evicted = queue.evict();
            expect(evicted === undefined).toBe(entries.size === 0);
            if (evicted !== undefined) expect(entries.delete(evicted.name)).toBe(true);
          }
        }
        const left = new Set<string>();
        for (let entry = queue.evict(); entry !== undefined; entry = queue.evict()) left.add(entry.name);
        expect(left).toEqual(new Set(entries.keys()));
      }),
      { numRuns: 300 },
    );
  });

  test('V10: what leaves at once and comes again stays, since it is known', () => {
    const cache = s3Cache(10_000);
    cache.has('again', 100);
    for (let at = 0; at < 200; at += 1) cache.has(`${at}`, 100);
    expect(cache.has('again', 100)).toBe(false);
    for (let at = 200; at < 280; at += 1) cache.has(`${at}`, 100);
    expect(cache.has('again', 100)).toBe(true);
    expect(cache.bytes()).toBeLessThanOrEqual(10_000);
  });
});
