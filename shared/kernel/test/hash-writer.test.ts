/** Hashes of bytes where they lie, against the hashers that copy them. */
import { describe, expect, test } from 'vitest';
import { hash, keyedHash } from '../src/hash.js';
import { HashKey, HashWriter } from '../src/hash-writer.js';

const address = Uint8Array.from({ length: 32 }, (_, at) => at * 7 + 1);
const bytesOf = (length: number) => Uint8Array.from({ length }, (_, at) => (at * 251 + length) & 0xff);
/** All short ones, and those around the ends of blocks, chunks and the longest that is hashed in place. */
const LENGTHS = [
  ...Array.from({ length: 200 }, (_, at) => at),
  ...[1, 2, 3, 4, 5, 8].flatMap((chunks) => [-65, -1, 0, 1, 63, 64, 65].map((more) => chunks * 1024 + more)),
];

function hashOf(writer: HashWriter, key: HashKey, bytes: Uint8Array): Uint8Array {
  const start = writer.at;
  writer.raw(bytes);
  writer.hashTo(key, start, start);
  return writer.bytes.slice(start, start + 32);
}

describe('a writer that hashes in place', () => {
  test('G8: has the hash of BLAKE3 for every length, with a key and without', () => {
    const writer = new HashWriter();
    const plain = new HashKey();
    const keyed = new HashKey(address);
    for (const length of LENGTHS) {
      const bytes = bytesOf(length);
      const start = writer.at;
      expect(hashOf(writer, plain, bytes), `${length} bytes`).toEqual(hash(bytes));
      writer.back(start);
      expect(hashOf(writer, keyed, bytes), `${length} bytes, keyed`).toEqual(keyedHash(address, bytes));
      writer.back(start);
    }
  });

  test('leaves what was written before, puts the hash behind it, and grows', () => {
    const writer = new HashWriter();
    const start = writer.at;
    const bytes = bytesOf(300_000);
    writer.raw(bytes);
    const from = writer.at;
    writer.raw(bytes.subarray(0, 100));
    writer.hashTo(new HashKey(), from, writer.at);
    expect(Buffer.compare(writer.bytes.subarray(start, writer.at), Buffer.concat([bytes, bytes.subarray(0, 100)]))).toBe(0);
    expect(writer.bytes.slice(writer.at, writer.at + 32)).toEqual(hash(bytes.subarray(0, 100)));
  });

  test('has room for the hash, and for the zeros of the last block, at the very end of its buffer', () => {
    for (const length of [1, 63, 64, 65, 1024, 1025, 4096, 4097]) {
      const writer = new HashWriter();
      const bytes = bytesOf(length);
      writer.raw(bytesOf(writer.bytes.length - writer.at - length));
      const start = writer.at;
      writer.raw(bytes);
      expect(writer.at).toBe(writer.bytes.length);
      writer.hashTo(new HashKey(), start, writer.at + 3);
      expect(writer.bytes.slice(writer.at + 3, writer.at + 35)).toEqual(hash(bytes));
    }
  });

  test('gives back a buffer that grew large, and hashes on', () => {
    const writer = new HashWriter();
    const start = writer.at;
    const first = writer.bytes.length;
    writer.raw(bytesOf(2_000_000));
    writer.back(start);
    expect(writer.bytes.length).toBe(first);
    expect(hashOf(writer, new HashKey(address), bytesOf(50))).toEqual(keyedHash(address, bytesOf(50)));
  });

  test('refuses a key of another length', () => {
    expect(() => new HashKey(new Uint8Array(31))).toThrow(expect.objectContaining({ code: 'not-configured' }));
  });
});
