/** One branch of a `superpose` while its handler runs. */
import { checkName, SkepError } from '@skep/kernel';
import { type Draft, draftOf, logOf, type Tree } from '@skep/state';
import type { StepInfo } from '../context.js';
import { SeededChance } from '../seeded-chance.js';
import type { BranchContext, BranchHandler, Superposed, SuperposeOptions } from './branch-context.js';
import { detached } from './detached.js';
import type { Ended } from './ranking.js';
import { checkStepName, type SuperposeHost, Superposing } from './superposing.js';

export interface BranchStart {
  readonly host: SuperposeHost;
  readonly index: number;
  /** What its steps are recorded under. */
  readonly scope: string;
  readonly seed: number;
  readonly depth: number;
  readonly base: Tree;
}

const REASON_CHARACTERS_MAX = 1_000;

export class Branch implements BranchContext {
  readonly index: number;
  logWeight = 0;
  outcome: Ended['outcome'] = 'cancelled';
  reason: string | null = null;
  private points: number | undefined;
  private over = false;
  private readonly draft: Draft;
  private readonly chance: SeededChance;
  private readonly controller = new AbortController();
  private both: AbortSignal | undefined;
  private readonly superposing: Superposing;

  constructor(private readonly start: BranchStart) {
    const { index, base, seed, host, scope, depth } = start;
    this.index = index;
    this.draft = draftOf(base);
    this.chance = new SeededChance(() => seed);
    this.superposing = new Superposing(host, { draft: this.draft, scope, seed: () => seed, depth });
  }

  get state(): unknown {
    return this.draft.state;
  }

  get signal(): AbortSignal {
    this.both ??= AbortSignal.any([this.controller.signal, this.start.host.signal]);
    return this.both;
  }

  now(): number {
    return this.start.host.now();
  }

  random(): number {
    this.checkLive();
    return this.chance.next();
  }

  async step<Result>(name: string, run: (info: StepInfo) => Result | Promise<Result>): Promise<Result> {
    this.checkLive();
    checkName('step', name);
    checkStepName(name);
    const { host, scope } = this.start;
    const result = await host.journal.step(`${scope} ${name}`, ({ id }) => run({ id, signal: this.signal }));
    this.checkLive();
    return result;
  }

  weight(likelihood: number): void {
    this.checkLive();
    const log = logOf('a likelihood', likelihood);
    if (log === undefined) this.fail('ruled out by evidence of likelihood 0');
    else this.logWeight += log;
  }

  score(score: number): void {
    this.checkLive();
    // Larger whole numbers could not be recorded.
    if (!Number.isFinite(score) || Math.abs(score) > Number.MAX_SAFE_INTEGER) {
      throw new SkepError('invalid-input', { message: `a score is a number of up to 2^53, not ${String(score)}`, remedy: 'Correct the score.' });
    }
    this.points = score;
  }

  fail(reason: string): never {
    this.checkLive();
    this.reason = reasonOf(reason);
    throw new SkepError('branch-failed', { message: this.reason });
  }

  superpose<Result>(count: number, handler: BranchHandler<unknown, Result>, options?: SuperposeOptions): Promise<Superposed<Result>> {
    this.checkLive();
    return this.superposing.run(count, handler, options);
  }

  /** Runs the handler to its end; the tree and value of a branch that succeeded. */
  async run<Result>(handler: BranchHandler<unknown, Result>): Promise<{ readonly tree: Tree; readonly value: Result } | undefined> {
    try {
      const returned = await handler(this);
      // A handler that caught the failure has failed all the same.
      if (this.over || this.reason !== null) return undefined;
      const value = detached(returned);
      const { tree } = this.draft.finish();
      this.outcome = 'succeeded';
      return { tree, value };
    } catch (error) {
      if (!this.over) this.reason ??= reasonOf(error);
      return undefined;
    } finally {
      if (!this.over && this.reason !== null) this.outcome = 'failed';
      this.end();
    }
  }

  /** Nothing that its handler still does counts any more. */
  cancel(): void {
    if (this.over) return;
    this.end();
    this.controller.abort(new SkepError('turn-cancelled', { message: `branch ${this.index} is no longer needed` }));
  }

  // `score` is what users call; the ranking asks for the number.
  get ranked(): Ended {
    const { index, logWeight, points: score, outcome, reason } = this;
    return { index, logWeight, score, outcome, reason };
  }

  private end(): void {
    this.over = true;
    this.draft.discard();
  }

  private checkLive(): void {
    this.start.host.checkLive();
    if (this.over) throw new SkepError('turn-cancelled', { message: `branch ${this.index} is over; its context can do nothing any more` });
  }
}

/** Reasons are recorded with the choice. */
function reasonOf(given: unknown): string {
  const text = given instanceof Error ? given.message : String(given);
  return text.slice(0, REASON_CHARACTERS_MAX).toWellFormed();
}
