/** What can be asked of the superpositions of one agent, as data. `name` is the superposition's. */
import type { Value } from '@skep/kernel';
import type { Edit } from '../edit.js';
import type { Tree } from '../tree.js';
import type { Likelihoods } from './evidence.js';
import type { Choice, Observer } from './observe.js';
import type { ExperimentalBranch } from './superposition.js';

/** A whole state, or edits of the one that the agent (or the branch) has. Neither: the same state. */
export type BranchContent = { readonly state?: Value } | { readonly edits?: readonly Edit[] } | { readonly tree?: Tree };

export type BranchRequest = BranchContent & {
  readonly name: string;
  /**
   * How likely it is before any evidence. On creation beside the others, default 1; of a branch that is added later its share of the
   * whole, between 0 and 1, default the average.
   */
  readonly weight?: number | undefined;
  /** Default: `committed`, a finished state. One that is `under-way` can be changed, and is observed once it committed. */
  readonly work?: ExperimentalBranch['work'] | undefined;
};

export type SuperpositionCommand<By extends Observer = Choice> =
  | { readonly kind: 'create'; readonly name: string; readonly branches: readonly BranchRequest[]; readonly graceMs?: number }
  | { readonly kind: 'add'; readonly name: string; readonly branch: BranchRequest }
  | ({ readonly kind: 'change'; readonly name: string; readonly branch: string } & BranchContent)
  | { readonly kind: 'commit'; readonly name: string; readonly branch: string }
  | { readonly kind: 'evidence'; readonly name: string; readonly label?: string; readonly likelihoods: Likelihoods }
  | { readonly kind: 'score'; readonly name: string; readonly scores: Readonly<Record<string, number>> }
  | { readonly kind: 'fail'; readonly name: string; readonly branch: string; readonly reason?: string }
  /** `merge`: where the agent moved on, take both changes if they do not conflict. */
  | { readonly kind: 'collapse'; readonly name: string; readonly by: By; readonly merge?: 'conflict-free' }
  | { readonly kind: 'undo'; readonly name: string }
  /** Ends it without a choice. */
  | { readonly kind: 'drop'; readonly name: string };
