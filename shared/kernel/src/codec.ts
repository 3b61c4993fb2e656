/**
 * The canonical codec: one value, one byte string. It is MessagePack, so any language reads it; of the forms that MessagePack allows for a
 * value exactly one is written and only that one is read.
 *
 * - C1 Numbers: integers up to 2^53 - 1 in the shortest integer form, whatever they were in JavaScript; -0 is 0; fractions as float64. NaN,
 *   infinities and larger numbers are refused.
 * - C2 Text is well-formed UTF-8, bytes are `bin`, each with the shortest header.
 * - C3 Map keys are text, each once, in the order of their UTF-8 bytes. A member that is undefined is absent.
 * - C4 A date is extension 1 with eight bytes: whole milliseconds since 1970, signed, big end first.
 * - C5 `__proto__` is a key like any other.
 * - C6 What no value can be (functions, symbols, class instances, holes ...) is refused and the place named; so is nesting beyond
 *   `LIMITS.valueDepth`.
 *
 * Equal values have equal bytes, and bytes that are read encode to themselves (guarantee G8).
 */
import { SkepError } from './errors.js';
import { invalidValue } from './fault.js';
import { normalized } from './normalize.js';
import { Reader } from './reader.js';
import type { Value } from './values.js';
import { Refusal, Writer } from './writer.js';

const writer = new Writer();

/** The canonical bytes of a value. @throws SkepError `invalid-value` that names the place */
export function encode(value: unknown): Uint8Array {
  const start = writer.at;
  try {
    writer.value(value, 0);
    return writer.take(start);
  } catch (error) {
    writer.back(start);
    throw refusalOf(error, value);
  }
}

/** The value of canonical bytes. @throws SkepError `malformed` for any others */
export function decode(bytes: Uint8Array): Value {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  if (reader.left > 0) reader.refuse('has bytes after its end');
  return value;
}

/** One value of several that follow each other, and where the next one begins. @throws SkepError `malformed` */
export function decodePrefix(bytes: Uint8Array, offset: number): { readonly value: Value; readonly end: number } {
  const reader = new Reader(bytes, offset);
  const value = reader.value(0);
  return { value, end: reader.at };
}

/** A fresh, checked, plain copy: keys sorted, undefined members left out, -0 as 0. @throws SkepError `invalid-value` that names the place */
export function normalize(value: unknown): Value {
  try {
    return normalized(value, 0);
  } catch (error) {
    throw refusalOf(error, value);
  }
}

function refusalOf(error: unknown, value: unknown): unknown {
  if (error instanceof Refusal) return invalidValue(value);
  if (error instanceof RangeError) return new SkepError('payload-too-large', { message: 'a value is too large to be encoded', cause: error });
  return error;
}
