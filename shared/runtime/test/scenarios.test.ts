/** Scenario files against golden output. `SKEP_GOLDEN=write npx vitest run shared/runtime/test/scenarios` rewrites it, to be reviewed as a diff. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { env } from 'node:process';
import { describe, expect, test } from 'vitest';
import { playScenario } from './scenario.js';

const FOLDER = new URL('./scenarios/', import.meta.url);

const PROMISES: Readonly<Record<string, string>> = {
  turn: 'P2, G3, G4, O6: what a turn records, and when what it says leaves the node',
  steps: 'U2, G12: a turn of steps, interrupted and resumed',
  supervision: 'O1, O5: a failing message is tried again and set aside; a suspended agent gets what waited',
  recovery: 'G1, L6: a start finds what was acknowledged, and nothing else',
  'full-disk': 'G13: a refused append takes back everything that rests on it',
  fenced: 'L2: a node whose lane is sealed comes back with another',
};

describe('scenarios play as they were reviewed', () => {
  for (const [name, promise] of Object.entries(PROMISES)) {
    test(`${name}: ${promise}`, async () => {
      const golden = new URL(`${name}.golden.txt`, FOLDER);
      const played = await playScenario(readFileSync(new URL(`${name}.txt`, FOLDER), 'utf8'));
      if (env.SKEP_GOLDEN === 'write') writeFileSync(golden, played);
      expect(played).toBe(existsSync(golden) ? readFileSync(golden, 'utf8') : '');
    });
  }

  test('every file of the folder is played', () => {
    const names = readdirSync(FOLDER).map((file) => file.replace(/(\.golden)?\.txt$/, ''));
    expect([...new Set(names)].sort()).toEqual(Object.keys(PROMISES).sort());
  });
});
