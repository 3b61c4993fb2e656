/** A checked plain copy of a value, under the rules of `codec.ts`. */
import { dateMs, isPlainList, isPlainObject } from './fault.js';
import { sortKeys } from './key-order.js';
import { LIMITS } from './limits.js';
import type { Value } from './values.js';
import { Refusal } from './writer.js';

/** @throws Refusal */
export function normalized(value: unknown, depth: number): Value {
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed()) throw new Refusal();
      return value;
    case 'number':
      // Adding 0 turns -0 into 0. From 2^53 on every number is an integer; NaN fails the comparison, too.
      if (!(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) throw new Refusal();
      return value + 0;
    case 'boolean':
      return value;
    case 'object':
      return value === null ? null : normalizedObject(value, depth);
    default:
      throw new Refusal();
  }
}

function normalizedObject(value: object, depth: number): Value {
  if (Array.isArray(value)) {
    if (depth >= LIMITS.valueDepth || !isPlainList(value)) throw new Refusal();
    const list: Value[] = [];
    for (let at = 0; at < value.length; at += 1) list.push(normalized(value[at], depth + 1));
    return list;
  }
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (value instanceof Date) {
    const ms = dateMs(value);
    if (ms === undefined) throw new Refusal();
    return new Date(ms);
  }
  if (depth >= LIMITS.valueDepth || !isPlainObject(value)) throw new Refusal();
  return normalizedMap(value as Readonly<Record<string, unknown>>, depth);
}

function normalizedMap(value: Readonly<Record<string, unknown>>, depth: number): Value {
  const map: Record<string, Value> = {};
  for (const key of sortKeys(Object.keys(value))) {
    if (!key.isWellFormed()) throw new Refusal();
    const member = value[key];
    if (member !== undefined) setOwn(map, key, normalized(member, depth + 1));
  }
  return map;
}

/** Sets an own member, `__proto__` as well, which plain assignment would take for the prototype. */
export function setOwn<Member>(object: Record<string, Member>, key: string, value: Member): void {
  if (key === '__proto__') Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  else object[key] = value;
}
