/**
 * Makes foreign JSON storable, and counts what had to be changed. Every other number and text stays as it is.
 *
 * - Lone surrogates, and bytes that are no UTF-8, become U+FFFD.
 * - Numbers beyond 2^53 - 1 become text, because no one could read them back as they were; so do `NaN` and `Infinity`, which Python
 *   writes though JSON has no such numbers.
 */
import type { Value } from '@skep/kernel';

export interface Repairs {
  surrogates: number;
  numbers: number;
  /** Sequences of bytes. */
  bytes: number;
}

export function noRepairs(): Repairs {
  return { surrogates: 0, numbers: 0, bytes: 0 };
}

const REPLACEMENT = '\ufffd';
/** What Python writes for numbers that JSON does not have. */
const NO_NUMBER = /-?\b(?:Infinity|NaN)\b/g;

/** The text of these bytes. */
export function storableText(bytes: Uint8Array, repairs: Repairs): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const text = new TextDecoder().decode(bytes);
    repairs.bytes += text.split(REPLACEMENT).length - 1;
    return text;
  }
}

/** @throws SyntaxError for what is no JSON, also when Python's numbers are allowed for */
export function parseForeign(text: string, repairs: Repairs): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const { json, count } = quoteNumbers(text);
    if (count === 0) throw error;
    const parsed: unknown = JSON.parse(json);
    repairs.numbers += count;
    return parsed;
  }
}

/** Puts what is no number between quotes, outside of texts. */
function quoteNumbers(text: string): { readonly json: string; readonly count: number } {
  let json = '';
  let count = 0;
  for (let at = 0; at < text.length; ) {
    const quote = text.indexOf('"', at);
    const opens = quote === -1 ? text.length : quote;
    json += text.slice(at, opens).replace(NO_NUMBER, (found) => {
      count += 1;
      return JSON.stringify(found);
    });
    let closes = opens + 1;
    while (closes < text.length && text[closes] !== '"') closes += text[closes] === '\\' ? 2 : 1;
    json += text.slice(opens, closes + 1);
    at = closes + 1;
  }
  return { json, count };
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
