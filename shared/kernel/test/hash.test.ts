import { fromHex, hash, hashHexOf, isSkepError, keyedHash, keyedHashOf, toHex } from '@skep/kernel';
import fc from 'fast-check';
import { createBLAKE3 } from 'hash-wasm';
import { expect, test } from 'vitest';

/** The input of the official test vectors: the bytes 0 to 250, repeated. */
const input = (length: number) => Uint8Array.from({ length }, (_, at) => at % 251);
const officialKey = new TextEncoder().encode('whats the Elvish word for friend');

test('V7: the official answers of BLAKE3', () => {
  expect(hashHexOf(input(0))).toBe('af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262');
  expect(hashHexOf(input(1))).toBe('2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213');
  expect(hashHexOf(input(102_400))).toBe('bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085');
  expect(toHex(keyedHash(officialKey, input(0)))).toBe('92b2b75604ed3c761f9d6f62392c8a9227ad0ea3f09573e783f1498a4ed60d26');
});

test('V7: short and long inputs, with and without a key, agree with one implementation', async () => {
  const plain = await createBLAKE3();
  const keyed = await createBLAKE3(256, officialKey);
  for (const length of [0, 1, 63, 64, 65, 1023, 1024, 1025, 1399, 1400, 1401, 2048, 2049, 4999, 5000, 5001, 65_536, 100_001]) {
    expect(hashHexOf(input(length))).toBe(plain.init().update(input(length)).digest());
    expect(toHex(keyedHash(officialKey, input(length)))).toBe(keyed.init().update(input(length)).digest());
  }
});

test('V7: keys do not leak into each other, and a key may be changed after use', () => {
  const key = officialKey.slice();
  const made = keyedHashOf(key);
  const first = made(input(10));
  const other = keyedHash(new Uint8Array(32), input(10));
  key.fill(0);
  expect(made(input(10))).toEqual(first);
  expect(other).not.toEqual(first);
  expect(made(input(10_000))).toEqual(keyedHash(officialKey, input(10_000)));
  expect(hash(input(10))).not.toEqual(first);
});

test('G13: a key of another length is refused', () => {
  expect(() => keyedHashOf(new Uint8Array(31))).toThrow('32 bytes');
});

test('hashes of views see only the view', () => {
  expect(hash(input(3_000).subarray(100, 2_000))).toEqual(hash(input(3_000).slice(100, 2_000)));
  expect(hash(input(300).subarray(100, 200))).toEqual(hash(input(300).slice(100, 200)));
});

test('hexadecimal text comes back, other text is refused', () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void expect(fromHex(toHex(bytes))).toEqual(bytes)));
  for (const text of ['0', 'zz', 'AB', '0 ']) {
    let code = false;
    try {
      fromHex(text);
    } catch (error) {
      code = isSkepError(error, 'malformed');
    }
    expect(code).toBe(true);
  }
});
