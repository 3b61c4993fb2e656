/**
 * Envelopes: packs, deltas and other bytes, compressed. What is compressed begins with a byte that nothing else of Skep begins with, so
 * bytes may be kept as they are where compressing them gains nothing.
 */
import { LIMITS, Reader, SkepError, Writer } from '@skep/kernel';
import type { Compressor } from '@skep/ports';

/** MessagePack never uses it, and no pack or delta begins with it. */
const ENVELOPE = 0xc1;
/** What envelopes call the algorithms. */
const NUMBER: Readonly<Record<Compressor['name'], number>> = { 'deflate-raw': 1, brotli: 2 };
/** The largest state as one pack, in which every node has its place in the index. */
const OPENED_BYTES_MAX = 2 * LIMITS.stateBytes;

export function enveloped(bytes: Uint8Array, compressor: Compressor): Uint8Array {
  const writer = new Writer();
  writer.byte(ENVELOPE);
  writer.byte(NUMBER[compressor.name]);
  writer.number(bytes.length);
  writer.raw(compressor.compress(bytes));
  return writer.take(0);
}

/**
 * What is in the envelope; bytes without one as they are.
 * @throws SkepError `malformed`, `corrupt`, `payload-too-large`; `not-configured` where the compressor is not among those given
 */
export function openEnvelope(bytes: Uint8Array, compressors: readonly Compressor[]): Uint8Array {
  if (bytes[0] !== ENVELOPE) return bytes;
  const number = bytes[1];
  const name = Object.entries(NUMBER).find(([, known]) => known === number)?.[0];
  if (name === undefined) throw new SkepError('unsupported-format', { message: `bytes are compressed in a way unknown to this Skep: ${number}` });
  const compressor = compressors.find((each) => each.name === name);
  if (compressor === undefined) {
    throw new SkepError('not-configured', { message: `bytes are compressed with ${name}, and no such compressor was given` });
  }
  const reader = new Reader(bytes, 2);
  const length = reader.value(0);
  if (typeof length !== 'number' || !Number.isInteger(length) || length < 0) return reader.refuse('has an envelope without a length');
  if (length > OPENED_BYTES_MAX) {
    throw new SkepError('payload-too-large', { message: `compressed bytes declare ${length} bytes; ${OPENED_BYTES_MAX} are allowed` });
  }
  const opened = compressor.decompress(reader.raw(reader.left), length);
  if (opened.length !== length) throw new SkepError('corrupt', { message: `compressed bytes hold ${opened.length} bytes and declare ${length}` });
  return opened;
}
