/** Splices: what changed within a text or bytes, as one range that was replaced. Places are counted in bytes, of a text in those of its UTF-8. */
import type { Value } from '@skep/kernel';

export interface Splice {
  readonly start: number;
  readonly removed: number;
  readonly inserted: string | Uint8Array;
}

/** Shorter ones are written whole. */
const SPLICED_MIN = 64;
/** What start, removed and their header take at most. */
const SPLICE_FRAME_BYTES = 12;

/** Undefined where writing the new value whole is as short. */
export function spliceOf(old: Value, next: Value): Splice | undefined {
  if (typeof old === 'string' && typeof next === 'string') return spliceOfTexts(old, next);
  if (old instanceof Uint8Array && next instanceof Uint8Array) return spliceOfBytes(old, next);
  return undefined;
}

/** Undefined where the splice does not fit what is there. */
export function spliced(old: Value | undefined, { start, removed, inserted }: Splice): Value | undefined {
  if (old instanceof Uint8Array && inserted instanceof Uint8Array) return joined(old, { start, removed, inserted });
  if (typeof old !== 'string' || typeof inserted !== 'string') return undefined;
  const bytes = joined(utf8.encode(old), { start, removed, inserted: utf8.encode(inserted) });
  try {
    return bytes && strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function spliceOfTexts(old: string, next: string): Splice | undefined {
  const shorter = Math.min(old.length, next.length);
  if (next.length < SPLICED_MIN) return undefined;
  let before = 0;
  while (before < shorter && old.charCodeAt(before) === next.charCodeAt(before)) before += 1;
  // Both halves of a surrogate pair stay on one side.
  if (before > 0 && isHighSurrogate(next.charCodeAt(before - 1))) before -= 1;
  let after = 0;
  while (after < shorter - before && old.charCodeAt(old.length - 1 - after) === next.charCodeAt(next.length - 1 - after)) after += 1;
  if (after > 0 && isLowSurrogate(next.charCodeAt(next.length - after))) after -= 1;
  if (before + after < SPLICE_FRAME_BYTES) return undefined;
  return {
    start: Buffer.byteLength(next.slice(0, before)),
    removed: Buffer.byteLength(old.slice(before, old.length - after)),
    inserted: next.slice(before, next.length - after),
  };
}

function spliceOfBytes(old: Uint8Array, next: Uint8Array): Splice | undefined {
  const shorter = Math.min(old.length, next.length);
  if (next.length < SPLICED_MIN) return undefined;
  let before = 0;
  while (before < shorter && old[before] === next[before]) before += 1;
  let after = 0;
  while (after < shorter - before && old[old.length - 1 - after] === next[next.length - 1 - after]) after += 1;
  if (before + after < SPLICE_FRAME_BYTES) return undefined;
  return { start: before, removed: old.length - before - after, inserted: next.slice(before, next.length - after) };
}

function joined(
  old: Uint8Array,
  { start, removed, inserted }: { readonly start: number; readonly removed: number; readonly inserted: Uint8Array },
): Uint8Array | undefined {
  if (start + removed > old.length) return undefined;
  const bytes = new Uint8Array(old.length - removed + inserted.length);
  bytes.set(old.subarray(0, start));
  bytes.set(inserted, start);
  bytes.set(old.subarray(start + removed), start + inserted.length);
  return bytes;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}
