/** What a handler's `ctx.superpose` takes and gives. */
import type { StepInfo } from '../context.js';

/** Runs on one branch. What it returns is the value of the branch; what it throws makes the branch fail. */
export type BranchHandler<State, Result> = (branch: BranchContext<State>) => Result | Promise<Result>;

export interface SuperposeOptions {
  /**
   * Which branch is kept. `score` (default): the one with the highest score; of equals, or where nothing was scored, the most likely.
   * `weight`: the most likely. `first`: the first that ends well; the others are cancelled. Of equals the lowest index.
   */
  readonly keep?: 'score' | 'weight' | 'first';
  /** How many run at the same time. Default `LIMITS.superposeConcurrency`. */
  readonly concurrency?: number;
}

export interface BranchOutcome {
  readonly index: number;
  /** Those of the branches that succeeded add up to 1; all others have 0. */
  readonly weight: number;
  readonly score: number | null;
  readonly outcome: 'succeeded' | 'failed' | 'cancelled';
  /** Why it failed. */
  readonly reason: string | null;
}

export interface Superposed<Result> {
  /** Index of the branch that was kept. */
  readonly winner: number;
  /** What its handler returned; parts of the branch's state as copies. */
  readonly value: Result;
  readonly branches: readonly BranchOutcome[];
}

/** One branch: a state of its own, and what may be done on it. Nothing of it is left unless it is kept. */
export interface BranchContext<State = unknown> {
  /** From 0. */
  readonly index: number;
  /** A draft of the branch's own, as the agent's was when the branches began. */
  readonly state: State;
  /** Aborted when the branch is cancelled or the turn ends. */
  readonly signal: AbortSignal;
  /** Milliseconds since 1970 at which the turn began. */
  now(): number;
  /** From 0 up to and not including 1; another row of numbers for each branch, the same when the turn is resumed. */
  random(): number;
  /** As `ctx.step`; recorded for this branch, so names may be the same in all. */
  step<Result>(name: string, run: (info: StepInfo) => Result | Promise<Result>): Promise<Result>;
  /** Something was seen that is so likely if this branch is the right one: its weight is multiplied by it. 0 makes it fail. */
  weight(likelihood: number): void;
  /** The higher the better; a later score replaces an earlier one. */
  score(score: number): void;
  /** Ends this branch, which is never kept. */
  fail(reason: string): never;
  /** Branches of this branch: the best of them is what it goes on with. At most `LIMITS.superposeDepth` deep. */
  superpose<Result>(count: number, handler: BranchHandler<State, Result>, options?: SuperposeOptions): Promise<Superposed<Result>>;
}
