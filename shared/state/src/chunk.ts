/**
 * Content-defined chunks of long texts and bytes, after FastCDC (Xia et al., USENIX ATC 2016): where a chunk ends depends on the bytes near
 * its end only, so an edit changes the chunks around it and no others.
 */
import {
  CHUNK_BITS_EARLY,
  CHUNK_BITS_LATE,
  CHUNK_BYTES_AVERAGE,
  CHUNK_BYTES_MAX,
  CHUNK_BYTES_MIN,
  CHUNK_GROUP_MASK,
  CHUNK_GROUP_MAX,
  CHUNK_GROUP_MIN,
} from './format.js';

/** One number for each byte, from the finaliser of MurmurHash3 over multiples of the golden ratio. */
const GEAR = Int32Array.from({ length: 256 }, (_, byte) => {
  let mixed = Math.imul(byte + 1, 0x9e3779b9);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
});

/** The ends of the chunks, the last of which is the length. */
export function chunkEnds(bytes: Uint8Array): number[] {
  const ends: number[] = [];
  for (let start = 0; start < bytes.length; ) {
    start = chunkEnd(bytes, start);
    ends.push(start);
  }
  return ends;
}

function chunkEnd(bytes: Uint8Array, start: number): number {
  const end = Math.min(bytes.length, start + CHUNK_BYTES_MAX);
  const average = Math.min(end, start + CHUNK_BYTES_AVERAGE);
  let rolling = 0;
  let at = start + CHUNK_BYTES_MIN;
  for (; at < average; at += 1) {
    rolling = (rolling << 1) + (GEAR[bytes[at] as number] as number);
    if (rolling >>> (32 - CHUNK_BITS_EARLY) === 0) return at + 1;
  }
  for (; at < end; at += 1) {
    rolling = (rolling << 1) + (GEAR[bytes[at] as number] as number);
    if (rolling >>> (32 - CHUNK_BITS_LATE) === 0) return at + 1;
  }
  return end;
}

/** The ends of the groups of a list of children whose hashes begin with these bytes. */
export function groupEnds(firstBytes: readonly number[]): number[] {
  const ends: number[] = [];
  let start = 0;
  for (let at = 0; at < firstBytes.length; at += 1) {
    const count = at + 1 - start;
    const isEnd = count >= CHUNK_GROUP_MIN && ((firstBytes[at] as number) & CHUNK_GROUP_MASK) === 0;
    if (isEnd || count === CHUNK_GROUP_MAX || at + 1 === firstBytes.length) {
      ends.push(at + 1);
      start = at + 1;
    }
  }
  return ends;
}
