/** Version vectors: how much of each replica's history is known. Replicas that are not named stand at 0. */
import { SkepError } from './errors.js';
import { sortKeys } from './key-order.js';
import { setOwn } from './normalize.js';
import type { Value } from './values.js';

export type VersionVector = ReadonlyMap<string, number>;

/** One event: the `counter`-th of its replica, from 1. */
export interface Dot {
  readonly replica: string;
  readonly counter: number;
}

export type VectorOrder = 'equal' | 'before' | 'after' | 'concurrent';

export const VECTOR_ZERO: VersionVector = new Map();

/** The vector after one more event of `replica`; `dotOf` names that event. */
export function increment(vector: VersionVector, replica: string): VersionVector {
  return new Map(vector).set(replica, (vector.get(replica) ?? 0) + 1);
}

/** The newest event of `replica` that the vector knows; undefined if it knows none. */
export function dotOf(vector: VersionVector, replica: string): Dot | undefined {
  const counter = vector.get(replica);
  return counter === undefined ? undefined : { replica, counter };
}

/** The least vector that knows all that either knows. */
export function mergeVectors(one: VersionVector, other: VersionVector): VersionVector {
  const merged = new Map(one);
  for (const [replica, counter] of other) if (counter > (merged.get(replica) ?? 0)) merged.set(replica, counter);
  return merged;
}

/** How `one` stands to `other`: `before` means that `other` knows all of it and more. */
export function compareVectors(one: VersionVector, other: VersionVector): VectorOrder {
  const oneLeads = knowsMore(one, other);
  const otherLeads = knowsMore(other, one);
  if (oneLeads) return otherLeads ? 'concurrent' : 'after';
  return otherLeads ? 'before' : 'equal';
}

export function includesDot(vector: VersionVector, dot: Dot): boolean {
  return dot.counter <= (vector.get(dot.replica) ?? 0);
}

/** Replica to counter, in the order of the replicas. */
export function vectorToValue(vector: VersionVector): Value {
  const value: Record<string, Value> = {};
  for (const replica of sortKeys([...vector.keys()])) setOwn(value, replica, vector.get(replica) as number);
  return value;
}

/** @throws SkepError `malformed` for anything that `vectorToValue` does not make */
export function parseVector(value: Value): VersionVector {
  const refuse = (): never => {
    throw new SkepError('malformed', { message: 'a version vector maps replicas to counters from 1' });
  };
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Date || value instanceof Uint8Array) return refuse();
  const vector = new Map<string, number>();
  for (const [replica, counter] of Object.entries(value)) {
    if (typeof counter !== 'number' || !Number.isSafeInteger(counter) || counter < 1 || replica === '') return refuse();
    vector.set(replica, counter);
  }
  return vector;
}

function knowsMore(one: VersionVector, other: VersionVector): boolean {
  for (const [replica, counter] of one) if (counter > (other.get(replica) ?? 0)) return true;
  return false;
}
