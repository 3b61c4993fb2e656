/**
 * The dumb model of a state: a plain value that one owner changes in place and that is copied in full wherever two could share it. `__proto__`
 * is a key like any other, which is why `structuredClone` and assignment do not do.
 */
import { setOwn } from '@skep/kernel';

export type PlainMap = Record<string, unknown>;
export type Holder = PlainMap | unknown[];

export function isHolder(value: unknown): value is Holder {
  return typeof value === 'object' && value !== null && !(value instanceof Date) && !(value instanceof Uint8Array);
}

export function isPlainMap(value: unknown): value is PlainMap {
  return isHolder(value) && !Array.isArray(value);
}

/** A full copy; undefined members of maps are left out, as a state leaves them out. */
export function copyOf(value: unknown): unknown {
  if (!isHolder(value)) return value instanceof Date ? new Date(value) : value instanceof Uint8Array ? value.slice() : value;
  if (Array.isArray(value)) return value.map(copyOf);
  const copy: PlainMap = {};
  for (const key of Object.keys(value)) if (value[key] !== undefined) setOwn(copy, key, copyOf(value[key]));
  return copy;
}

/** Deep equality under the rules of states: the order of keys does not count, -0 is 0. */
export function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (one instanceof Date) return other instanceof Date && one.getTime() === other.getTime();
  if (one instanceof Uint8Array) return other instanceof Uint8Array && Buffer.compare(one, other) === 0;
  if (Array.isArray(one)) return Array.isArray(other) && one.length === other.length && one.every((item, at) => isSame(item, other[at]));
  if (Array.isArray(other) || other instanceof Date || other instanceof Uint8Array) return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && isSame((one as PlainMap)[key], (other as PlainMap)[key]))
  );
}

/** How many values it holds, itself included. */
export function countOf(value: unknown): number {
  if (!isHolder(value)) return 1;
  let count = 1;
  for (const member of Object.values(value)) count += countOf(member);
  return count;
}

/** Writes to whatever in a value can be written to: whoever keeps it as it was has a copy. */
export function spoil(value: unknown): void {
  if (value instanceof Date) value.setTime(value.getTime() + 1);
  else if (value instanceof Uint8Array) value.fill(255);
  else if (isHolder(value)) {
    for (const member of Object.values(value)) spoil(member);
    Reflect.set(value, Array.isArray(value) ? value.length : 'spoilt', true);
  }
}
