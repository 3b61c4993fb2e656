/** Changes as edits: without what was there before. */
import type { Change } from '@skep/kernel';
import type { Edit } from '@skep/state';

export function withoutOld(change: Change): Edit {
  return change.kind === 'delete' ? { kind: 'delete', path: change.path } : { kind: change.kind, path: change.path, new: change.new };
}
