import type { Value } from '@skep/kernel';
import fc from 'fast-check';

/** Numbers that the codec keeps, edges of every integer form first. */
export const numbers: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, 127, 128, 255, 256, 65535, 65536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER),
  fc.constantFrom(-1, -32, -33, -128, -129, -32768, -32769, -(2 ** 31), -(2 ** 31) - 1, Number.MIN_SAFE_INTEGER),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 }),
);

const keys = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'a', 'b', '10', '9', '\u{1f600}', '\uffee', 'é'),
  fc.string({ unit: 'binary', maxLength: 40 }),
);
const texts = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ unit: 'binary-ascii', maxLength: 80 }));
const dates = fc.integer({ min: -8.64e15, max: 8.64e15 }).map((ms) => new Date(ms));
const byteLists = fc.uint8Array({ maxLength: 300 });

export const values: fc.Arbitrary<Value> = fc.letrec<{ value: Value; list: Value; map: Value }>((tie) => ({
  value: fc.oneof({ maxDepth: 4, depthSize: 'small' }, fc.constantFrom(null, true, false), numbers, texts, dates, byteLists, tie('list'), tie('map')),
  list: fc.array(tie('value'), { maxLength: 20 }),
  map: fc.uniqueArray(fc.tuple(keys, tie('value')), { selector: ([key]) => key, maxLength: 20 }).map(objectOf),
})).value;

/** An object with these own members, `__proto__` too. */
export function objectOf(members: readonly (readonly [string, Value])[]): Value {
  const object: Record<string, Value> = {};
  for (const [key, value] of members) Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  return object;
}

/** The same value with the members of every object in another order of insertion. */
export function reversed(value: Value): Value {
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(reversed);
  return objectOf(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)] as const),
  );
}
