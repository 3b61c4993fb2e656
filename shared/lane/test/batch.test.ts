/** Batches: what lies in a lane. L1: each names the hash of the one before. G11: what is no batch is never taken for one. */
import { readFileSync, writeFileSync } from 'node:fs';
import { env } from 'node:process';
import { type AgentId, fromHex, hash, isSkepError, type LaneId, toHex } from '@skep/kernel';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BATCH_FORMAT, type Batch, decodeBatch, encodeBatch, NO_HASH } from '../src/index.js';
import { A, B, bytesOf, ME } from './driven-lane.js';

const GOLDEN = new URL('./golden/batches.txt', import.meta.url);

const ids = fc.stringMatching(/^[a-z0-9=_/-]{1,40}$/);
const wholes = fc.oneof(fc.constantFrom(0, 1, 127, 128, 16_383, 16_384, 2 ** 32, Number.MAX_SAFE_INTEGER), fc.nat());
const hashes = fc.uint8Array({ minLength: 32, maxLength: 32 });
const records = fc.record({
  agent: ids as fc.Arbitrary<AgentId>,
  epoch: wholes,
  position: wholes,
  body: fc.uint8Array({ maxLength: 200 }),
});
const batches: fc.Arbitrary<Batch> = fc.oneof(
  fc.record({
    kind: fc.constant('records' as const),
    lane: ids as fc.Arbitrary<LaneId>,
    number: wholes,
    previous: hashes,
    records: fc.array(records, { maxLength: 8 }),
  }),
  fc.record({ kind: fc.constant('seal' as const), lane: ids as fc.Arbitrary<LaneId>, number: wholes, previous: hashes, records: fc.constant([]) }),
);

const FIRST: Batch = { kind: 'records', lane: ME, number: 1, previous: NO_HASH, records: [] };
const SECOND: Batch = {
  ...FIRST,
  number: 2,
  previous: encodeBatch(FIRST).hash,
  records: [
    { agent: A, epoch: 1, position: 1, body: bytesOf('one') },
    { agent: B, epoch: 300, position: 70_000, body: new Uint8Array(0) },
  ],
};
const SEAL: Batch = { kind: 'seal', lane: ME, number: 3, previous: encodeBatch(SECOND).hash, records: [] };

function refusal(bytes: Uint8Array): string {
  try {
    decodeBatch(bytes);
  } catch (error) {
    if (!isSkepError(error)) throw error;
    return `${error.code}: ${error.message}`;
  }
  return 'accepted';
}

describe('L1: a batch has one byte string', () => {
  test('what is encoded decodes to an equal batch, and its hash is that of its bytes', () => {
    fc.assert(
      fc.property(batches, (batch) => {
        const { bytes, hash: named } = encodeBatch(batch);
        expect(decodeBatch(bytes)).toEqual(batch);
        expect(named).toEqual(hash(bytes));
      }),
      { numRuns: 500 },
    );
  });

  test('G8: golden vectors hold, so lanes of today are read for ever', () => {
    const rows = Object.entries({ empty: FIRST, records: SECOND, seal: SEAL }).map(([name, batch]) => `${name} ${toHex(encodeBatch(batch).bytes)}`);
    if (env.SKEP_GOLDEN === 'write') writeFileSync(GOLDEN, `${rows.join('\n')}\n`);
    const kept = readFileSync(GOLDEN, 'utf8').trim().split('\n');
    expect(rows).toEqual(kept);
    expect(kept.map((row) => decodeBatch(fromHex(row.split(' ')[1] as string)))).toEqual([FIRST, SECOND, SEAL]);
  });

  test('the bytes carry no slack: they go to another thread as they are', () => {
    const { bytes } = encodeBatch(SECOND);
    expect(bytes.buffer.byteLength).toBe(bytes.length);
  });
});

