/** What a handler returns of its branch outlives the branch: parts of its draft are copied, everything else stays what it is. */
import { isPlainList, isPlainObject, LIMITS, normalize, setOwn } from '@skep/kernel';
import { isDraftPart } from '@skep/state';

/** @throws SkepError `closed` for parts of a draft that ended before */
export function detached<Result>(value: Result): Result {
  return withoutParts(value, 0) as Result;
}

function withoutParts(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || depth > LIMITS.valueDepth) return value;
  if (isDraftPart(value)) return normalize(value);
  if (Array.isArray(value)) return isPlainList(value) ? copiedList(value, depth) : value;
  return isPlainObject(value) ? copiedObject(value as Readonly<Record<string, unknown>>, depth) : value;
}

function copiedList(list: readonly unknown[], depth: number): readonly unknown[] {
  const members = list.map((member) => withoutParts(member, depth + 1));
  return members.every((member, at) => member === list[at]) ? list : members;
}

function copiedObject(object: Readonly<Record<string, unknown>>, depth: number): Readonly<Record<string, unknown>> {
  const entries = Object.entries(object);
  const members = entries.map(([, member]) => withoutParts(member, depth + 1));
  if (members.every((member, at) => member === entries[at]?.[1])) return object;
  const copy: Record<string, unknown> = {};
  for (const [at, [key]] of entries.entries()) setOwn(copy, key, members[at]);
  return copy;
}
