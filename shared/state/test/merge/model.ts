/** A merge that is deliberately dumb: plain objects, whole copies, deep comparisons. Lists are scalars to it. */
import { isDeepStrictEqual } from 'node:util';
import type { Path } from '@skep/kernel';
import { type Plain, put } from '../arbitrary.js';

export interface ModelMerge {
  readonly value: unknown;
  readonly conflicts: readonly Path[];
}

const ABSENT = Symbol('absent');

export function modelMerge(base: unknown, ours: unknown, theirs: unknown): ModelMerge {
  const conflicts: Path[] = [];
  return { value: mergeAt({ base, ours, theirs }, [], conflicts), conflicts };
}

function mergeAt({ base, ours, theirs }: { base: unknown; ours: unknown; theirs: unknown }, path: Path, conflicts: Path[]): unknown {
  if (isDeepStrictEqual(theirs, base) || isDeepStrictEqual(ours, theirs)) return ours;
  if (isDeepStrictEqual(ours, base)) return theirs;
  if (!isPlain(ours) || !isPlain(theirs) || !(base === ABSENT || isPlain(base))) {
    conflicts.push(path);
    return ours;
  }
  const merged: Plain = {};
  const from = isPlain(base) ? base : {};
  for (const key of new Set([...Object.keys(from), ...Object.keys(ours), ...Object.keys(theirs)])) {
    const value = mergeAt({ base: member(from, key), ours: member(ours, key), theirs: member(theirs, key) }, [...path, key], conflicts);
    if (value !== ABSENT) put(merged, key, value);
  }
  return merged;
}

function member(object: Plain, key: string): unknown {
  return Object.hasOwn(object, key) ? Object.getOwnPropertyDescriptor(object, key)?.value : ABSENT;
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
