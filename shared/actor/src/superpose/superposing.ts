/**
 * `superpose`: a handler on several branches of a draft, of which the best is kept.
 *
 *   peek at the draft --> n branches of it, each with a draft, chance and steps of its own --> one is kept: its changes join the draft
 *
 * - B1 A branch sees nothing of another, and the draft sees nothing of any until one is kept; then all of its changes, at once (V4).
 * - B2 The choice is journalled as soon as it is made. A turn that is resumed behind it runs only the branch that was kept, on its
 *   recorded steps; one that is resumed before it chooses anew from the recorded steps of all (U2).
 * - B3 While branches run, nothing else of the turn may act: what it would record would depend on who is faster.
 */
import { type Limits, SkepError, type Value } from '@skep/kernel';
import { type Draft, diff, editInPlace, type Tree } from '@skep/state';
import type { Journal } from '../journal.js';
import { Branch } from './branch.js';
import type { BranchHandler, BranchOutcome, Superposed, SuperposeOptions } from './branch-context.js';
import { isBetter, outcomesOf } from './ranking.js';

/** What it needs of the turn. */
export interface SuperposeHost {
  readonly limits: Limits;
  readonly journal: Journal;
  /** Aborted when the turn ends from outside. */
  readonly signal: AbortSignal;
  now(): number;
  /** Throws once the turn is over. */
  checkLive(): void;
}

/** The draft that branches are made of, and where their steps stand in the journal. */
export interface SuperposePlace {
  readonly draft: Draft;
  readonly scope: string;
  readonly seed: () => number;
  readonly depth: number;
}

/** What the journal keeps of a choice. */
interface Decision {
  readonly winner: number;
  readonly branches: readonly BranchOutcome[];
}

interface Kept<Result> {
  readonly branch: Branch;
  readonly tree: Tree;
  readonly value: Result;
}

interface Task<Result> {
  readonly count: number;
  readonly handler: BranchHandler<unknown, Result>;
  readonly options: SuperposeOptions;
  /** In the journal. */
  readonly name: string;
  readonly base: Tree;
}

const KEEP = ['score', 'weight', 'first'];

export class Superposing {
  /** True while branches run. */
  busy = false;
  private times = 0;

  constructor(
    private readonly host: SuperposeHost,
    private readonly place: SuperposePlace,
  ) {}

  /** @throws SkepError `invalid-input`, `overloaded`, `branch-failed` when none succeeded, `version-conflict` */
  async run<Result>(count: number, handler: BranchHandler<unknown, Result>, options: SuperposeOptions = {}): Promise<Superposed<Result>> {
    this.check(count, handler, options);
    this.busy = true;
    try {
      const { place } = this;
      this.times += 1;
      const base = place.draft.peek();
      const task = { count, handler, options, name: nameIn(place.scope, `superpose ${this.times}`), base };
      let kept: Kept<Result> | undefined;
      const decision = await this.decided(task, async () => {
        const chosen = await this.choose(task);
        kept = chosen.kept;
        return chosen.decision;
      });
      kept ??= await this.again(task, decision.winner);
      this.adopt(base, kept.tree);
      return { winner: decision.winner, value: kept.value, branches: decision.branches };
    } finally {
      this.busy = false;
    }
  }

  private check(count: number, handler: unknown, { keep, concurrency }: SuperposeOptions): void {
    const { limits } = this.host;
    const refuse = (message: string, remedy: string): never => {
      throw new SkepError('invalid-input', { message, remedy });
    };
    if (this.busy) refuse('branches of this state are running already', 'Await one superpose before the next, or use branch.superpose.');
    if (!(Number.isSafeInteger(count) && count > 0)) refuse('superpose takes a number of branches from 1', 'Correct the number.');
    if (typeof handler !== 'function') refuse('superpose takes a function that is given a branch', 'Give one.');
    if (keep !== undefined && !KEEP.includes(keep)) refuse(`keep is one of ${KEEP.join(', ')}`, 'Correct the options.');
    if (concurrency !== undefined && !(Number.isSafeInteger(concurrency) && concurrency > 0)) refuse('concurrency is a number from 1', 'Correct it.');
    if (count > limits.superpositionBranches) {
      throw new SkepError('overloaded', {
        message: `${count} branches were asked for, ${limits.superpositionBranches} are allowed`,
        remedy: 'Ask for fewer.',
      });
    }
    if (this.place.depth >= limits.superposeDepth) {
      throw new SkepError('overloaded', { message: `superpose stands at most ${limits.superposeDepth} deep`, remedy: 'Search in a loop instead.' });
    }
  }