describe('G11: bytes that are no batch are refused', () => {
  test('whatever bytes come, a batch is read that encodes to them again, or the refusal has a code', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const outcome = refusal(bytes);
        if (outcome === 'accepted') expect(encodeBatch(decodeBatch(bytes)).bytes).toEqual(bytes);
        else expect(outcome).toMatch(/^(corrupt|unsupported-format): /);
      }),
      { numRuns: 2000 },
    );
  });

  test('a byte changed anywhere makes another batch or none, and always another hash', () => {
    const { bytes, hash: named } = encodeBatch(SECOND);
    for (let at = 0; at < bytes.length; at += 1) {
      for (const flip of [1, 0x80, 0xff]) {
        const changed = bytes.slice();
        changed[at] = (bytes[at] as number) ^ flip;
        const outcome = refusal(changed);
        if (outcome === 'accepted') expect(encodeBatch(decodeBatch(changed)).bytes).toEqual(changed);
        expect(hash(changed)).not.toEqual(named);
      }
    }
  });

  test('a batch cut short anywhere ends too early', () => {
    for (const batch of [FIRST, SECOND, SEAL]) {
      const { bytes } = encodeBatch(batch);
      for (let length = 2; length < bytes.length; length += 1) expect(refusal(bytes.slice(0, length))).toMatch(/^corrupt: .*ends too early/);
    }
  });

  test('bytes after the end are refused', () => {
    expect(refusal(Uint8Array.of(...encodeBatch(SECOND).bytes, 0))).toMatch(/^corrupt: .*trailing bytes/);
  });

  test('no bytes, and a format byte of zero, are refused', () => {
    expect(refusal(new Uint8Array(0))).toMatch(/^corrupt: .*no format byte/);
    expect(refusal(new Uint8Array(100))).toMatch(/^corrupt: .*no format byte/);
  });

  test('a batch of a future format is told from a damaged one', () => {
    const { bytes } = encodeBatch(SECOND);
    bytes[0] = BATCH_FORMAT + 1;
    expect(refusal(bytes)).toBe(`unsupported-format: a lane's batch has format ${BATCH_FORMAT + 1}, this Skep reads up to ${BATCH_FORMAT}`);
  });

  test('a kind that is unknown is refused', () => {
    const { bytes } = encodeBatch(SECOND);
    for (const kind of [0, 3, 255]) {
      bytes[1] = kind;
      expect(refusal(bytes)).toMatch(/^corrupt: .*kind is unknown/);
    }
  });

  test('L2: a seal that holds records is refused', () => {
    const { bytes } = encodeBatch(SECOND);
    bytes[1] = 2;
    expect(refusal(bytes)).toMatch(/^corrupt: .*a seal holds records/);
  });

  test('a length beyond the bytes is refused before anything is made for it', () => {
    const head = [...encodeBatch(FIRST).bytes.slice(0, -1)];
    const huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    expect(refusal(Uint8Array.from([...head, ...huge]))).toMatch(/^corrupt: .*ends too early/);
    expect(refusal(Uint8Array.from([...head, 1, ...huge]))).toMatch(/^corrupt: .*ends too early/);
  });

  test('a number beyond 2^53 - 1 is refused, and so is one that is not in its shortest form', () => {
    const rest = encodeBatch(FIRST).bytes.slice(3);
    const withNumber = (...bytes: number[]) => refusal(Uint8Array.from([BATCH_FORMAT, 1, ...bytes, ...rest]));
    expect(withNumber(1)).toBe('accepted');
    expect(withNumber(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f)).toBe('accepted');
    expect(withNumber(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f)).toMatch(/^corrupt: .*too large/);
    expect(withNumber(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01)).toMatch(/^corrupt: .*too large/);
    expect(withNumber(0x81, 0x00)).toMatch(/^corrupt: .*shortest form/);
  });

  test('an id that is not ASCII is refused', () => {
    const { bytes } = encodeBatch(FIRST);
    bytes[36] = 0xc3;
    expect(refusal(bytes)).toMatch(/^corrupt: .*not ASCII/);
  });
});
