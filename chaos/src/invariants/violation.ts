/** A promise that was not kept: by its number in `notes/reliability.md`, and what was seen. */
export interface Broken {
  readonly invariant: Invariant;
  readonly message: string;
}

export const INVARIANTS = {
  I1: 'linearizable: replies agree with their versions and with real time (G1, G3)',
  I2: 'one committed activation an epoch; records without gap or fork (G1)',
  I3: 'no acknowledged write lost, none refused took effect (G1, G13)',
  I4: 'nothing from nowhere',
  I5: 'exactly once (G4); a recorded step never runs again (G12)',
  I8: 'messages in order per pair, none lost (G4)',
  I10: 'restores, branches and checkpoints are exact',
  I11: 'tokens are neither made nor lost',
  I12: 'versions never go down for an observer',
  I13: 'once faults stop, everything is answered and delivered within a bound',
  I14: 'the fold of the log is the live state, roots included (G8)',
  I16: 'no alarm without damage (G11)',
  I18: 'at rest an agent has one holder at most, the one that the directory names (G1)',
  I19: 'every node sees the members that live, and no others',
  I20: 'the lanes of the dead are sealed, claimed and forgotten',
} as const;

export type Invariant = keyof typeof INVARIANTS;

export function broken(invariant: Invariant, message: string): Broken {
  return { invariant, message };
}
