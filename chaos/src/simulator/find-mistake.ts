import type { Invariant } from '../invariants/violation.js';
import type { SeedResult } from './conduct.js';
import type { SeedMistake } from './mistakes.js';
import { runSeed } from './run-seed.js';

export interface Finding {
  readonly mistake: SeedMistake;
  /** Seeds that were run, the one that found it included; undefined when none did. */
  readonly seeds: number | undefined;
  readonly by: readonly Invariant[];
  readonly example: string;
}

/** Runs seeds from 1 on until one of them shows the mistake, and shows nothing without it. */
export async function findMistake(
  mistake: SeedMistake,
  seedsMax: number,
  run: (seed: number, options?: { readonly mistake?: SeedMistake }) => Promise<SeedResult> = runSeed,
): Promise<Finding> {
  for (let seed = 1; seed <= seedsMax; seed += 1) {
    const { broken } = await run(seed, { mistake });
    if (broken.length === 0 || (await run(seed)).broken.length > 0) continue;
    return { mistake, seeds: seed, by: [...new Set(broken.map(({ invariant }) => invariant))].sort(), example: broken[0]?.message ?? '' };
  }
  return { mistake, seeds: undefined, by: [], example: '' };
}

/** One line a mistake, for people. */
export function formatFindings(findings: readonly Finding[], where = 'one node'): string {
  const rows = findings.map(({ mistake, seeds, by }) => [
    mistake.name,
    mistake.rule,
    seeds === undefined ? 'not found' : String(seeds),
    by.join(' '),
  ]);
  const all = [[`mistake in ${where}`, 'rule', 'seeds', 'broken'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
