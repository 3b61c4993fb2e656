/** The decisions of membership that keep healthy nodes alive, each by itself, so that tests can put a mistake in the place of one. */

/** What makes an observer's silence unreliable: its own thread did not run, or its link to the bus carried nothing. */
export type Outage = 'stall' | 'link';

export interface Rules {
  /** M2: how many observers must agree, of all members but the suspect. */
  readonly quorum: (others: number) => number;
  /** M3: whether an observer begins anew after such an outage. */
  readonly beginsAnew: (outage: Outage) => boolean;
  /** M2: whether the accusation of a member counts that this observer heard so long ago. */
  readonly counts: (heardAgoMs: number, patience: { readonly outageMs: number }) => boolean;
  /** M1: whether an incarnation that is gone may be a member again. */
  readonly returns: () => boolean;
}

export const RULES: Rules = {
  quorum: (others) => Math.floor(others / 2) + 1,
  beginsAnew: () => true,
  counts: (heardAgoMs, { outageMs }) => heardAgoMs <= outageMs,
  returns: () => false,
};
