import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { build } from '../src/build.js';
import { mapDelete, mapGet, mapSet, sortedEntries } from '../src/map.js';
import type { MapItem } from '../src/node.js';
import { plainOf } from '../src/plain.js';
import { rootOf } from '../src/seal.js';
import { type Address, Space } from '../src/space.js';

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
  { maxLength: 60 },
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

  test('G8: replacing a value in a crowded bucket changes the root, putting it back restores it', () => {
    const keys = Array.from({ length: 40 }, (_, at) => `k${at}`);
    const map = mapOf(keys);
    const changed = mapSet(map, 'k7', 'other', space);
    expect(rootOf(changed, space)).not.toEqual(rootOf(map, space));
    expect(rootOf(mapSet(changed, 'k7', 'k7', space), space)).toEqual(rootOf(map, space));
  });
});
