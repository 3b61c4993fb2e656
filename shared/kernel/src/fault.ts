/**
 * What a value may not hold, and where it does. The writer only notices that something is wrong; this slow walk then names the place, so
 * that the fast path keeps no path (guarantee G13).
 */
import { SkepError } from './errors.js';
import { LIMITS } from './limits.js';
import type { Path } from './values.js';

/** `.memory[3].score`; keys that are no plain words are quoted. The empty path reads `the top`. */
export function formatPath(path: Path): string {
  if (path.length === 0) return 'the top';
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
  }
  return text;
}

/** The error for a value that was refused; `base` is where the value was to be put. */
export function invalidValue(value: unknown, base: Path = []): SkepError {
  const fault = findFault(value, [...base]);
  return faultError(fault?.why ?? 'a value that changes while it is read', fault?.path ?? base);
}

function faultError(why: string, path: Path): SkepError {
  return new SkepError('invalid-value', { message: `${why} cannot be kept, at ${formatPath(path)}` });
}

/** A plain object, of this realm or another. */
export function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || (Object.getPrototypeOf(prototype) === null && !Array.isArray(prototype));
}

/** A list and no instance of a subclass. */
export function isPlainList(value: readonly unknown[]): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Array.prototype || Array.isArray(prototype);
}

/** Whole milliseconds, or undefined for a date that cannot be kept. */
export function dateMs(value: Date): number | undefined {
  try {
    const ms = Date.prototype.getTime.call(value);
    return Number.isInteger(ms) ? ms : undefined;
  } catch {
    return undefined;
  }
}

interface Fault {
  readonly path: Path;
  readonly why: string;
}

function findFault(value: unknown, path: (string | number)[]): Fault | undefined {
  const why = whyRefused(value, path.length);
  if (why !== undefined) return { why, path: [...path] };
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array) return undefined;
  return Array.isArray(value) ? findInList(value, path) : findInObject(value as Readonly<Record<string, unknown>>, path);
}

function findInList(list: readonly unknown[], path: (string | number)[]): Fault | undefined {
  for (let at = 0; at < list.length; at += 1) {
    path.push(at);
    const member = list[at];
    const fault = member === undefined ? { path: [...path], why: at in list ? 'undefined' : 'a hole in a list' } : findFault(member, path);
    if (fault !== undefined) return fault;
    path.pop();
  }
  return undefined;
}

function findInObject(object: Readonly<Record<string, unknown>>, path: (string | number)[]): Fault | undefined {
  for (const key of Object.keys(object)) {
    path.push(key);
    if (!key.isWellFormed()) return { path: [...path], why: 'a key with a lone surrogate' };
    const member = object[key];
    const fault = member === undefined ? undefined : findFault(member, path);
    if (fault !== undefined) return fault;
    path.pop();
  }
  return undefined;
}

function whyRefused(value: unknown, depth: number): string | undefined {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? undefined : 'text with a lone surrogate';
    case 'number':
      return whyNumberRefused(value);
    case 'boolean':
      return undefined;
    case 'object':
      return value === null ? undefined : whyObjectRefused(value, depth);
    default:
      return value === undefined ? 'undefined' : `a ${typeof value}`;
  }
}

function whyNumberRefused(value: number): string | undefined {
  if (!Number.isFinite(value)) return String(value);
  return Math.abs(value) > Number.MAX_SAFE_INTEGER ? `the number ${value} (beyond 2^53 - 1)` : undefined;
}

function whyObjectRefused(value: object, depth: number): string | undefined {
  if (value instanceof Uint8Array) return undefined;
  if (value instanceof Date) return dateMs(value) === undefined ? 'an invalid date' : undefined;
  if (Array.isArray(value) ? !isPlainList(value) : !isPlainObject(value)) return `an instance of ${nameOfClass(value)}`;
  return depth >= LIMITS.valueDepth ? `nesting deeper than ${LIMITS.valueDepth} (or a value that holds itself)` : undefined;
}

function nameOfClass(value: object): string {
  const made: unknown = (value as { readonly constructor?: unknown }).constructor;
  return typeof made === 'function' && made.name !== '' ? made.name : 'a class';
}
