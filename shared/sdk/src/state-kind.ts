/** The built-in kind `state`: a document that needs no code. */
import { defineAgent } from '@skep/actor';
import { formatPath, type Path, SkepError, type Value } from '@skep/kernel';

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

export const StateKind = defineAgent({
  kind: 'state',
  initial: {} as Document,
  tags: ['built-in'],
  handlers: {
    /** Applies all changes or none; returns the new version. */
    update(state, input: StateUpdate, context) {
      if (typeof input !== 'object' || input === null || !Array.isArray(input.changes)) {
        throw refused('update takes { changes: [{ set | delete | increment | append: path, ... }], expectedVersion? }');
      }
      const { changes, expectedVersion } = input;
      if (expectedVersion !== undefined && expectedVersion !== context.version) {
        throw new SkepError('version-conflict', {
          message: `version ${expectedVersion} was expected, the agent is at ${context.version}`,
          id: context.agent,
        });
      }
      for (const change of changes) applyChange(state, change);
      return { changes: changes.length };
    },
  },
  queries: {
    /** The value at a path; the whole document without one. */
    get(state, input: { readonly path?: Path | string } | null) {
      let value: Value | undefined = state;
      const path = pathOf(input?.path ?? []);
      for (const part of path) value = isContainer(value) && Object.hasOwn(value, part) ? value[part] : undefined;
      if (value === undefined) throw new SkepError('invalid-path', { message: `there is nothing at ${formatPath(path)}` });
      return value;
    },
    history(_state, input: { readonly from?: number; readonly to?: number; readonly limit?: number } | null, context) {
      return context.history(input ?? {});
    },
  },
});

function applyChange(state: Document, change: StateChange): void {
  if ('set' in change) return withParent(state, change.set, (parent, key) => void setAt(parent, key, change.value));
  if ('delete' in change) return withParent(state, change.delete, deleteAt);
  if ('increment' in change) return withParent(state, change.increment, (parent, key) => incrementAt(parent, key, change.by ?? 1));
  if ('append' in change) return withParent(state, change.append, (parent, key) => appendAt(parent, key, change.value));
  throw refused('a change is one of set, delete, increment, append');
}

function withParent(state: Document, place: Path | string, act: (parent: Container, key: string | number) => void): void {
  const path = pathOf(place);
  const key = path[path.length - 1];
  if (key === undefined) throw new SkepError('invalid-path', { message: 'a change needs a path with at least one key' });
  let parent: Value | undefined = state;
  for (const part of path.slice(0, -1)) parent = isContainer(parent) && Object.hasOwn(parent, part) ? parent[part] : undefined;
  if (!isContainer(parent)) throw new SkepError('invalid-path', { message: `there is no object or list at ${formatPath(path.slice(0, -1))}` });
  if (Array.isArray(parent) && !(typeof key === 'number' && key >= 0 && key <= parent.length)) {
    throw new SkepError('invalid-path', { message: `${formatPath(path)} is no place in a list of ${parent.length}` });
  }
  act(parent, key);
}

function setAt(parent: Container, key: string | number, value: Value | undefined): void {
  if (value === undefined) throw refused('set needs a value');
  parent[key] = value;
}

function deleteAt(parent: Container, key: string | number): void {
  if (!Object.hasOwn(parent, key)) throw new SkepError('invalid-path', { message: `there is nothing at ${formatPath([key])}` });
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete parent[key];
}

function incrementAt(parent: Container, key: string | number, by: number): void {
  const before = Object.hasOwn(parent, key) ? parent[key] : 0;
  if (typeof before !== 'number' || typeof by !== 'number')
    throw new SkepError('invalid-path', { message: `${formatPath([key])} holds no number to increment` });
  parent[key] = before + by;
}

function appendAt(parent: Container, key: string | number, value: Value | undefined): void {
  if (value === undefined) throw refused('append needs a value');
  if (!Object.hasOwn(parent, key)) parent[key] = [];
  const list = parent[key];
  if (!Array.isArray(list)) throw new SkepError('invalid-path', { message: `${formatPath([key])} holds no list to append to` });
  list.push(value);
}

function pathOf(place: Path | string): Path {
  if (typeof place === 'string') return place === '' ? [] : place.split('.').map((part) => (/^(0|[1-9]\d*)$/.test(part) ? Number(part) : part));
  const good = Array.isArray(place) && place.every((part) => typeof part === 'string' || (Number.isSafeInteger(part) && part >= 0));
  if (!good) throw new SkepError('invalid-path', { message: 'a path is a list of keys and indexes, or text with dots' });
  return place;
}

function isContainer(value: Value | undefined): value is Container {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && !(value instanceof Date);
}

function refused(message: string): SkepError {
  return new SkepError('invalid-input', { message });
}
