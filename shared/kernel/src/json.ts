/**
 * Values as JSON text, for whoever speaks no MessagePack.
 *
 * Bytes are written `{"$bytes": "<base64>"}`, dates `{"$date": <milliseconds since 1970>}`, and read back. An object of one's own that has
 * just such a key gets one more `$` in front of it (`{"$$date": 1}`), which reading takes away, so every value comes back as it was.
 */

import { normalize } from './codec.js';
import { SkepError } from './errors.js';
import { invalidValue } from './fault.js';
import { setOwn } from './normalize.js';
import type { Value } from './values.js';

/**
 * @throws SkepError `malformed` for what is no JSON, repeats a key in an object or marks bytes or a date wrongly; `invalid-value` for
 * numbers beyond 2^53 - 1, lone surrogates and too deep nesting
 */
export function parseJson(text: string): Value {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new SkepError('malformed', { message: `this is no JSON: ${error instanceof Error ? error.message : String(error)}`, cause: error });
  }
  const value = normalize(parsed);
  // JSON.parse keeps the last of several equal keys; then fewer members came out than the text has colons.
  const members = { count: 0 };
  const revived = revive(value, members);
  if (members.count !== countColons(text)) throw new SkepError('malformed', { message: 'an object in this JSON has a key twice' });
  return revived;
}

/** @throws SkepError `invalid-value` for what is no value */
export function toJson(value: Value): string {
  return JSON.stringify(plain(value));
}

function revive(value: Value, members: { count: number }): Value {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const list = value as Value[];
    for (let at = 0; at < list.length; at += 1) list[at] = revive(list[at] as Value, members);
    return list;
  }
  const map = value as Record<string, Value>;
  const keys = Object.keys(map);
  members.count += keys.length;
  const [first] = keys;
  if (keys.length === 1 && first !== undefined && isMark(first)) return reviveMark(first, map[first] as Value, members);
  for (const key of keys) setOwn(map, key, revive(map[key] as Value, members));
  return map;
}

function reviveMark(mark: string, held: Value, members: { count: number }): Value {
  if (mark.startsWith('$$')) return { [mark.slice(1)]: revive(held, members) };
  if (mark === '$date') {
    const date = typeof held === 'number' && Number.isInteger(held) ? new Date(held) : undefined;
    if (date === undefined || Number.isNaN(date.getTime()))
      throw new SkepError('malformed', { message: '$date takes whole milliseconds since 1970' });
    return date;
  }
  const bytes = typeof held === 'string' ? Buffer.from(held, 'base64') : undefined;
  if (bytes === undefined || bytes.toString('base64') !== held) throw new SkepError('malformed', { message: '$bytes takes base64 with its padding' });
  return new Uint8Array(bytes);
}

function plain(value: Value): unknown {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw invalidValue(value);
    return value;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64') };
  if (value instanceof Date) return { $date: value.getTime() };
  if (Array.isArray(value)) return value.map(plain);
  const map = value as Readonly<Record<string, Value>>;
  const keys = Object.keys(map);
  const copy: Record<string, unknown> = {};
  const [first] = keys;
  if (keys.length === 1 && first !== undefined && isMark(first)) return { [`$${first}`]: plain(map[first] as Value) };
  for (const key of keys) setOwn(copy, key, plain(map[key] as Value));
  return copy;
}

function isMark(key: string): boolean {
  return key.charCodeAt(0) === 0x24 && /^\$+(bytes|date)$/.test(key);
}

/** Colons outside of texts: one for each member of an object. */
function countColons(json: string): number {
  let count = 0;
  let inText = false;
  for (let at = 0; at < json.length; at += 1) {
    const unit = json.charCodeAt(at);
    if (unit === 0x22) inText = !inText;
    else if (unit === 0x5c && inText) at += 1;
    else if (unit === 0x3a && !inText) count += 1;
  }
  return count;
}
