import type { Registry, RegistryEntry } from '@skep/ports';
import { describe, expect, it } from 'vitest';
import { entryToTell, newestEntry } from '../src/newest-entry.js';
import { codeOf, failure } from './hive.js';

/** A registry whose reads show older entries for a while. */
function behind({ newest, staleReads }: { newest: number; staleReads: number }) {
  const entry = (revision: number): RegistryEntry => ({ key: 'k', value: new Uint8Array(0), revision });
  let reads = 0;
  const registry = {
    update: async () => ({ kind: 'conflict', revision: newest }),
    get: async () => {
      reads += 1;
      if (reads > staleReads) return newest === 0 ? undefined : entry(newest);
      return reads === 1 ? undefined : entry(newest - 1);
    },
  } as unknown as Registry;
  return { registry, reads: () => reads };
}

describe('the newest entry of the directory', () => {
  it('is found however far behind the first reads are', async () => {
    const { registry } = behind({ newest: 7, staleReads: 3 });
    expect(await newestEntry(registry, 'k')).toMatchObject({ revision: 7 });
  });

  it('is none where there is none, without a read', async () => {
    const { registry, reads } = behind({ newest: 0, staleReads: 0 });
    expect(await newestEntry(registry, 'k')).toBeUndefined();
    expect(reads()).toBe(0);
  });

  it('leaves nobody in doubt: what asks for it writes nothing', async () => {
    const { registry } = behind({ newest: 7, staleReads: 0 });
    registry.update = () => Promise.reject(failure('outcome-unknown'));
    expect(await codeOf(newestEntry(registry, 'k'))).toBe('unavailable');
  });

  it('is told by a plain read where nothing can be written any more, and not decided by', async () => {
    const { registry } = behind({ newest: 7, staleReads: 0 });
    registry.update = () => Promise.reject(failure('disk-full'));
    expect(await entryToTell(registry, 'k')).toMatchObject({ revision: 7 });
    expect(await codeOf(newestEntry(registry, 'k'))).toBe('disk-full');
  });

  it('is not guessed: reads that stay behind are refused, after a bounded number of them', async () => {
    const { registry, reads } = behind({ newest: 7, staleReads: 1_000 });
    expect(await codeOf(newestEntry(registry, 'k'))).toBe('unavailable');
    expect(reads()).toBeLessThan(100);
  });
});
