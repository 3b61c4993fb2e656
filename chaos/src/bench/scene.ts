/** A scene measures one thing, alone on its data folder, and returns its rows: the one of its own id first. */
import type { Row } from './row.js';

export interface Scene {
  readonly id: string;
  run(run: Run): Promise<readonly Row[]>;
}

export interface SceneGroup {
  readonly scenes: readonly Scene[];
  /** Programs of `chaos/bench/peers` that are measured beside these scenes. */
  readonly peers: readonly string[];
  close(): Promise<void>;
}

/** How much is measured. */
export interface Plan {
  readonly rounds: number;
  readonly roundMs: number;
  /** Operations of a latency. */
  readonly operations: number;
  /** Single operations of a state, and means over a thousand where one is too short for the clock. */
  readonly singles: number;
  readonly means: number;
  /** Copies of a whole state. */
  readonly copies: number;
  /** Versions whose bytes are counted. */
  readonly steps: number;
  /** Agents whose versions are kept while the heap is measured. */
  readonly heapAgents: number;
  /** Fields that are changed from one version of a state to the next. */
  readonly changes: readonly number[];
  /** Kills of a node, and of a server of each flavour. */
  readonly kills: number;
  readonly serverKills: number;
  /** Moves of a small agent, and of a large one. */
  readonly moves: number;
  readonly largeMoves: number;
  /** Sizes of swarms. */
  readonly swarms: readonly number[];
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
  const limits = !profile;
  if (quick) {
    const few = {
      singles: 60,
      means: 3,
      copies: 10,
      steps: 50,
      heapAgents: 20,
      changes: [1, 10, 50],
      kills: 1,
      serverKills: 1,
      moves: 2,
      largeMoves: 1,
      swarms: [1, 850],
    };
    return { rounds: 2, roundMs: 100, operations: 60, crashes: 1, loadMs: 300, limits, ...few };
  }
  const rounds = Math.max(3, Math.round((seconds * 1000) / ROUND_MS));
  const many = {
    singles: 4_000,
    means: 200,
    copies: 200,
    steps: 1_000,
    heapAgents: 850,
    changes: [1, 10, 50],
    kills: 20,
    serverKills: 5,
    moves: 20,
    largeMoves: 5,
    swarms: [1, 850, 10_000, 100_000],
  };
  return { rounds, roundMs: (seconds * 1000) / rounds, operations: 1_000, crashes: 5, loadMs: 3_000, limits, ...many };
}
