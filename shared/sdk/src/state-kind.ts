/**
 * The built-in kind `state`: a document that needs no code.
 *
 *   update { changes: [{ set: 'plan.steps.0.title', value: 'read' }, { increment: ['tries'] }], expectedVersion: 3 }
 *
 * S1 All changes of an update take effect, or none.
 * S2 A path is a list of keys and indexes, each taken as it is, or text cut at its dots, where `0` and `12` stand for indexes too. So a
 *    key that holds a dot is reached by a list, and an object's key that looks like a number by either.
 */
import { defineAgent } from '@skep/actor';
import { formatPath, type Path, SkepError, setOwn, type Value } from '@skep/kernel';
import { checkCount, checkObject, checkRange } from './client-input.js';

/** One change of `update`. A path is a list of keys and indexes, or text such as `plan.steps.0.title`. */
export type StateChange =
  | { readonly set: Path | string; readonly value: Value }
  | { readonly delete: Path | string }
  | { readonly increment: Path | string; readonly by?: number }
  | { readonly append: Path | string; readonly value: Value };

export interface StateUpdate {
  readonly changes: readonly StateChange[];
  /** Refuse with `version-conflict` unless the agent is at this version. */
  readonly expectedVersion?: number;
}

type Container = { [key: string | number]: Value };
type Document = { [key: string]: Value };

/** Where a change takes place: the container of the last key. */
interface Spot {
  readonly parent: Container;
  readonly key: string | number;
  readonly path: Path;
}

const VERBS = ['set', 'delete', 'increment', 'append'] as const;
type Verb = (typeof VERBS)[number];

/** What may stand beside each verb. */
const COMPANIONS: { readonly [Each in Verb]: readonly string[] } = { set: ['value'], delete: [], increment: ['by'], append: ['value'] };

export const StateKind = defineAgent({
  kind: 'state',
  initial: {} as Document,
  tags: ['built-in'],
  handlers: {
    /** Returns how many changes were applied; the reply carries the new version. */
    update(state, input: StateUpdate, context) {
      checkObject('the input of update', input);
      const { changes, expectedVersion, ...rest } = input;
      if (!Array.isArray(changes)) throw refused('update takes { changes: [{ set | delete | increment | append: path, ... }], expectedVersion? }');
      refuseStrangers(rest, []);
      if (expectedVersion !== undefined) {
        checkCount('expectedVersion', expectedVersion);
        if (expectedVersion !== context.version) {
          throw new SkepError('version-conflict', {
            message: `version ${expectedVersion} was expected, the agent is at ${context.version}`,
            id: context.agent,
          });
        }
      }
      for (const change of changes) applyChange(state, change);
      return { changes: changes.length };
    },
  },
  queries: {
    /** The value at a path; the whole document without one. */
    get(state, input: { readonly path?: Path | string } | null) {
      if (input !== null) checkObject('the input of get', input);
      const path = pathOf(input?.path ?? []);
      const value = valueAt(state, path);
      if (value === undefined) throw nothingAt(path);
      return value;
    },
    /** Events of the document, oldest first. */
    history(_state, input: { readonly from?: number; readonly to?: number; readonly limit?: number } | null, context) {
      if (input !== null) checkRange(input);
      return context.history(input ?? {});
    },
  },
});

function applyChange(state: Document, change: StateChange): void {
  checkObject('a change', change);
  const given = change as { readonly [name: string]: unknown };
  const verbs = VERBS.filter((verb) => Object.hasOwn(given, verb));
  const [verb] = verbs;
  if (verb === undefined || verbs.length > 1) throw refused(`a change is exactly one of ${VERBS.join(', ')}`);
  const { [verb]: place, ...rest } = given;
  refuseStrangers(rest, COMPANIONS[verb]);
  const spot = spotAt(state, pathOf(place));
  switch (verb) {
    case 'set':
      return put(spot, givenValue(verb, rest));
    case 'delete':
      return deleteAt(spot);
    case 'increment':
      return incrementAt(spot, rest.by ?? 1);
    case 'append':
      return appendAt(spot, givenValue(verb, rest));
  }
}

function spotAt(state: Document, path: Path): Spot {
  const key = path[path.length - 1];
  if (key === undefined) throw new SkepError('invalid-path', { message: 'a change needs a path with at least one key' });
  const above = path.slice(0, -1);
  const parent = valueAt(state, above);
  if (!isContainer(parent)) throw new SkepError('invalid-path', { message: `there is no object or list at ${formatPath(above)}` });
  if (Array.isArray(parent) && !(typeof key === 'number' && key <= parent.length)) {
    throw new SkepError('invalid-path', { message: `${formatPath(path)} is no place in a list of ${parent.length}` });
  }
  return { parent, key, path };
}

function valueAt(state: Document, path: Path): Value | undefined {
  let value: Value | undefined = state;
  // The length of a list is no member of it, so an index is a number there.
  for (const part of path) value = isContainer(value) && holds(value, part) ? value[part] : undefined;
  return value;
}

function holds(container: Container, key: string | number): boolean {
  return Array.isArray(container) ? typeof key === 'number' && key < container.length : Object.hasOwn(container, key);
}

function put({ parent, key }: Spot, value: Value): void {
  setOwn(parent as Record<string, Value>, key as string, value);
}

function deleteAt({ parent, key, path }: Spot): void {
  if (!holds(parent, key)) throw nothingAt(path);
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete parent[key];
}

function incrementAt(spot: Spot, by: unknown): void {
  const { parent, key, path } = spot;
  const before = holds(parent, key) ? parent[key] : 0;
  if (typeof by !== 'number') throw refused('increment takes a number as by');
  if (typeof before !== 'number') throw new SkepError('invalid-path', { message: `${formatPath(path)} holds no number to increment` });
  put(spot, before + by);
}

function appendAt(spot: Spot, value: Value): void {
  const { parent, key, path } = spot;
  if (!holds(parent, key)) put(spot, []);
  const list = parent[key];
  if (!Array.isArray(list)) throw new SkepError('invalid-path', { message: `${formatPath(path)} holds no list to append to` });
  list.push(value);
}

/** @throws SkepError `invalid-path` */
function pathOf(place: unknown): Path {
  if (typeof place === 'string') return place === '' ? [] : place.split('.').map((part) => (/^(0|[1-9]\d{0,14})$/.test(part) ? Number(part) : part));
  const isPart = (part: unknown) => typeof part === 'string' || (typeof part === 'number' && Number.isSafeInteger(part) && part >= 0);
  if (!Array.isArray(place) || !place.every(isPart)) {
    throw new SkepError('invalid-path', { message: 'a path is a list of keys and indexes, or text with dots' });
  }
  return place;
}

function givenValue(verb: Verb, { value }: { readonly value?: unknown }): Value {
  if (value === undefined) throw refused(`${verb} needs a value`);
  return value as Value;
}

function refuseStrangers(given: object, known: readonly string[]): void {
  const stranger = Object.keys(given).find((name) => !known.includes(name));
  if (stranger !== undefined) throw refused(`${JSON.stringify(stranger.slice(0, 64))} is not known here`);
}

function isContainer(value: Value | undefined): value is Container {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && !(value instanceof Date);
}

function nothingAt(path: Path): SkepError {
  return new SkepError('invalid-path', { message: `there is nothing at ${formatPath(path)}` });
}

function refused(message: string): SkepError {
  return new SkepError('invalid-input', { message });
}
