/**
 * Runs a piece of work again and again, each time with the process dying at another point of its way: before the nth append reaches the
 * log, after it got there unanswered, or just after its answer. The last run is the undisturbed one.
 */
import type { AnyKind } from '@skep/actor';
import type { NodeOptions } from '../src/index.js';
import { Hive, type Life } from './hive.js';

export type Moment = 'before' | 'unanswered' | 'answered';
const MOMENTS: readonly Moment[] = ['before', 'unanswered', 'answered'];
const POINTS_MAX = 500;

export interface Run {
  readonly world: Hive;
  /** The process that did the work, or the one that was started after the crash. */
  readonly life: Life;
  readonly crashed: boolean;
  readonly point: string;
}

export interface CrashTask {
  readonly kinds: readonly AnyKind[];
  readonly options?: Partial<NodeOptions>;
  /** Before the first point. */
  readonly prepare?: (life: Life, world: Hive) => Promise<unknown>;
  /** Begins the work; what it returns may never settle. */
  readonly work: (life: Life, world: Hive) => Promise<unknown>;
  /** Repeats what callers would repeat, and lets everything end. */
  readonly finish: (life: Life, world: Hive) => Promise<unknown>;
  readonly check: (run: Run) => Promise<void>;
}

/** How many points there were. */
export async function crashEverywhere({ kinds, options, prepare, work, finish, check }: CrashTask): Promise<number> {
  for (let point = 0; point < POINTS_MAX; point += 1) {
    const moment = MOMENTS[point % MOMENTS.length] as Moment;
    const world = new Hive(kinds, options, point + 1);
    const first = await world.start();
    await prepare?.(first, world);
    const dies = dieAt(first, Math.floor(point / MOMENTS.length), moment);
    await withinTime(world, work(first, world), first);
    const crashed = dies();
    // Even where the work came to its end: what follows must stand on the log alone.
    first.crash();
    const life = await world.start();
    await finish(life, world);
    await check({ world, life, crashed, point: `${moment} append ${Math.floor(point / MOMENTS.length)}` });
    if (!crashed) return point;
  }
  throw new Error('the work does not end');
}

/** The process dies at its nth append from now on; returns whether it did. */
function dieAt({ controls }: Life, nth: number, moment: Moment): () => boolean {
  let count = 0;
  let dead = false;
  const kill = (): void => {
    dead = true;
    controls.kill();
  };
  controls.append = async (run) => {
    const mine = count === nth;
    count += 1;
    if (mine && moment === 'before') {
      kill();
      return new Promise(() => {});
    }
    const result = await run();
    if (mine && moment === 'unanswered') kill();
    if (mine && moment === 'answered') queueMicrotask(() => queueMicrotask(kill));
    return result;
  };
  return () => dead;
}

/** Lets the work go on until it ends or the process dies. */
async function withinTime(world: Hive, work: Promise<unknown>, life: Life): Promise<void> {
  let over = false;
  const mark = (): void => {
    over = true;
  };
  work.then(mark, mark);
  await world.until(() => over || !life.controls.isAlive);
}
