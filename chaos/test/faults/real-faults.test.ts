/** Real node processes over real NATS servers while things fail: the short form of `npm run faults`. The nodes run from the build. */
import { appendFileSync, existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findServers, natsHere } from '@skep/nats/servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NODE_NAMES } from '../../src/faults/names.js';
import { describeRound, type RoundResult, runRound } from '../../src/faults/round.js';
import { majorityAndAllNodesKill } from '../../src/faults/server-faults.js';
import { type Site, startSite } from '../../src/faults/site.js';
import { replayOf, SHORT_TRIALS, seedOf, type Trial } from '../../src/faults/trials.js';

const PROGRAM = fileURLToPath(new URL('../../dist/faults/node-program.js', import.meta.url));
const CLIENTS = 10;
const SEED = '1';
const HASTY_ROUNDS_MAX = 7;
const TEST_MS = 240_000;
const flavour = findServers().fast === undefined ? 'stock' : 'fast';
const total = { operations: 0, strikes: 0 };

async function kept(site: Site, trial: Trial): Promise<RoundResult> {
  expect(existsSync(PROGRAM), 'build first: npm run build').toBe(true);
  const [faults = []] = trial.rounds;
  const result = await runRound({ site, program: PROGRAM, seed: seedOf(SEED, trial, 1), faults, clients: CLIENTS });
  total.operations += result.operations;
  total.strikes += result.strikes.length;
  expect(result.broken, result.broken.length > 0 ? describeRound(replayOf(SEED, trial, 1), result) : '').toEqual([]);
  expect(result.strikes).toHaveLength(faults.length);
  return result;
}

describe.skipIf(!natsHere())('a swarm of processes over NATS', () => {
  let site: Site;
  beforeAll(async () => {
    site = await startSite({ flavour });
  }, 60_000);
  afterAll(() => site?.close());

  test('O4, G1, G3, G4: kill -9 of nodes and of the NATS leader, a paused node: nothing acknowledged is lost, everything takes effect once', {
    timeout: TEST_MS,
  }, async () => {
    await kept(site, SHORT_TRIALS.nodes);
  });

  test('O5, O4: a rolling restart fails no call; all servers away, also at the start of a node, and full streams are told and overcome', {
    timeout: TEST_MS,
  }, async () => {
    const { strikes } = await kept(site, SHORT_TRIALS.servers);
    expect(strikes[0]?.saw).toMatchObject({ failed: 0 });
  });

  test('G1, G4: replies that leave before a majority has their cause are found out', { timeout: TEST_MS }, async () => {
    const found = new Set<string>();
    for (let round = 1; round <= HASTY_ROUNDS_MAX && !found.has('I3'); round += 1) {
      const options = { site, program: PROGRAM, seed: `hasty-${round}`, faults: [majorityAndAllNodesKill], clients: CLIENTS } as const;
      for (const { invariant } of (await runRound({ ...options, mistake: 'hasty' })).broken) found.add(invariant);
    }
    expect([...found]).toContain('I3');
  });
});

describe.skipIf(!natsHere('toxiproxy'))('a swarm of processes whose connections fail', () => {
  let site: Site;
  beforeAll(async () => {
    site = await startSite({ flavour, proxiedNodes: NODE_NAMES });
  }, 60_000);
  afterAll(() => site?.close());

  test('Q12, G1, G3: black holes, one direction only, resets between servers, a partition of a server with its node, and healing', {
    timeout: TEST_MS,
  }, async () => {
    await kept(site, SHORT_TRIALS.links);
  });
});

afterAll(() => {
  const file = process.env.SKEP_TEST_REPORT;
  if (file === undefined || total.strikes === 0) return;
  const lines = [
    { what: 'faults of real processes and servers', count: total.strikes },
    { what: 'operations checked', count: total.operations },
  ];
  appendFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
});
