import { toHex } from '@skep/kernel';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { build } from '../src/build.js';
import { mapDelete, mapGet, mapSet, sortedEntries } from '../src/map.js';
import type { MapItem } from '../src/node.js';
import { plainOf } from '../src/plain.js';
import { linkHash, rootOf, sinkTree } from '../src/seal.js';
import { type Address, PLAIN_SPACE, Space } from '../src/space.js';
import { Unsealer } from '../src/unseal.js';
import { codeOf } from './arbitrary.js';

/** Addresses with very few bits, so that keys collide at every depth and in whole. */
class CrowdedSpace extends Space {
  protected override computeAddress(key: string): Address {
    const number = Number(key.slice(1));
    return { high: number % 2 === 0 ? 0 : 0x10000000, low: number % 3 };
  }
}

const space = new CrowdedSpace();
const entries = fc.uniqueArray(
  fc.nat(80).map((at) => `k${at}`),
  { maxLength: 60, size: 'max' },
);
const mapOf = (keys: readonly string[]) => build(Object.fromEntries(keys.map((key) => [key, key])), 0, space) as MapItem;

describe('G8: keys whose addresses collide', () => {
  test('G8: maps stay canonical and find every key', () => {
    fc.assert(
      fc.property(entries, entries, (kept, passing) => {
        let map: MapItem = mapOf([]);
        for (const key of [...passing, ...kept]) map = mapSet(map, key, key, space);
        for (const key of passing) if (!kept.includes(key)) map = mapDelete(map, key, space);
        expect(sortedEntries(map).map(({ key }) => key)).toEqual(kept.toSorted());
        for (const key of kept) expect(mapGet(map, key, space)).toBe(key);
        for (const key of passing) if (!kept.includes(key)) expect(mapGet(map, key, space)).toBeUndefined();
        expect(rootOf(map, space)).toEqual(rootOf(mapOf(kept), space));
        expect(plainOf(map, 0)).toEqual(Object.fromEntries(kept.map((key) => [key, key])));
      }),
      { numRuns: 300 },
    );
  });

  test('G8, G11: sealed and read again they are the same, and a key at a wrong place is refused', () => {
    fc.assert(
      fc.property(entries, (keys) => {
        const nodes = new Map<string, Uint8Array>();
        const root = sinkTree(mapOf(keys), space, { has: () => false, take: (link, bytes) => void nodes.set(toHex(linkHash(link)), bytes.slice()) });
        const source = { bytesOf: (hash: Uint8Array) => nodes.get(toHex(hash)) };
        expect(plainOf(new Unsealer(space, source).root(root), 0)).toEqual(plainOf(mapOf(keys), 0));
        if (keys.length > 16) expect(codeOf(() => plainOf(new Unsealer(PLAIN_SPACE, source).root(root), 0))).toBe('malformed');
      }),
      { numRuns: 100 },
    );
  });

  test('G8: replacing a value in a crowded bucket changes the root, putting it back restores it', () => {
    const keys = Array.from({ length: 40 }, (_, at) => `k${at}`);
    const map = mapOf(keys);
    const changed = mapSet(map, 'k7', 'other', space);
    expect(rootOf(changed, space)).not.toEqual(rootOf(map, space));
    expect(rootOf(mapSet(changed, 'k7', 'k7', space), space)).toEqual(rootOf(map, space));
  });
});
