/**
 * Shapes: lists of keys in order, shared by maps that have the same keys. Agents' states are full of objects that look alike; a shape met
 * before saves the sorting, the checks and the memory. Only small ones are remembered: all of them take a few megabytes at most.
 */
import { Refusal, sortKeys } from '@skep/kernel';

interface Shape {
  /** As the object had them. */
  readonly given: readonly string[];
  readonly sorted: readonly string[];
}

const SHAPES = 1024;
const SHAPE_KEYS_MAX = 64;
/** Of all its keys together. */
const SHAPE_UNITS_MAX = 2_048;
const shapes: (Shape | undefined)[] = new Array<Shape | undefined>(SHAPES).fill(undefined);

/** The keys in order. @throws Refusal for a key with a lone surrogate */
export function shapeOf(keys: string[]): readonly string[] {
  const count = keys.length;
  if (count === 0) return NO_KEYS;
  const first = keys[0] as string;
  const last = keys[count - 1] as string;
  const slot = (count * 31 + first.length * 7 + first.charCodeAt(0) * 131 + last.length * 17 + last.charCodeAt(last.length - 1) * 517) & (SHAPES - 1);
  const known = shapes[slot];
  if (known !== undefined && isSame(known.given, keys)) return known.sorted;
  for (const key of keys) if (!key.isWellFormed()) throw new Refusal();
  const sorted = sortKeys(keys.slice());
  const shape = { given: keys, sorted: isSame(sorted, keys) ? keys : sorted };
  if (isSmall(keys)) shapes[slot] = shape;
  return shape.sorted;
}

function isSmall(keys: readonly string[]): boolean {
  if (keys.length > SHAPE_KEYS_MAX) return false;
  let units = 0;
  for (const key of keys) units += key.length;
  return units <= SHAPE_UNITS_MAX;
}

const NO_KEYS: readonly string[] = [];

function isSame(one: readonly string[], other: readonly string[]): boolean {
  const { length } = one;
  if (length !== other.length) return false;
  for (let at = 0; at < length; at += 1) if (one[at] !== other[at]) return false;
  return true;
}
