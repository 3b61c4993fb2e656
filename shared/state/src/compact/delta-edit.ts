/** The edits of a delta: to and from values that the canonical codec writes. */
import type { Change, Path, Value } from '@skep/kernel';
import type { Edit } from '../edit.js';
import { OP } from './delta-format.js';
import { type Splice, spliceOf } from './splice.js';

export type DeltaEdit = Edit | { readonly kind: 'splice'; readonly path: Path; readonly splice: Splice };

/** A change as a delta holds it. */
export function valueOfChange(change: Change): Value {
  const path = change.path as readonly Value[];
  switch (change.kind) {
    case 'delete':
      return [OP.delete, path];
    case 'create':
      return [OP.create, path, change.new];
    case 'update': {
      const splice = spliceOf(change.old, change.new);
      return splice === undefined ? [OP.update, path, change.new] : [OP.splice, path, [splice.start, splice.removed, splice.inserted]];
    }
  }
}

/** Undefined for what no delta holds. */
export function editOf(value: Value): DeltaEdit | undefined {
  if (!Array.isArray(value)) return undefined;
  const [op, path, content] = value as readonly Value[];
  if (!isPath(path) || value.length !== (op === OP.delete ? 2 : 3)) return undefined;
  switch (op) {
    case OP.delete:
      return { kind: 'delete', path };
    case OP.create:
      return { kind: 'create', path, new: content as Value };
    case OP.update:
      return { kind: 'update', path, new: content as Value };
    case OP.splice: {
      const splice = readSplice(content as Value);
      return splice && { kind: 'splice', path, splice };
    }
    default:
      return undefined;
  }
}

function readSplice(content: Value): Splice | undefined {
  if (!Array.isArray(content) || content.length !== 3) return undefined;
  const [start, removed, inserted] = content as readonly Value[];
  if (!isCount(start) || !isCount(removed)) return undefined;
  return typeof inserted === 'string' || inserted instanceof Uint8Array ? { start, removed, inserted } : undefined;
}

function isPath(path: Value | undefined): path is readonly (string | number)[] {
  return Array.isArray(path) && path.every((step) => typeof step === 'string' || isCount(step));
}

function isCount(value: Value | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}
