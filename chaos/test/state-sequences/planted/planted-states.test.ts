/** Properties that never failed are no properties: each mistake is planted into a copy of the state room, and has to be found. */
import { afterAll, describe, expect, test } from 'vitest';
import { runSequence } from '../../../src/state-sequences/run-sequence.js';
import { report } from '../../simulator/suite-report.js';
import { PLANTED_MISTAKES, type PlantedMistake } from './mistakes.js';
import { mutatedRoom } from './mutated-room.js';

const SEQUENCES_MAX = 5_000;

interface Found {
  readonly mistake: PlantedMistake;
  /** Sequences that were run, the one that found it included; undefined when none did. */
  readonly sequences: number | undefined;
  readonly broken: string;
}

async function search(mistake: PlantedMistake): Promise<Found> {
  const { room, dispose } = await mutatedRoom(mistake);
  try {
    for (let seed = 1; seed <= SEQUENCES_MAX; seed += 1) {
      const { broken } = runSequence(seed, { room });
      if (broken !== undefined) return { mistake, sequences: seed, broken };
    }
    return { mistake, sequences: undefined, broken: '' };
  } finally {
    dispose();
  }
}

describe('V13: a mistake planted in the state room is found:', () => {
  const found: Found[] = [];

  test.each(PLANTED_MISTAKES.map((mistake) => [mistake.name, mistake] as const))('V13: %s', { timeout: 120_000 }, async (_, mistake) => {
    const result = await search(mistake);
    found.push(result);
    expect(result.sequences).toBeDefined();
    expect(runSequence(result.sequences ?? 0).broken).toBeUndefined();
  });

  test('V13: a patch that does not fit says so', async () => {
    const patch = { file: 'map.ts', find: 'this stands nowhere', replace: '' };
    await expect(mutatedRoom(patch)).rejects.toThrow('in map.ts of the state room this stands 0 times instead of once');
    await expect(mutatedRoom({ ...patch, find: 'return' })).rejects.toThrow('times instead of once');
  });

  afterAll(() => {
    const rows = found.map(({ mistake, sequences, broken }) => [mistake.name, mistake.rule, String(sequences ?? 'not found'), broken.slice(0, 60)]);
    const all = [['mistake in the state room', 'rule', 'sequences', 'found by'], ...rows];
    const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
    const table = all
      .map((row) =>
        row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd(),
      )
      .join('\n');
    process.stdout.write(`${table}\n`);
    report({ what: 'planted mistakes found by sequences', count: found.filter(({ sequences }) => sequences !== undefined).length }, { table });
  });
});
