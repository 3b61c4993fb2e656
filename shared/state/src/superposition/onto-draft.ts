/** Brings changes into a plain mutable object in place, so that whoever holds parts of it sees them. */
import { formatPath, type Path, SkepError } from '@skep/kernel';
import type { Edit } from '../edit.js';

type Container = Record<string | number, unknown>;

/** @param state a draft's state, equal to what the edits are told against. @throws SkepError `invalid-path` */
export function editInPlace(state: unknown, edits: readonly Edit[]): void {
  for (const edit of edits) {
    const { path } = edit;
    const last = path[path.length - 1];
    if (last === undefined) throw lost(path);
    const container = containerOf(state, path);
    if (!Array.isArray(container)) {
      if (edit.kind === 'delete') delete container[last];
      else container[last] = edit.new;
    } else if (edit.kind === 'update') container[Number(last)] = edit.new;
    else container.splice(Number(last), edit.kind === 'delete' ? 1 : 0, ...(edit.kind === 'delete' ? [] : [edit.new]));
  }
}

function containerOf(state: unknown, path: Path): Container {
  let at = state;
  // Own members only: the way to a constructor leads out of the state.
  for (const step of path.slice(0, -1)) {
    at = typeof at === 'object' && at !== null && Object.hasOwn(at, step) ? (at as Container)[step] : undefined;
  }
  if (typeof at !== 'object' || at === null) throw lost(path);
  return at as Container;
}

function lost(path: Path): SkepError {
  return new SkepError('invalid-path', { message: `there is no object or list around ${formatPath(path)}` });
}
