import { LIMITS } from '@skep/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Registry, RegistryEntry, Revision } from '../index.js';
import { codeOfRejection, eventually, patternBytes } from './eventually.js';

/** An empty registry to be judged. */
export interface RegistrySubject {
  readonly registry: Registry;
  /** A second client of the same registry, if there can be one. */
  readonly other?: Registry;
  close?(): Promise<void>;
}

/** What every `Registry` promises. Reads may be stale, so what a read must show is awaited. */
export function registryConformance(name: string, make: () => Promise<RegistrySubject>): void {
  describe(`${name} keeps the promises of Registry`, () => {
    let subject: RegistrySubject;
    let registry: Registry;
    let other: Registry;

    beforeEach(async () => {
      subject = await make();
      registry = subject.registry;
      other = subject.other ?? subject.registry;
    });
    afterEach(async () => {
      await subject.close?.();
    });

    /** The entry, when its revision is at least this. */
    const seen = (from: Registry, key: string, revision: Revision): Promise<RegistryEntry> =>
      eventually(`${key} at ${revision}`, async () => {
        const entry = await from.get(key);
        return entry !== undefined && entry.revision >= revision ? entry : undefined;
      });

    /** The keys under a prefix, when there are as many as this. */
    const listed = (prefix: string, count: number): Promise<readonly RegistryEntry[]> =>
      eventually(`${count} entries under ${prefix}`, async () => {
        const entries = await registry.list(prefix);
        return entries.length >= count ? entries : undefined;
      });

    describe('update', () => {
      it('creates at expected 0 and shows up in get', async () => {
        expect(await registry.get('a/b')).toBeUndefined();
        const revision = await mustUpdate(registry, 'a/b', text('one'), 0);
        expect(revision).toBeGreaterThan(0);
        expect(show(await seen(other, 'a/b', revision))).toEqual(['a/b', 'one', revision]);
      });

      it('replaces at the revision of the entry, and the revision grows', async () => {
        const first = await mustUpdate(registry, 'k', text('one'), 0);
        const second = await mustUpdate(registry, 'k', text('two'), first);
        expect(second).toBeGreaterThan(first);
        expect(show(await seen(registry, 'k', second))).toEqual(['k', 'two', second]);
      });

      it('is refused at any other revision and changes nothing', async () => {
        const first = await mustUpdate(registry, 'k', text('one'), 0);
        const second = await mustUpdate(registry, 'k', text('two'), first);
        for (const expected of [0, first, second + 1]) {
          expect(await other.update('k', text('late'), expected)).toEqual({ kind: 'conflict', revision: second });
        }
        expect(await registry.update('none', text('x'), second)).toEqual({ kind: 'conflict', revision: 0 });
        expect(show(await seen(registry, 'k', second))).toEqual(['k', 'two', second]);
      });

      it('gives revisions that grow over all keys', async () => {
        let last = 0;
        for (let at = 0; at < 30; at += 1) {
          const revision = await mustUpdate(at % 2 ? other : registry, `k/${at}`, text('x'), 0);
          expect(revision).toBeGreaterThan(last);
          last = revision;
        }
      });

      it('lets exactly one of many concurrent creations win', async () => {
        for (let round = 0; round < 10; round += 1) {
          const results = await Promise.all(Array.from({ length: 8 }, (_, at) => (at % 2 ? other : registry).update(`r/${round}`, text(`${at}`), 0)));
          const winners = results.flatMap((result, at) => (result.kind === 'updated' ? [{ at, revision: result.revision }] : []));
          expect(winners).toHaveLength(1);
          const [winner] = winners;
          for (const result of results) if (result.kind === 'conflict') expect(result.revision).toBe(winner?.revision);
          expect(show(await seen(registry, `r/${round}`, winner?.revision ?? 0))[1]).toBe(`${winner?.at}`);
        }
      });

      it('loses no increment of a counter that many fight for', async () => {
        await Promise.all(Array.from({ length: 6 }, (_, at) => increments(at % 2 ? other : registry, 'counter', 15)));
        await eventually('the counter at 90', async () => ((await registry.get('counter'))?.value[0] === 90 ? true : undefined));
      });

      it('keeps the bytes exactly, also those of a view and none at all', async () => {
        const whole = patternBytes(300, 1);
        const cases: readonly [string, Uint8Array][] = [
          ['all', patternBytes(256, 0)],
          ['view', whole.subarray(5, 9)],
          ['empty', new Uint8Array(0)],
          ['limit', patternBytes(LIMITS.registryValueBytes, 2)],
        ];
        for (const [key, value] of cases) {
          const wanted = value.slice();
          const revision = await mustUpdate(registry, key, value, 0);
          expect(Buffer.compare((await seen(registry, key, revision)).value, wanted)).toBe(0);
        }
      });

      it('refuses a value over the limit with payload-too-large and writes nothing', async () => {
        expect(await codeOfRejection(registry.update('k', new Uint8Array(LIMITS.registryValueBytes + 1), 0))).toBe('payload-too-large');
        expect(await registry.get('k')).toBeUndefined();
        await mustUpdate(registry, 'k', text('x'), 0);
      });

      it('takes every letter that an escaped key has, and long keys', async () => {
        const keys = ['a-b_c=2f/0', `u/${'=00'.repeat(60)}/${'z'.repeat(200)}`, '==abc234/x'];
        for (const key of keys) {
          const revision = await mustUpdate(registry, key, text(key), 0);
          expect(show(await seen(other, key, revision))[1]).toBe(key);
        }
      });
    });

    describe('reads', () => {
      it('give values that belong to the reader', async () => {
        const revision = await mustUpdate(registry, 'k', text('kept'), 0);
        (await seen(registry, 'k', revision)).value.fill(0);
        for (const entry of await listed('k', 1)) entry.value.fill(0);
        expect(show(await seen(registry, 'k', revision))[1]).toBe('kept');
      });

      it('list the entries of a prefix in the order of their keys, and no others', async () => {
        for (const key of ['b/2', 'a/9', 'b/10', 'c', 'b', 'b/1', 'b-/1', 'b=2f/1', 'ba/1']) await mustUpdate(registry, key, text(key), 0);
        const keys = (await listed('b/', 3)).map((entry) => entry.key);
        expect(keys).toEqual(['b/1', 'b/10', 'b/2']);
        for (const entry of await listed('b/', 3)) expect(show(entry)[1]).toBe(entry.key);
        expect((await listed('', 9)).map((entry) => entry.key)).toEqual(['a/9', 'b', 'b-/1', 'b/1', 'b/10', 'b/2', 'b=2f/1', 'ba/1', 'c']);
        expect(await registry.list('none/')).toEqual([]);
      });

      it('list by pages every entry once', async () => {
        const keys = Array.from({ length: 57 }, (_, at) => `p/${String(at).padStart(3, '0')}`);
        for (const key of keys) await mustUpdate(registry, key, text(key), 0);
        await mustUpdate(registry, 'q', text('behind'), 0);
        await listed('', 58);
        for (const limit of [1, 10, 57, 100]) {
          const paged: string[] = [];
          for (;;) {
            const after = paged.at(-1);
            const page = await registry.list('p/', after === undefined ? { limit } : { after, limit });
            if (page.length === 0) break;
            expect(page.length).toBeLessThanOrEqual(limit);
            paged.push(...page.map((entry) => entry.key));
          }
          expect(paged).toEqual(keys);
        }
      });

      it('list from a key that does not exist, and from outside the prefix', async () => {
        for (const key of ['p/1', 'p/3']) await mustUpdate(registry, key, text('x'), 0);
        await listed('p/', 2);
        const after = async (key: string) => (await registry.list('p/', { after: key })).map((entry) => entry.key);
        expect(await after('p/2')).toEqual(['p/3']);
        expect(await after('a')).toEqual(['p/1', 'p/3']);
        expect(await after('q')).toEqual([]);
      });
    });

    describe('watch', () => {
      it('tells the newest state of every key below the prefix, in revision order', async () => {
        const told: RegistryEntry[] = [];
        registry.watch('w/', (entry) => told.push(entry));
        const newest = new Map<string, Revision>();
        for (let at = 0; at < 60; at += 1) {
          const key = `w/${at % 5}`;
          newest.set(key, await mustUpdate(at % 2 ? other : registry, key, text(`${at}`), newest.get(key) ?? 0));
          await mustUpdate(registry, `x/${at}`, text('elsewhere'), 0);
        }
        for (const [key, revision] of newest) {
          await eventually(`news of ${key}`, () => told.find((entry) => entry.key === key && entry.revision === revision));
          const revisions = told.filter((entry) => entry.key === key).map((entry) => entry.revision);
          expect(revisions).toEqual([...revisions].sort((one, two) => one - two));
        }
        expect(told.every((entry) => entry.key.startsWith('w/'))).toBe(true);
      });

      it('tells the value along', async () => {
        const told: RegistryEntry[] = [];
        registry.watch('', (entry) => told.push(entry));
        await mustUpdate(registry, 'k', text('value'), 0);
        expect(show(await eventually('news', () => told[0]))[1]).toBe('value');
      });

      it('never calls back inside watch or update', async () => {
        let inside = true;
        let early = 0;
        registry.watch('', () => {
          if (inside) early += 1;
        });
        const updating = registry.update('k', text('x'), 0);
        inside = false;
        await updating;
        expect(early).toBe(0);
      });

      it('tells every listener, until it stops', async () => {
        const one: string[] = [];
        const two: string[] = [];
        const stop = registry.watch('', (entry) => one.push(entry.key));
        registry.watch('', (entry) => two.push(entry.key));
        await mustUpdate(registry, 'a', text('x'), 0);
        await eventually('both told', () => (one.length > 0 && two.length > 0 ? true : undefined));
        stop();
        stop();
        await mustUpdate(registry, 'b', text('x'), 0);
        await eventually('the second told', () => two.find((key) => key === 'b'));
        expect(one).toEqual(['a']);
      });
    });
  });
}

function text(written: string): Uint8Array {
  return new TextEncoder().encode(written);
}

function show(entry: RegistryEntry): [string, string, Revision] {
  return [entry.key, new TextDecoder().decode(entry.value), entry.revision];
}

async function mustUpdate(registry: Registry, key: string, value: Uint8Array, expected: Revision): Promise<Revision> {
  const result = await registry.update(key, value, expected);
  if (result.kind !== 'updated') throw new Error(`the update of ${key} at ${expected} met ${result.revision}`);
  return result.revision;
}

/** Adds one `wins` times; what a stale read shows is found out by the compare-and-set. */
async function increments(registry: Registry, key: string, wins: number): Promise<void> {
  for (let won = 0; won < wins; ) {
    const entry = await registry.get(key);
    const result = await registry.update(key, Uint8Array.of((entry?.value[0] ?? 0) + 1), entry?.revision ?? 0);
    if (result.kind === 'updated') won += 1;
  }
}
