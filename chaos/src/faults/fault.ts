/** Something that goes wrong in a running swarm, and is over when `strike` resolves. */
import type { SeededRandom } from '@skep/simulated';
import type { Outside } from '../simulator/outside.js';
import type { RecordingClient } from '../simulator/recording-client.js';
import type { Site } from './site.js';
import type { SwarmOfProcesses } from './swarm-of-processes.js';

export interface Stage {
  readonly site: Site;
  readonly swarm: SwarmOfProcesses;
  readonly outside: Outside;
  readonly random: SeededRandom;
  clientOf(name: string): RecordingClient;
}

/** Measured, each in the unit that its name ends in. */
export type Figures = { readonly [name: string]: number };

export interface Fault {
  readonly name: string;
  /** Promises that it tries, by the ids of the specification. */
  readonly ids: readonly string[];
  /** `links`: needs proxies in front of everything. */
  readonly needs: 'servers' | 'links';
  /** What must have come of it goes to `stage.outside.broken` if it did not. */
  strike(stage: Stage): Promise<Figures>;
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
