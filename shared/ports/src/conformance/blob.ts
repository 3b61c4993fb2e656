import { type HashHex, hashHexOf } from '@skep/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Blob } from '../index.js';
import { codeOfRejection, patternBytes } from './eventually.js';

/** An empty blob store to be judged. */
export interface BlobSubject {
  readonly blob: Blob;
  readonly other?: Blob;
  /** Changes a byte of a stored blob behind the port's back, where that can be done. */
  damage?(hash: HashHex): Promise<void>;
  close?(): Promise<void>;
}

const MEBIBYTE = 1024 * 1024;

/** What every `Blob` promises. */
export function blobConformance(name: string, make: () => Promise<BlobSubject>): void {
  describe(`${name} keeps the promises of Blob`, () => {
    let subject: BlobSubject;
    let blob: Blob;
    let other: Blob;

    beforeEach(async () => {
      subject = await make();
      blob = subject.blob;
      other = subject.other ?? subject.blob;
    });
    afterEach(async () => {
      await subject.close?.();
    });

    it('returns what was put, under its BLAKE3 hash, whatever the length', async () => {
      for (const length of [0, 1, 1000, 16_384, 100_000, 5 * MEBIBYTE]) {
        const bytes = patternBytes(length, length);
        const hash = await blob.put(bytes.slice());
        expect(hash).toBe(hashHexOf(bytes));
        const got = await other.get(hash);
        expect(got !== undefined && Buffer.compare(got, bytes) === 0).toBe(true);
        expect(await other.has(hash)).toBe(true);
      }
    });

    it('knows nothing of what was never put', async () => {
      const hash = hashHexOf(patternBytes(10, 99));
      expect(await blob.get(hash)).toBeUndefined();
      expect(await blob.has(hash)).toBe(false);
      await blob.delete(hash);
    });

    it('takes the same bytes again, also at the same time', async () => {
      const bytes = patternBytes(20_000, 4);
      const hashes = await Promise.all(Array.from({ length: 8 }, (_, at) => (at % 2 ? other : blob).put(bytes.slice())));
      hashes.push(await blob.put(bytes.slice()));
      expect(new Set(hashes)).toEqual(new Set([hashHexOf(bytes)]));
      expect(await blob.get(hashHexOf(bytes))).toEqual(bytes);
    });

    it('takes a view without what surrounds it', async () => {
      const whole = patternBytes(1000, 5);
      const hash = await blob.put(whole.subarray(100, 200));
      expect(await blob.get(hash)).toEqual(patternBytes(1000, 5).slice(100, 200));
      expect(whole.slice(200)).toEqual(patternBytes(1000, 5).slice(200));
    });

    it('gives bytes that belong to the reader', async () => {
      const hash = await blob.put(patternBytes(100, 6));
      (await blob.get(hash))?.fill(0);
      expect(await blob.get(hash)).toEqual(patternBytes(100, 6));
    });

    it('deletes, once or twice, and only what was named; a deleted blob can be put again', async () => {
      const kept = await blob.put(patternBytes(100, 7));
      const gone = await blob.put(patternBytes(100, 8));
      await blob.delete(gone);
      await other.delete(gone);
      expect(await blob.get(gone)).toBeUndefined();
      expect(await blob.has(gone)).toBe(false);
      expect(await blob.has(kept)).toBe(true);
      await blob.put(patternBytes(100, 8));
      expect(await blob.get(gone)).toEqual(patternBytes(100, 8));
    });

    it('keeps many apart', async () => {
      const hashes = await Promise.all(Array.from({ length: 50 }, (_, at) => blob.put(patternBytes(200 + at, at))));
      for (const [at, hash] of hashes.entries()) expect(await blob.get(hash)).toEqual(patternBytes(200 + at, at));
    });

    it('refuses to return damaged bytes (G11)', async ({ skip }) => {
      if (subject.damage === undefined) return skip('this adapter cannot be damaged');
      const hash = await blob.put(patternBytes(5000, 9));
      await subject.damage(hash);
      expect(await codeOfRejection(blob.get(hash))).toBe('corrupt');
    });
  });
}
