/** Directory entries: who owns an agent and where its history lies (L3, L5). What is read there is checked before anything is claimed by it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { env } from 'node:process';
import { decode, encode, fromHex, type HashHex, isSkepError, type LaneId, toHex, universeId, type Value } from '@skep/kernel';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DirectoryEntry, decodeEntry, directoryKey, directoryPrefix, encodeEntry } from '../src/index.js';
import { A, entryOf, ME, OTHER } from './driven-lane.js';

const GOLDEN = new URL('./golden/entries.txt', import.meta.url);

const wholes = fc.oneof(fc.constantFrom(0, 1, Number.MAX_SAFE_INTEGER), fc.nat());
const lanes = fc.constantFrom(ME, OTHER);
const ranges = fc.record({ lane: lanes, from: wholes, upTo: wholes, epoch: wholes, after: wholes });
const snapshots = fc.record({ position: wholes, version: wholes, blob: fc.constantFrom('ab' as HashHex, 'cd' as HashHex) });
const entries: fc.Arbitrary<DirectoryEntry> = fc.record({
  ...{ owner: lanes, since: wholes, after: wholes, epoch: wholes, trail: fc.array(ranges, { maxLength: 5 }) },
  ...{ snapshot: fc.option(snapshots), cut: wholes, wake: fc.boolean(), free: fc.boolean(), tombstone: fc.boolean() },
});

function refusal(bytes: Uint8Array): string {
  try {
    decodeEntry(bytes, 'directory/main/1/key');
  } catch (error) {
    if (!isSkepError(error)) throw error;
    expect(error.id).toBe('directory/main/1/key');
    return error.code;
  }
  return 'accepted';
}

const FULL = entryOf({
  ...{ owner: ME, since: 7, after: 8, epoch: 3, cut: 2, wake: true, free: true, tombstone: true },
  trail: [{ lane: OTHER, from: 1, upTo: 5, epoch: 1, after: 0 }],
  snapshot: { position: 4, version: 3, blob: 'ab'.repeat(32) as HashHex },
});

describe('an entry comes back as it was', () => {
  test('L5: owner, ranges, snapshot and flags survive the registry', () => {
    fc.assert(fc.property(entries, (entry) => void expect(decodeEntry(encodeEntry(entry), 'k')).toEqual(entry)));
  });

  test('G8: golden vectors hold, so directories of today are read for ever', () => {
    const rows = [`first ${toHex(encodeEntry(entryOf({})))}`, `full ${toHex(encodeEntry(FULL))}`];
    if (env.SKEP_GOLDEN === 'write') writeFileSync(GOLDEN, `${rows.join('\n')}\n`);
    const kept = readFileSync(GOLDEN, 'utf8').trim().split('\n');
    expect(rows).toEqual(kept);
    expect(decodeEntry(fromHex(kept[1]?.split(' ')[1] as string), 'k')).toEqual(FULL);
  });

  test('the entries of a universe and timeline lie under one prefix, each under its agent', () => {
    expect(directoryKey(universeId('main'), 2, A)).toBe(`directory/main/2/${A}`);
    expect(directoryKey(universeId('main'), 2, A).startsWith(directoryPrefix(universeId('main'), 2))).toBe(true);
  });
});

describe('G11: what is no entry is refused with its key', () => {
  const fieldsOf = (entry: DirectoryEntry): Value[] => [...(decode(encodeEntry(entry)) as readonly Value[])];

  test('an entry of a future format is told from a damaged one', () => {
    const [, ...rest] = fieldsOf(FULL);
    expect(refusal(encode([2, ...rest]))).toBe('unsupported-format');
    expect(refusal(encode([2, 'another shape']))).toBe('unsupported-format');
    expect(refusal(encode([0, ...rest]))).toBe('corrupt');
  });

  test('an entry cut short, or another value, is corrupt', () => {
    const bytes = encodeEntry(FULL);
    for (let length = 0; length < bytes.length; length += 1) expect(refusal(bytes.slice(0, length))).toBe('corrupt');
    for (const value of [null, 1, 'text', {}, [], [1]]) expect(refusal(encode(value))).toBe('corrupt');
    expect(refusal(encode([...fieldsOf(FULL), 1]))).toBe('corrupt');
  });

  test('any other value in the place of any field is corrupt, or makes another entry', () => {
    const others = fc.oneof(fc.constantFrom<Value>(null, -1, 0.5, true, 'x', [], {}, [1, 2, 3], [[1, 2, 3, 4, 5]]), wholes);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), others, (place, value) => {
        const fields = fieldsOf(FULL);
        fields[place] = value;
        const bytes = encode(fields);
        const outcome = refusal(bytes);
        if (outcome === 'accepted') expect(encodeEntry(decodeEntry(bytes, 'k'))).toEqual(bytes);
        else expect(outcome).toBe('corrupt');
      }),
      { numRuns: 500 },
    );
  });

  test('a trail of lanes without ranges is corrupt', () => {
    const fields = fieldsOf(FULL);
    fields[5] = [OTHER as LaneId];
    expect(refusal(encode(fields))).toBe('corrupt');
  });
});