  /** The choice, from the journal where it was made before a crash. What the branches that were not kept recorded will not be asked for. */
  private async decided(task: Task<unknown>, choose: () => Promise<Decision>): Promise<Decision> {
    const { journal } = this.host;
    const steps = `${task.name} branch `;
    try {
      const decision = (await journal.ask(task.name, 'query', async () => (await choose()) as unknown as Value)) as unknown as Decision;
      journal.forget(steps, `${steps}${decision.winner} `);
      return decision;
    } catch (error) {
      journal.forget(steps);
      throw error;
    }
  }

  /** Runs all branches. Losers are dropped as soon as a better one has ended. */
  private async choose<Result>(task: Task<Result>): Promise<{ readonly decision: Decision; readonly kept: Kept<Result> }> {
    const { count, handler, options } = task;
    const branches = Array.from({ length: count }, (_, index) => this.branchOf(task, index));
    let kept: Kept<Result> | undefined;
    let started = 0;
    const isDecided = (): boolean => options.keep === 'first' && kept !== undefined;
    await new Promise<void>((resolve, reject) => {
      const line = async (): Promise<void> => {
        while (started < count && !isDecided()) {
          const branch = branches[started] as Branch;
          started += 1;
          const ended = await branch.run(handler);
          if (ended !== undefined && !isDecided() && (kept === undefined || isBetter(branch.ranked, kept.branch.ranked, options.keep))) {
            kept = { branch, ...ended };
          }
          if (isDecided()) resolve();
        }
      };
      const lines = Math.min(count, options.concurrency ?? this.host.limits.superposeConcurrency);
      Promise.all(Array.from({ length: lines }, line)).then(() => resolve(), reject);
    });
    for (const branch of branches) branch.cancel();
    this.host.checkLive();
    const outcomes = outcomesOf(branches.map(({ ranked }) => ranked));
    if (kept !== undefined) return { decision: { winner: kept.branch.index, branches: outcomes }, kept };
    const reasons = outcomes.slice(0, 3).map(({ index, reason }) => `${index}: ${reason}`);
    throw new SkepError('branch-failed', { message: `none of ${count} branches succeeded (${reasons.join('; ')}${count > 3 ? '; ...' : ''})` });
  }

  /** The branch that was chosen before a crash. @throws SkepError `turn-diverged` if it does not succeed as it did then */
  private async again<Result>(task: Task<Result>, winner: number): Promise<Kept<Result>> {
    const branch = this.branchOf(task, winner);
    const ended = await branch.run(task.handler);
    this.host.checkLive();
    if (ended !== undefined) return { branch, ...ended };
    throw new SkepError('turn-diverged', { message: `branch ${winner} was kept before the crash, and fails now: ${branch.reason}`, id: task.name });
  }

  private branchOf({ name, base }: Pick<Task<unknown>, 'name' | 'base'>, index: number): Branch {
    const { host, place, times } = this;
    const seed = mixed(mixed(place.seed() + times) + index);
    return new Branch({ host, index, scope: `${name} branch ${index}`, seed, depth: place.depth + 1, base });
  }

  private adopt(base: Tree, tree: Tree): void {
    const { draft } = this.place;
    if (diff(base, draft.peek()).length > 0) {
      throw new SkepError('version-conflict', {
        message: 'the state was changed while its branches ran',
        remedy: 'Change branch.state inside of superpose, and the state of the agent before or after it.',
      });
    }
    editInPlace(draft.state, diff(base, tree));
  }
}

/** @throws SkepError `invalid-input` for names that steps of branches are recorded under */
export function checkStepName(name: string): void {
  if (!/^superpose \d/.test(name)) return;
  throw new SkepError('invalid-input', { message: `the step ${name} has a name that belongs to branches`, id: name, remedy: 'Choose another name.' });
}

function nameIn(scope: string, name: string): string {
  return scope === '' ? name : `${scope} ${name}`;
}

/** The 32-bit finaliser of MurmurHash3: seeds that are neighbours become ones that have nothing in common. */
function mixed(seed: number): number {
  let bits = (seed + 0x9e3779b9) | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
