/**
 * Makes foreign JSON storable, and counts what had to be changed: lone surrogates become U+FFFD, numbers beyond 2^53 - 1 become text,
 * because no one could read them back as they were. Every other number stays as it is.
 */
import type { Value } from '@skep/kernel';

export interface Repairs {
  surrogates: number;
  numbers: number;
}

/** @param value as `JSON.parse` made it */
export function storable(value: unknown, repairs: Repairs): Value {
  if (typeof value === 'string') return wellFormed(value, repairs);
  if (typeof value === 'number') return storableNumber(value, repairs);
  if (typeof value !== 'object' || value === null) return value as Value;
  if (Array.isArray(value)) return value.map((item) => storable(item, repairs));
  // `fromEntries` defines own properties, so that a key `__proto__` is a key.
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [wellFormed(key, repairs), storable(item, repairs)]));
}

function wellFormed(text: string, repairs: Repairs): string {
  if (text.isWellFormed()) return text;
  const repaired = text.toWellFormed();
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) !== repaired.charCodeAt(at)) repairs.surrogates += 1;
  return repaired;
}

function storableNumber(number: number, repairs: Repairs): Value {
  if (!Number.isInteger(number) && Number.isFinite(number)) return number;
  if (Number.isSafeInteger(number)) return number;
  repairs.numbers += 1;
  return String(number);
}
