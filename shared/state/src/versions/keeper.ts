/**
 * Makes checkpoints durable. What is asked for while the store works goes to it together, in one `put`: a slow store gets larger groups, not
 * more of them.
 */
import type { Level } from '@skep/ports';
import type { Checkpoint } from '../checkpoint.js';
import type { KeptCheckpoint, NodeStore } from './node-store.js';
import type { Schedule } from './sealer.js';

/** Checkpoints of one `put`. */
const KEPT_AT_ONCE_MAX = 256;
/** How far back an earlier state is looked for that the store has already. */
const BASE_STEPS_MAX = 64;

interface Asked {
  readonly checkpoint: Checkpoint;
  readonly resolve: (level: Level) => void;
  readonly reject: (error: unknown) => void;
}

export class Keeper {
  private asked: Asked[] = [];
  private isBusy = false;

  constructor(
    private readonly store: NodeStore | undefined,
    private readonly schedule: Schedule,
  ) {}

  durable(checkpoint: Checkpoint): Promise<Level> {
    const { store } = this;
    if (store === undefined) return Promise.resolve('memory');
    return new Promise((resolve, reject) => {
      this.asked.push({ checkpoint, resolve, reject });
      if (this.isBusy) return;
      this.isBusy = true;
      this.schedule(() => this.keepAll(store));
    });
  }

  /** Without a store nobody asked for more than memory. */
  mayRelease({ isKept }: Checkpoint): boolean {
    return this.store === undefined || isKept;
  }

  private async keepAll(store: NodeStore): Promise<void> {
    while (this.asked.length > 0) {
      const now = this.asked.slice(0, KEPT_AT_ONCE_MAX).sort((one, other) => one.checkpoint.number - other.checkpoint.number);
      this.asked = this.asked.slice(KEPT_AT_ONCE_MAX);
      try {
        const group = new Set(now.map(({ checkpoint }) => checkpoint));
        await store.put(now.map(({ checkpoint }) => kept(checkpoint, group)));
        for (const { checkpoint, resolve } of now) {
          checkpoint.isKept = true;
          resolve(store.level);
        }
      } catch (error) {
        for (const { reject } of now) reject(error);
      }
    }
    this.isBusy = false;
  }
}

function kept(checkpoint: Checkpoint, group: ReadonlySet<Checkpoint>): KeptCheckpoint {
  const { id, agent, number, parents, tree } = checkpoint;
  return { id, agent, number, parents, root: checkpoint.seal(), tree, base: baseOf(checkpoint, group) };
}

function baseOf(checkpoint: Checkpoint, group: ReadonlySet<Checkpoint>): KeptCheckpoint['base'] {
  let earlier = checkpoint;
  for (let step = 0; step < BASE_STEPS_MAX && earlier.first !== 0; step += 1) {
    earlier = earlier.lineage.numbered(earlier.first);
    if (earlier.isHeld && (earlier.isKept || group.has(earlier))) return { id: earlier.id, tree: earlier.tree };
  }
  return undefined;
}
