/** What the scenes share: who plays, who watches, and the time that is left. */
import { SkepError } from '@skep/kernel';
import type { Client, VersionedValue } from '@skep/sdk';
import type { HolderProcess } from '../holder/holder-process.js';
import type { Figures } from './figures.js';
import type { Ledger } from './ledger.js';
import type { Load } from './load.js';
import type { Story } from './story.js';

export interface Scene {
  /** Stands in `skipped` when there is no time for it. */
  readonly name: string;
  readonly title: string;
  /** What it takes on a slow machine. */
  readonly needsMs: number;
  /** Scenes without which it makes no sense. */
  readonly after: readonly string[];
  play(stage: Stage): Promise<void>;
}

export class Stage {
  /** The process that holds the folder now. */
  holder: HolderProcess | undefined;
  /** Wall-clock ms of the kill, and the operations that were in flight. */
  killedAtMs: number | undefined;
  retriedOperations: readonly string[] = [];
  beforeWrongTurn: VersionedValue | undefined;
  /** What the scenes behind the current one will need. */
  reserveMs = 0;
  readonly #startMs = performance.now();

  constructor(
    readonly dir: string,
    readonly story: Story,
    readonly ledger: Ledger,
    readonly load: Load,
    readonly figures: Figures,
    readonly boundMs: number | undefined,
  ) {}

  get client(): Client {
    if (this.holder === undefined) throw new SkepError('internal', { message: 'no process holds the folder of the demo', id: this.dir });
    return this.holder.client;
  }

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
