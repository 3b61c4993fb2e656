/** Merging one agent into another: what is asked for, and what comes of it. */
import type { AgentId, Change } from '@skep/kernel';
import type { Level } from '@skep/ports';
import type { MergeConflict, MergeRule, ResolvedConflict } from '@skep/state';

export interface AgentVersion {
  readonly agent: AgentId;
  readonly version: number;
}

export interface MergeRequest {
  /** Whose changes are brought in. Of the same tenant and kind; both began with one state: one branched from the other, or both from a third. */
  readonly from: AgentId;
  /** How places are merged that both changed. Rules that are functions can be given in process only. */
  readonly rules?: readonly MergeRule[];
  /** Answers to conflicts that were told before. */
  readonly resolutions?: readonly ResolvedConflict[];
  /** Tells what would be merged, and changes nothing. */
  readonly dryRun?: boolean;
}

interface Compared {
  readonly agent: AgentId;
  /** The agent's version afterwards; it grows by one when something changed. */
  readonly version: number;
  readonly from: AgentVersion;
  /** What both were compared with: the newest states that both come from. */
  readonly bases: readonly AgentVersion[];
}

export type AgentMerge =
  /** The agent had all of it already. */
  | (Compared & { readonly kind: 'unchanged' })
  /**
   * `fast-forward`: the agent had changed nothing since the common state, and has the other's now. Recorded as an event of type `merged`
   * with these changes; in a dry run nothing was, and `level` is null.
   */
  | (Compared & { readonly kind: 'merged' | 'fast-forward'; readonly changes: readonly Change[]; readonly level: Level | null })
  /** Nothing was changed. Values of ours are the agent's, of theirs the other's. */
  | (Compared & { readonly kind: 'conflicts'; readonly conflicts: readonly MergeConflict[] });
