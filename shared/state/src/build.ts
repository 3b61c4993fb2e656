/** Values into nodes: checked under the same rules as the codec's, copied, never referring to what it was given. */
import { dateMs, invalidValue, isPlainList, isPlainObject, LIMITS, type Path, Refusal } from '@skep/kernel';
import { heightOfItem } from './height.js';
import { listOf } from './list.js';
import { mapOf } from './map.js';
import { BytesNode, DateNode, type Item, type MapItem } from './node.js';
import { partOf } from './part.js';
import { shapeOf } from './shape.js';
import type { Space } from './space.js';
import { textItem } from './text.js';

/** @param at where the value is to be put @throws SkepError `invalid-value` that names the place */
export function itemOf(value: unknown, at: Path, space: Space): Item {
  try {
    return build(value, at.length, space);
  } catch (error) {
    throw error instanceof Refusal ? invalidValue(value, at) : error;
  }
}

/** @throws Refusal */
export function build(value: unknown, depth: number, space: Space): Item {
  switch (typeof value) {
    case 'string':
      return textItem(value);
    case 'number':
      // NaN fails the comparison, too. Adding 0 turns -0 into 0.
      if (!(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) throw new Refusal();
      return value + 0;
    case 'boolean':
      return value;
    case 'object':
      return value === null ? null : buildObject(value, depth, space);
    default:
      throw new Refusal();
  }
}

function buildObject(value: object, depth: number, space: Space): Item {
  const part = partOf(value);
  if (part !== undefined && part.space === space) {
    const item = part.current();
    if (depth + heightOfItem(item) > LIMITS.valueDepth) throw new Refusal();
    return item;
  }
  if (Array.isArray(value)) return buildList(value, depth, space);
  if (value instanceof Uint8Array) return new BytesNode(new Uint8Array(value));
  if (value instanceof Date) {
    const ms = dateMs(value);
    if (ms === undefined) throw new Refusal();
    return new DateNode(ms);
  }
  if (depth >= LIMITS.valueDepth || !isPlainObject(value)) throw new Refusal();
  return buildMap(value as Readonly<Record<string, unknown>>, depth, space);
}

function buildList(value: readonly unknown[], depth: number, space: Space): Item {
  if (depth >= LIMITS.valueDepth || !isPlainList(value)) throw new Refusal();
  // Of its length from the start: an array that grows keeps room for more.
  const { length } = value;
  const items = new Array<Item>(length);
  for (let at = 0; at < length; at += 1) items[at] = build(value[at], depth + 1, space);
  return listOf(items);
}

function buildMap(value: Readonly<Record<string, unknown>>, depth: number, space: Space): MapItem {
  const keys = shapeOf(Object.keys(value));
  const items = new Array<Item>(keys.length);
  let count = 0;
  let present: string[] | undefined;
  for (let at = 0; at < keys.length; at += 1) {
    const key = keys[at] as string;
    const member = value[key];
    if (member === undefined) present ??= keys.slice(0, at);
    else {
      items[count] = build(member, depth + 1, space);
      count += 1;
      present?.push(key);
    }
  }
  items.length = count;
  return mapOf(present ?? keys, items, space);
}
