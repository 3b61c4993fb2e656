/** Scenario files against golden output. `SKEP_GOLDEN=write npx vitest run shared/lane/test/scenarios` rewrites it, to be reviewed as a diff. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { env } from 'node:process';
import { describe, expect, test } from 'vitest';
import { playScenario } from './scenario.js';

const FOLDER = new URL('./scenarios/', import.meta.url);

const PROMISES: Readonly<Record<string, string>> = {
  gate: 'L1, L6, L7: what is written and read leaves in the order of its batches',
  'gate-exclusive': 'L7: on a log of its own a read waits for what it saw, and for nothing else',
  claim: 'L3, L4: an agent moves from node to node, and one at a time holds it',
  'claim-unknown': 'L3: a claim in doubt is settled by another claim only',
  'claim-race': 'L3: of two who claim at once one wins, and the other learns who',
  free: 'L3, L4: a node that lets go owns nothing from the moment it says so',
  settle: 'L5, L10: snapshots shorten trails, and what no trail needs is trimmed',
  recovery: 'L5, L11: a failover brings back every acknowledged record',
  'recovery-damage': 'L11, G11: a damaged lane stops its agents with an alarm',
  seal: 'L2: a sealed writer is dead, whatever it had in flight',
  'seal-race': 'L2: a seal and an append race, and exactly one is first',
  'unknown-append': 'L8: an append in doubt is settled by the last record of the lane',
  refused: 'W3, G1: what is refused for certain is given up, and its number used again',
};

describe('scenarios play as they were reviewed', () => {
  for (const [name, promise] of Object.entries(PROMISES)) {
    test(`${name}: ${promise}`, () => {
      const golden = new URL(`${name}.golden.txt`, FOLDER);
      const played = playScenario(readFileSync(new URL(`${name}.txt`, FOLDER), 'utf8'));
      if (env.SKEP_GOLDEN === 'write') writeFileSync(golden, played);
      expect(played).toBe(existsSync(golden) ? readFileSync(golden, 'utf8') : '');
    });
  }

  test('every file of the folder is played', () => {
    const names = readdirSync(FOLDER).map((file) => file.replace(/(\.golden)?\.txt$/, ''));
    expect([...new Set(names)].sort()).toEqual(Object.keys(PROMISES).sort());
  });
});
