/** Where an agent stands on its way into this node and out of it (drawn in `ownership.ts`). */
import type { AgentId, Value } from '@skep/kernel';
import type { Revision } from '@skep/ports';
import { type DirectoryEntry, entryValue, type SnapshotReference } from './directory-entry.js';
import type { RequestId } from './outputs.js';

/** A snapshot in the blob store, to be named by the directory. */
export interface Settling {
  readonly snapshot: SnapshotReference;
  /** The lane's last acknowledged batch when the snapshot's last record was released; later records lie in it or behind it. */
  readonly batch: number;
  readonly wake: boolean;
  readonly tombstone: boolean;
}

export interface Held {
  readonly kind: 'held';
  readonly entry: DirectoryEntry;
  readonly revision: Revision;
  /** Counted in place, twice a turn: everything else of a stage is replaced, never changed. */
  position: number;
  acknowledged: number;
  readonly settling: { readonly task: Settling; readonly entry: DirectoryEntry; readonly request: RequestId } | undefined;
}

export type Stage =
  | { readonly kind: 'reading'; readonly request: RequestId }
  | { readonly kind: 'claiming'; readonly entry: DirectoryEntry; readonly floorBefore: number | undefined; readonly request: RequestId }
  | { readonly kind: 'recovering'; readonly entry: DirectoryEntry; readonly revision: Revision; readonly request: RequestId }
  | { readonly kind: 'stalled'; readonly entry: DirectoryEntry; readonly revision: Revision }
  | Held
  | { readonly kind: 'freeing'; readonly held: Held; readonly entry: DirectoryEntry; readonly claimNext: 'yes' | 'no'; readonly request: RequestId };

/** Everything that makes a difference to what happens next. */
export function stageValue(agent: AgentId, stage: Stage): Value {
  switch (stage.kind) {
    case 'reading':
      return [agent, stage.kind];
    case 'claiming':
      return [agent, stage.kind, entryValue(stage.entry), stage.floorBefore ?? null];
    case 'recovering':
    case 'stalled':
      return [agent, stage.kind, entryValue(stage.entry), stage.revision];
    case 'held':
      return [agent, stage.kind, ...heldValue(stage)];
    case 'freeing':
      return [agent, stage.kind, stage.claimNext, entryValue(stage.entry), ...heldValue(stage.held)];
  }
}

function heldValue({ entry, revision, position, acknowledged, settling }: Held): readonly Value[] {
  return [entryValue(entry), revision, position, acknowledged, settling === undefined ? null : entryValue(settling.entry)];
}
