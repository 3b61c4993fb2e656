import type { Value } from '@skep/kernel';
import fc from 'fast-check';

export type Plain = Record<string, unknown>;

const numbers = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 }),
  fc.constant(-0),
);
const texts = fc.oneof(
  fc.string({ maxLength: 10 }),
  fc.string({ unit: 'binary', maxLength: 90 }),
  fc.string({ minLength: 55, maxLength: 70 }),
  fc
    .tuple(fc.string({ unit: 'binary', maxLength: 20 }), fc.oneof({ weight: 9, arbitrary: fc.nat(30) }, { weight: 1, arbitrary: fc.nat(4_000) }))
    .map(([text, times]) => `${text}${'é-'.repeat(times)}`),
);
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 80 }),
  fc
    .oneof({ weight: 5, arbitrary: fc.nat(100) }, { weight: 1, arbitrary: fc.nat(9_000) })
    .map((length) => Uint8Array.from({ length }, (_, at) => (at * 7 + (at >> 5)) & 255)),
);
const dates = fc.integer({ min: -8.64e15, max: 8.64e15 }).map((ms) => new Date(ms));
export const scalars: fc.Arbitrary<Value> = fc.oneof(fc.constantFrom(null, true, false), numbers, texts);
export const keys = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'length', '0', '10', '9', '\u{1f600}', '\uffee'),
  fc.nat(60).map((at) => `k${at}`),
  fc.string({ unit: 'binary', maxLength: 12 }),
);

/** Values with maps around 16 entries and lists around 32 items, which is where structures change. */
export const values: fc.Arbitrary<Value> = fc.letrec<{ value: Value; list: Value; map: Value }>((tie) => ({
  value: fc.oneof({ maxDepth: 4, depthSize: 'small' }, scalars, bytes, dates, tie('list'), tie('map')),
  list: fc.oneof(fc.array(tie('value'), { maxLength: 6 }), fc.array(fc.integer(), { minLength: 28, maxLength: 70, size: 'max' })),
  map: fc.oneof(
    fc.array(fc.tuple(keys, tie('value')), { maxLength: 8 }).map(objectOf),
    fc.array(fc.tuple(keys, scalars), { minLength: 12, maxLength: 40, size: 'max' }).map(objectOf),
  ),
})).value;

export const objects: fc.Arbitrary<Plain> = fc
  .array(fc.tuple(keys, values), { maxLength: 20, size: 'max' })
  .map((members) => objectOf(members) as Plain);

/** An object with these own members, `__proto__` too; later ones win. */
export function objectOf(members: readonly (readonly [string, unknown])[]): Value {
  const object: Plain = {};
  for (const [key, value] of members) put(object, key, value);
  return object as Value;
}

export function put(object: Plain, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

/** A deep copy that can be changed; `structuredClone` loses nothing of plain values but an own `__proto__`. */
export function cloned(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return new Date(value);
  if (value instanceof Uint8Array) return value.slice();
  if (Array.isArray(value)) return value.map(cloned);
  return objectOf(Object.entries(value).map(([key, member]) => [key, cloned(member)] as const));
}

export function shuffled<Member>(members: readonly Member[], seed: number): Member[] {
  const copy = members.slice();
  let state = seed >>> 0;
  for (let at = copy.length - 1; at > 0; at -= 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const other = state % (at + 1);
    [copy[at], copy[other]] = [copy[other] as Member, copy[at] as Member];
  }
  return copy;
}

export function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return 'accepted';
}

export const STATE_S = {
  id: 'agent-1',
  step: 12,
  goal: 'find the answer to all of it',
  memory: Array.from({ length: 50 }, (_, at) => ({ text: `memory item number ${at}`, score: at / 7 })),
  tools: { a: 1, b: 2, c: 3, d: 4, e: 5 },
};
