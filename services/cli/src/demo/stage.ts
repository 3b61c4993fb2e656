/** What the scenes share: who plays, who watches, and the time that is left. */
import type { Client, VersionedValue } from '@skep/sdk';
import type { Figures } from './figures.js';
import type { Ledger } from './ledger.js';
import type { Load } from './load.js';
import type { Story } from './story.js';

export interface Scene<Place extends Stage = Stage> {
  /** Stands in `skipped` when there is no time for it. */
  readonly name: string;
  readonly title: string;
  /** What it takes on a slow machine; `slowness` counts on top of it. */
  readonly needsMs: number;
  /** Scenes without which it makes no sense. */
  readonly after: readonly string[];
  play(stage: Place): Promise<void>;
}

export abstract class Stage<Numbers extends Figures = Figures> {
  /** How this place is spoken of: who holds the agents, and what an acknowledgement means. */
  abstract readonly words: { readonly home: string; readonly level: string };
  /** Wall-clock ms of the kill, and the numbers of the calls that were in flight. */
  killedAtMs: number | undefined;
  inFlightAtKill: readonly number[] = [];
  beforeWrongTurn: VersionedValue | undefined;
  /** How much longer than usual things take on this machine now; 1 or more. */
  slowness = 1;
  /** What the scenes behind the current one will need. */
  reserveMs = 0;
  readonly #startMs = performance.now();

  constructor(
    readonly dir: string,
    readonly story: Story,
    readonly ledger: Ledger,
    readonly load: Load,
    readonly figures: Numbers,
    readonly boundMs: number | undefined,
  ) {}

  abstract get client(): Client;

  get elapsedMs(): number {
    return performance.now() - this.#startMs;
  }

  /** Until the bound; without one, as if there were plenty. */
  get leftMs(): number {
    return this.boundMs === undefined ? Number.POSITIVE_INFINITY : this.boundMs - this.elapsedMs;
  }

  /** For the current scene. */
  get spareMs(): number {
    return this.leftMs - this.reserveMs;
  }
}
