/** Conflicts as data. */
import type { Path, Value } from '@skep/kernel';
import { plainOf } from '../plain.js';
import type { Sides } from './sides.js';

/** What ours and theirs did, in this order. */
export type ConflictKind = 'update-update' | 'create-create' | 'delete-update' | 'update-delete';

/** Both sides changed the same place, and nothing says how to join it. Values are absent where there is nothing. */
export interface MergeConflict {
  /** Steps through lists are indexes of ours; through lists merged by id they are the ids. */
  readonly path: Path;
  readonly kind: ConflictKind;
  /** Absent, too, where the common ancestors contradict each other. */
  readonly base?: Value;
  /** What the branch has that is merged into. */
  readonly ours?: Value;
  /** What the branch has that is merged. */
  readonly theirs?: Value;
}

/** What is to be at a place of a conflict. */
export type Resolution = { readonly kind: 'value'; readonly value: Value } | { readonly kind: 'absent' } | { readonly kind: 'ours' | 'theirs' };

/** The answer of people, or of whoever was asked, to one conflict. */
export interface ResolvedConflict {
  /** The path of the conflict, letter by letter. */
  readonly path: Path;
  readonly resolution: Resolution;
}

export function conflictOf({ base, ours, theirs }: Sides, path: Path): MergeConflict {
  const conflict: { path: Path; kind: ConflictKind; base?: Value; ours?: Value; theirs?: Value } = { path, kind: kindOf({ base, ours, theirs }) };
  if (base !== undefined) conflict.base = plainOf(base, path.length);
  if (ours !== undefined) conflict.ours = plainOf(ours, path.length);
  if (theirs !== undefined) conflict.theirs = plainOf(theirs, path.length);
  return conflict;
}

function kindOf({ base, ours, theirs }: Sides): ConflictKind {
  if (ours === undefined) return 'delete-update';
  if (theirs === undefined) return 'update-delete';
  return base === undefined ? 'create-create' : 'update-update';
}
