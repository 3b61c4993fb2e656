/**
 * A fold of events into a state that knows nothing of Skep's trees and records: plain objects, one change after the other. Written to be
 * obviously right, so that it can judge the real one.
 */
import { isDeepStrictEqual } from 'node:util';
import { type Change, SkepError, type Value } from '@skep/kernel';

type Container = { [step: string | number]: Value };

/** The state after these changes; `state` itself is used up. @throws SkepError `corrupt` when a change does not fit */
export function fold(state: Value, changes: readonly Change[]): Value {
  let root = state;
  for (const change of changes) root = apply(root, change);
  return root;
}

function apply(root: Value, change: Change): Value {
  const { path } = change;
  const last = path[path.length - 1];
  if (last === undefined) {
    checkOld(root, change);
    return change.kind === 'delete' ? null : change.new;
  }
  let parent = root;
  for (const step of path.slice(0, -1)) parent = (parent as Container)[step] as Value;
  const container = parent as Container;
  if (typeof container !== 'object' || container === null) throw misfit(change, 'there is nothing that could hold it');
  if (change.kind !== 'create') checkOld(container[last], change);
  if (Array.isArray(container)) applyToList(container, Number(last), change);
  else if (change.kind === 'delete') delete container[last];
  else Object.defineProperty(container, last, { value: change.new, enumerable: true, configurable: true, writable: true });
  return root;
}

function applyToList(list: Value[], at: number, change: Change): void {
  if (change.kind === 'create') list.splice(at, 0, change.new);
  else if (change.kind === 'update') list[at] = change.new;
  else list.splice(at, 1);
}

/** A change names what it replaced; if that was something else, the history is not what happened. */
function checkOld(current: Value | undefined, change: Change): void {
  if (change.kind !== 'create' && !isDeepStrictEqual(current, change.old)) throw misfit(change, 'something else stood there');
}

function misfit(change: Change, why: string): SkepError {
  return new SkepError('corrupt', { message: `a change at ${change.path.join('.')} does not fit: ${why}` });
}
