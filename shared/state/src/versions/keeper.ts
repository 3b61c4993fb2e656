/**
 * Makes checkpoints durable. What is asked for while the store works goes to it together, in one `put`: a slow store gets larger groups, not
 * more of them. What is wrong with one state is no other checkpoint's failure: then each goes to the store for itself.
 */
import { isSkepError, LIMITS, SkepError } from '@skep/kernel';
import type { Level } from '@skep/ports';
import { type Checkpoint, letGo } from '../checkpoint.js';
import type { KeptCheckpoint, NodeStore } from './node-store.js';
import type { Schedule } from './sealer.js';

/** Checkpoints of one `put`. */
const KEPT_AT_ONCE_MAX = 256;
/** How far back an earlier state is looked for that the store has already. */
const BASE_STEPS_MAX = 64;
/** Errors of one state, not of the store. */
const OF_ONE_STATE: ReadonlySet<string> = new Set(['corrupt', 'malformed', 'payload-too-large', 'version-conflict']);

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
    if (store === undefined) return checkpoint.isHeld ? Promise.resolve('memory') : Promise.reject(letGo(checkpoint.id));
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
      await keep(store, now);
    }
    this.isBusy = false;
  }
}

async function keep(store: NodeStore, asked: readonly Asked[]): Promise<void> {
  try {
    const group = new Set(asked.map(({ checkpoint }) => checkpoint));
    await store.put(asked.map(({ checkpoint }) => kept(checkpoint, group)));
    for (const { checkpoint, resolve } of asked) {
      checkpoint.isKept = true;
      resolve(store.level);
    }
  } catch (error) {
    const isOfOne = isSkepError(error) && OF_ONE_STATE.has(error.code);
    if (isOfOne && asked.length > 1) for (const each of asked) await keep(store, [each]);
    else for (const { reject } of asked) reject(error);
  }
}

/** @throws SkepError `payload-too-large` for what could not be read again, `corrupt`, `malformed` */
function kept(checkpoint: Checkpoint, group: ReadonlySet<Checkpoint>): KeptCheckpoint {
  const { id, agent, number, parents, tree } = checkpoint;
  const { byteLength } = tree;
  if (byteLength > LIMITS.stateBytes) {
    throw new SkepError('payload-too-large', { message: `the state has ${byteLength} bytes, ${LIMITS.stateBytes} are kept at most`, id });
  }
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
