/** Sealing lanes of others: L2 (anyone, any time), L10 (a seal is never trimmed). A lane counts as sealed only by proof. */
import { hash } from '@skep/kernel';
import { describe, expect, test } from 'vitest';
import { decodeBatch, encodeBatch, NO_HASH } from '../src/index.js';
import { DISK_FULL, DrivenLane, OTHER, UNREADABLE } from './driven-lane.js';

const batch = (number: number) => encodeBatch({ kind: 'records', lane: OTHER, number, previous: NO_HASH, records: [] }).bytes;
const seal = (number: number) => encodeBatch({ kind: 'seal', lane: OTHER, number, previous: NO_HASH, records: [] }).bytes;

function sealing(): DrivenLane {
  const driven = new DrivenLane();
  driven.after((lane) => lane.seal(OTHER));
  return driven;
}

describe('L2: anyone may seal a lane', () => {
  test('the seal follows the last record and names its hash', () => {
    const driven = sealing();
    const last = batch(4);
    driven.answer('last', { kind: 'last', entry: { sequence: 9, bytes: last } });
    expect(driven.waiting('append')).toMatchObject({ lane: OTHER, expected: 9, attempt: 0 });
    expect(decodeBatch(driven.waiting('append').bytes)).toEqual({ kind: 'seal', lane: OTHER, number: 5, previous: hash(last), records: [] });
    expect(driven.lane.sealOf(OTHER)).toBeUndefined();
    driven.answer('append', { kind: 'appended', sequence: 10 });
    expect(driven.events('sealed')).toEqual([{ kind: 'sealed', lane: OTHER, number: 5 }]);
    expect(driven.lane.sealOf(OTHER)).toBe(5);
  });

  test('a lane that nothing was ever written to is sealed by its first entry', () => {
    const driven = sealing();
    driven.answer('last', { kind: 'last', entry: undefined });
    expect(driven.waiting('append').expected).toBe(0);
    expect(decodeBatch(driven.waiting('append').bytes)).toMatchObject({ kind: 'seal', number: 1, previous: NO_HASH });
  });

  test('a lane that is sealed already is known as sealed without another seal', () => {
    const driven = sealing();
    driven.answer('last', { kind: 'last', entry: { sequence: 9, bytes: seal(5) } });
    expect(driven.events('sealed')).toEqual([{ kind: 'sealed', lane: OTHER, number: 5 }]);
    expect(driven.waitingKinds).toEqual([]);
    expect(driven.after((lane) => lane.seal(OTHER))).toEqual([{ kind: 'sealed', lane: OTHER, number: 5 }]);
  });

  test('asking twice seals once', () => {
    const driven = sealing();
    expect(driven.after((lane) => lane.seal(OTHER))).toEqual([]);
    driven.answer('last', { kind: 'last', entry: undefined });
    expect(driven.after((lane) => lane.seal(OTHER))).toEqual([]);
  });

  test('two who seal at once write the same bytes, so one seal is the seal of both', () => {
    const one = sealing();
    const two = sealing();
    for (const driven of [one, two]) driven.answer('last', { kind: 'last', entry: { sequence: 1, bytes: batch(1) } });
    expect(one.waiting('append').bytes).toEqual(two.waiting('append').bytes);
  });
});

describe('a seal that does not get through at once', () => {
  test('a writer that was faster: the new last record is read and sealed at once, as a pause would lose again', () => {
    const driven = sealing();
    for (let number = 1; number <= 5; number += 1) {
      driven.answer('last', { kind: 'last', entry: { sequence: number, bytes: batch(number) } });
      expect(driven.waiting('append')).toMatchObject({ expected: number, attempt: 0 });
      driven.answer('append', { kind: 'conflict' });
    }
  });

  test.each([{ kind: 'failed', error: DISK_FULL } as const, { kind: 'unknown' } as const])(
    'an append that is $kind is repeated after longer and longer pauses',
    (answer) => {
      const driven = sealing();
      for (let attempt = 0; attempt < 4; attempt += 1) {
        driven.answer('last', { kind: 'last', entry: { sequence: 1, bytes: batch(1) } });
        expect(driven.waiting('append').attempt).toBe(attempt);
        driven.answer('append', answer);
      }
      expect(driven.lane.sealOf(OTHER)).toBeUndefined();
    },
  );

  test('a seal in doubt counts when it is read, not before', () => {
    const driven = sealing();
    driven.answer('last', { kind: 'last', entry: { sequence: 1, bytes: batch(1) } });
    const sent = driven.waiting('append').bytes;
    driven.answer('append', { kind: 'unknown' });
    expect(driven.lane.sealOf(OTHER)).toBeUndefined();
    driven.answer('last', { kind: 'last', entry: { sequence: 2, bytes: sent } });
    expect(driven.lane.sealOf(OTHER)).toBe(2);
  });

  test.each([
    { what: 'cannot be read for good', answer: { kind: 'failed', error: UNREADABLE } as const },
    { what: 'is damaged', answer: { kind: 'last', entry: { sequence: 1, bytes: Uint8Array.of(1, 1, 0xff) } } as const },
    { what: 'is of a future format', answer: { kind: 'last', entry: { sequence: 1, bytes: Uint8Array.of(9, 1, 1) } } as const },
  ])('G11: a lane whose last record $what is not sealed, which is said once, and may be tried anew', ({ answer }) => {
    const driven = sealing();
    driven.answer('last', answer);
    expect(driven.events('unsealed')).toMatchObject([{ kind: 'unsealed', lane: OTHER }]);
    expect(driven.waitingKinds).toEqual([]);
    expect(driven.lane.sealOf(OTHER)).toBeUndefined();
    expect(driven.after((lane) => lane.seal(OTHER))).toMatchObject([{ kind: 'last', lane: OTHER }]);
  });
});

describe('L10: retiring a sealed lane', () => {
  test('drops what lies before the seal and keeps the seal for ever', () => {
    const driven = sealing();
    driven.answer('last', { kind: 'last', entry: { sequence: 9, bytes: seal(5) } });
    expect(driven.after((lane) => lane.retire(OTHER))).toEqual([{ kind: 'trim', lane: OTHER, below: 9 }]);
  });

  test('does nothing to a lane that is not known to be sealed', () => {
    const driven = sealing();
    expect(driven.after((lane) => lane.retire(OTHER))).toEqual([]);
  });
});
