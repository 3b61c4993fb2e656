import type { Rules } from '@skep/lane';
import type { Ports } from '@skep/ports';
import type { SkepNode } from '@skep/runtime';
import type { StoreOptions } from '@skep/simulated';

/** Something done wrong on purpose, to prove that the simulator would notice. */
export interface SeedMistake {
  readonly name: string;
  /** The rule or guarantee that it breaks. */
  readonly rule: string;
  readonly store?: NonNullable<StoreOptions['mistakes']>;
  readonly rules?: Partial<Rules>;
  readonly ports?: (ports: Ports) => Ports;
  readonly node?: (node: SkepNode) => void;
  /** Changes shared code for the time of a run; returns the function that undoes it. */
  readonly install?: () => () => void;
}
