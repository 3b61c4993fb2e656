/** Fields of what was written, read one by one: whatever is of another shape is foreign. */
import type { Path, Value } from '@skep/kernel';
import type { RecordEdit } from './record.js';

export function foreign(what: string): Error {
  return new Error(`${what} is none that is written`);
}

export function list(value: Value | undefined): readonly Value[] {
  if (!Array.isArray(value)) throw foreign('a field that should be a list');
  return value;
}

export function listOf(value: Value | undefined, length: number): readonly Value[] {
  const fields = list(value);
  if (fields.length !== length) throw foreign(`a list of ${fields.length} instead of ${length} fields`);
  return fields;
}

export function text(value: Value | undefined): string {
  if (typeof value !== 'string') throw foreign('a field that should be text');
  return value;
}

export function textOrNull(value: Value | undefined): string | null {
  return value === null ? null : text(value);
}

export function number(value: Value | undefined): number {
  if (typeof value !== 'number') throw foreign('a field that should be a number');
  return value;
}

export function whole(value: Value | undefined): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw foreign('a field that should be a whole number');
  return value as number;
}

export function bytesOf(value: Value | undefined): Uint8Array {
  if (!(value instanceof Uint8Array)) throw foreign('a field that should be bytes');
  return value;
}

export function present(value: Value | undefined): Value {
  if (value === undefined) throw foreign('a missing field');
  return value;
}

export function readEdit(value: Value): RecordEdit {
  const fields = list(value);
  const path = list(fields[1]);
  if (!path.every((part) => typeof part === 'string' || typeof part === 'number')) throw foreign('the path of an edit');
  if (fields[0] === 2 && fields.length === 2) return { kind: 'delete', path: path as Path };
  if ((fields[0] !== 0 && fields[0] !== 1) || fields.length !== 3) throw foreign('an edit');
  return { kind: fields[0] === 0 ? 'create' : 'update', path: path as Path, new: present(fields[2]) };
}

export function editFields(edit: RecordEdit): Value {
  return edit.kind === 'delete' ? [2, edit.path] : [edit.kind === 'create' ? 0 : 1, edit.path, edit.new];
}
