/** A scene measures one thing, alone on its data folder, and returns its rows: the one of its own id first. */
import type { Row } from './row.js';

export interface Scene {
  readonly id: string;
  run(run: Run): Promise<readonly Row[]>;
}

/** How much is measured. */
export interface Plan {
  readonly rounds: number;
  readonly roundMs: number;
  /** Operations of a latency. */
  readonly operations: number;
  /** Crashes, each with its load before and its recovery after. */
  readonly crashes: number;
  readonly loadMs: number;
  /** Whether limits are measured, too. A profile of the swarm is clearer without them. */
  readonly limits: boolean;
}

export interface Run {
  readonly plan: Plan;
  /** What holds now; said in every note. */
  readonly conditions: string;
  /** A new, empty folder on a real disk; removed at the end. */
  folder(): string;
  /** Progress, on standard error. */
  say(text: string): void;
}

const ROUND_MS = 500;

export function planOf({ quick, seconds, profile }: { readonly quick: boolean; readonly seconds: number; readonly profile: boolean }): Plan {
  if (quick) return { rounds: 2, roundMs: 100, operations: 60, crashes: 1, loadMs: 300, limits: !profile };
  const rounds = Math.max(3, Math.round((seconds * 1000) / ROUND_MS));
  return { rounds, roundMs: (seconds * 1000) / rounds, operations: 1_000, crashes: 5, loadMs: 3_000, limits: !profile };
}
