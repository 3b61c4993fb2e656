/** One way to play the demo: where the agents live, and which scenes that allows. */
import type { Figures } from './figures.js';
import type { Scene, Stage } from './stage.js';
import type { Story } from './story.js';

export interface ProductionOptions {
  readonly dir: string;
  readonly story: Story;
  /** The whole takes no longer; undefined: as long as it takes. */
  readonly boundMs: number | undefined;
}

export interface Production<Place extends Stage = Stage, Numbers extends Figures = Figures> {
  readonly stage: Place;
  readonly figures: Numbers;
  readonly scenes: readonly Scene<Place>[];
  /** Resolves when agents can be called. */
  open(): Promise<void>;
  /** Ends every process of it, also after an `open` that failed. */
  close(): Promise<void>;
  /** Of the second terminal: commands that only this one can show. */
  readonly whatToType: readonly string[];
}
