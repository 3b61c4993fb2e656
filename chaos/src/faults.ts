/**
 * npm run faults: real node processes over real NATS servers, killed, paused and cut off under load, judged by the invariants.
 *
 *   npm run faults                             everything: 50 kills of a node, 20 of the leader of either NATS server, and all the rest
 *   npm run faults -- --kills 10 --minutes 5   less of it, and no new round after 5 minutes
 *   npm run faults -- --only node-kill:3 --seed 7   one round again
 *
 * Exit codes: 0 every promise was kept, 1 one was broken, 2 the arguments make no sense, 3 servers are missing.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findServers } from '@skep/nats/servers';
import { NODE_NAMES } from './faults/names.js';
import { describeRound, type RoundResult, runRound, type Strike } from './faults/round.js';
import { type Site, startSite } from './faults/site.js';
import { rowsOf, tableOf } from './faults/table.js';
import { allTrials, needsLinks, replayOf, SHORT_TRIALS, seedOf, type Trial } from './faults/trials.js';

interface FaultsOptions {
  readonly kills: number;
  readonly minutes: number;
  readonly seed: string;
  readonly only: { readonly trial: string; readonly round: number | undefined } | undefined;
  readonly output: 'text' | 'json';
}

const KILLS = 50;
const MINUTES = 60;
const PROGRAM = fileURLToPath(new URL('./faults/node-program.js', import.meta.url));
const SHORT: readonly Trial[] = Object.values(SHORT_TRIALS);
const TRIALS = [...allTrials(KILLS), ...SHORT].map(({ name }) => name);
const USAGE = `Real node processes over real NATS servers, killed, paused and cut off under load, judged by the invariants.

  npm run faults -- [--kills N] [--minutes M] [--seed S] [--only TRIAL[:ROUND]] [--json]

  --kills N     of a node (default ${KILLS}); of the leader of either NATS server two for five of them
  --minutes M   begin no round after this long (default ${MINUTES})
  --seed S      decides over targets, moments and what clients do (default 1)
  --only T[:R]  one trial, or its round R alone: ${TRIALS.join(', ')}
  --json        one JSON object as the last line

Example: npm run faults -- --kills 10 --minutes 10 --json
`;

const options = readOptions(process.argv.slice(2));
if (options !== undefined) process.exit(await run(options));

function readOptions(given: readonly string[]): FaultsOptions | undefined {
  try {
    const { values } = parseArgs({
      args: [...given],
      options: {
        ...{ kills: { type: 'string' }, minutes: { type: 'string' }, seed: { type: 'string' }, only: { type: 'string' } },
        ...{ json: { type: 'boolean' }, help: { type: 'boolean' } },
      },
    });
    if (values.help === true) {
      process.stdout.write(USAGE);
      return undefined;
    }
    return {
      kills: numberOf('--kills', values.kills ?? `${KILLS}`, 1),
      minutes: numberOf('--minutes', values.minutes ?? `${MINUTES}`, 0),
      seed: values.seed ?? '1',
      only: values.only === undefined ? undefined : onlyOf(values.only),
      output: values.json === true ? 'json' : 'text',
    };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exitCode = 2;
    return undefined;
  }
}

function numberOf(option: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < least) throw new Error(`${option} takes a number from ${least} on, not ${text}.`);
  return value;
}

function onlyOf(text: string): FaultsOptions['only'] {
  const [trial = '', round] = text.split(':');
  if (!TRIALS.includes(trial)) throw new Error(`There is no trial ${trial}.`);
  return { trial, round: round === undefined ? undefined : numberOf('The round', round, 1) };
}

async function run({ kills, minutes, seed, only, output }: FaultsOptions): Promise<number> {
  const missing = whatIsMissing();
  if (missing !== undefined) {
    process.stderr.write(`${missing}\n`);
    return 3;
  }
  const endMs = performance.now() + minutes * 60_000;
  const strikes: (Strike & { readonly flavour: string; readonly verdict: 'kept' | 'broken' })[] = [];
  const total = { rounds: 0, left: 0, operations: 0, acknowledged: 0, comeBacks: 0, failed: [] as string[] };
  const trials = only === undefined ? allTrials(kills) : [...allTrials(kills), ...SHORT].filter(({ name }) => name === only.trial);
  for (const trial of trials) {
    await play(trial, (round) => {
      if (only?.round !== undefined && only.round !== round) return 'skip';
      if (performance.now() < endMs) return 'play';
      total.left += 1;
      return 'skip';
    });
  }
  const rows = rowsOf(strikes);
  if (output === 'json') process.stdout.write(`${JSON.stringify({ seed, ...total, faults: rows })}\n`);
  else process.stdout.write(`${tableOf(rows)}\n${summaryOf(total)}\n`);
  return total.failed.length === 0 ? 0 : 1;

  async function play(trial: Trial, decide: (round: number) => 'play' | 'skip'): Promise<void> {
    const numbers = trial.rounds.map((_, index) => index + 1).filter((round) => decide(round) === 'play');
    if (numbers.length === 0) return;
    const site = await startSite({ flavour: trial.flavour, ...(needsLinks(trial) ? { proxiedNodes: NODE_NAMES } : {}) });
    try {
      for (const round of numbers) if (only !== undefined || decide(round) === 'play') await playRound(site, trial, round);
    } finally {
      await site.close();
    }
  }

  async function playRound(site: Site, trial: Trial, round: number): Promise<void> {
    const faults = trial.rounds[round - 1] ?? [];
    const result: RoundResult = await runRound({ site, program: PROGRAM, seed: seedOf(seed, trial, round), faults });
    const command = `${replayOf(seed, trial, round)} --kills ${kills}`;
    const verdict = result.broken.length === 0 ? 'kept' : 'broken';
    total.rounds += 1;
    total.operations += result.operations;
    total.acknowledged += result.acknowledged;
    total.comeBacks += result.comeBacks;
    strikes.push(...result.strikes.map((strike) => ({ ...strike, flavour: trial.flavour, verdict }) as const));
    if (verdict === 'broken') {
      total.failed.push(`${trial.name}:${round}`);
      process.stderr.write(`\n${describeRound(command, result)}\n\n`);
    }
    const { operations, comeBacks } = result;
    process.stderr.write(`${trial.name} ${round}/${trial.rounds.length}: ${verdict}, ${operations} operations, ${comeBacks} nodes came back\n`);
  }
}

function whatIsMissing(): string | undefined {
  if (!existsSync(PROGRAM)) return 'The program of the nodes is not built: npm run build';
  const [first] = findServers().missing;
  return first === undefined ? undefined : `${first.message} ${first.remedy}`;
}

function summaryOf({
  rounds,
  left,
  operations,
  acknowledged,
  failed,
}: {
  rounds: number;
  left: number;
  operations: number;
  acknowledged: number;
  failed: readonly string[];
}) {
  const verdict = failed.length === 0 ? 'every promise was kept' : `promises were broken in ${failed.join(', ')}`;
  const rest = left === 0 ? '' : `; ${left} rounds were left out for want of time`;
  return `${rounds} rounds, ${operations} operations checked (${acknowledged} acknowledged): ${verdict}${rest}`;
}
