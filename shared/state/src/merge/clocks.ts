/** When each side of a merge was written last. */
import type { HybridClock, Path } from '@skep/kernel';

export interface Clocks {
  readonly source: HybridClock | undefined;
  readonly target: HybridClock | undefined;
}

/** When each side wrote a place last; asked only where the rule `last-writer` has to decide. */
export type ClocksOf = (path: Path) => Clocks;

export const NO_CLOCKS: ClocksOf = () => ({ source: undefined, target: undefined });
