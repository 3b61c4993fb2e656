/**
 * Shapes: lists of keys in order, shared by maps that have the same keys. Agents' states are full of objects that look alike; a shape met
 * before saves the sorting, the checks and the memory. All that are remembered take some megabytes at most, whatever the keys are.
 */
import { Refusal, sortKeys } from '@skep/kernel';

interface Shape {
  /** As the object had them. */
  readonly given: readonly string[];
  readonly sorted: readonly string[];
  readonly bytes: number;
}

const SHAPES = 1024;
/** What all of them may take; beyond it all are forgotten. */
const SHAPES_BYTES_MAX = 8 * 1024 * 1024;
/** One that would take more of that is not remembered. */
const SHAPE_BYTES_MAX = SHAPES_BYTES_MAX / 4;
/** What a key takes beside its text. */
const KEY_BYTES = 32;
const shapes: (Shape | undefined)[] = new Array<Shape | undefined>(SHAPES).fill(undefined);
let shapesBytes = 0;

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
  const shape = { given: keys, sorted: isSame(sorted, keys) ? keys : sorted, bytes: bytesOf(keys) };
  if (shape.bytes <= SHAPE_BYTES_MAX) remember(slot, shape);
  return shape.sorted;
}

function remember(slot: number, shape: Shape): void {
  shapesBytes += shape.bytes - (shapes[slot]?.bytes ?? 0);
  if (shapesBytes > SHAPES_BYTES_MAX) {
    shapes.fill(undefined);
    shapesBytes = shape.bytes;
  }
  shapes[slot] = shape;
}

/** As if every unit took two bytes. */
function bytesOf(keys: readonly string[]): number {
  let bytes = 0;
  for (const key of keys) bytes += KEY_BYTES + key.length * 2;
  return bytes;
}

const NO_KEYS: readonly string[] = [];

function isSame(one: readonly string[], other: readonly string[]): boolean {
  const { length } = one;
  if (length !== other.length) return false;
  for (let at = 0; at < length; at += 1) if (one[at] !== other[at]) return false;
  return true;
}
