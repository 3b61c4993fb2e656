import { hashHexOf } from '@skep/kernel';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ColdBlob, ColdIndex } from '../../src/memory/cold-index.js';

const addressOf = (number: number) => hashHexOf(Uint8Array.of(number >>> 8, number));

describe('V10: where cold versions are', () => {
  test('V10: each agent has the blobs that were set last, however many agents and blobs come and go', () => {
    const blob = fc.record({ address: fc.nat(0xffff).map(addressOf), from: fc.maxSafeNat(), to: fc.maxSafeNat() });
    const agent = fc.nat(200).map((number) => `agent ${number}`);
    fc.assert(
      fc.property(fc.array(fc.tuple(agent, fc.array(blob, { maxLength: 4 })), { minLength: 1, maxLength: 400, size: 'max' }), (steps) => {
        const index = new ColdIndex();
        const expected = new Map<string, readonly ColdBlob[]>();
        for (const [name, blobs] of steps) {
          index.set(name, blobs);
          expected.set(name, blobs);
        }
        for (const [name, blobs] of expected) expect(index.get(name)).toEqual(blobs);
        expect(index.get('nobody')).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  test('V10: rows of blobs that have gone are used again', () => {
    const index = new ColdIndex();
    const blobs = Array.from({ length: 40 }, (_, number) => ({ address: addressOf(number), from: number, to: number + 1 }));
    index.set('a', blobs);
    const { rows } = index;
    for (let round = 0; round < 100; round += 1) {
      index.set('a', []);
      index.set(`agent ${round}`, blobs);
      index.set(`agent ${round}`, []);
    }
    expect(index.rows).toBe(rows);
  });
});
