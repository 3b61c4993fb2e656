/**
 * npm run soak: the simulator, or sequences of operations on states, for as long as you like.
 *
 *   npm run soak -- --seeds 10000            seeds 1 to 10,000
 *   npm run soak -- --from 5001 --minutes 30 as many as fit into half an hour
 *   npm run soak -- --seed 42                one seed, with everything that happens in it
 *   npm run soak -- --cluster --seeds 10000  whole clusters instead of one node; the same with --seed, --from and --minutes
 *   npm run soak -- --state                  100,000 sequences of operations on states; the same with --seeds, --seed, --from and --minutes
 *
 * Exit codes: 0 every promise was kept, 1 one was broken, 2 the arguments make no sense.
 */
import { parseArgs } from 'node:util';
import type { TraceEvent } from '@skep/simulated';
import { describeClusterSeed, runClusterSeed } from './cluster-simulator/run-cluster-seed.js';
import { describeSeed, runSeed, type SeedOptions, type SeedResult } from './simulator/run-seed.js';
import { COMMITS, SEQUENCES, showSequence, soakState } from './state-sequences/soak-state.js';

/** What is run: a node, or several. */
interface Subject {
  readonly run: (seed: number, options?: Pick<SeedOptions, 'observe'>) => Promise<SeedResult>;
  readonly describe: (result: SeedResult) => string;
}

interface SoakOptions {
  readonly subject: Subject | 'state';
  readonly from: number;
  readonly seeds: number;
  readonly minutes: number | undefined;
  readonly one: number | undefined;
  readonly output: 'text' | 'json';
}

const SEEDS = 1_000;
const PROGRESS_EVERY_MS = 2_000;
const NODE: Subject = { run: runSeed, describe: describeSeed };
const CLUSTER: Subject = { run: runClusterSeed, describe: describeClusterSeed };
const USAGE = `Runs seeds of the simulator: one node, or a whole cluster, in a world in which everything goes wrong; or sequences of operations on
states, each beside a model that copies everything.

  npm run soak -- [--cluster | --state] [--seeds N] [--from S] [--minutes M] [--json]
  npm run soak -- [--cluster | --state] --seed N [--json]     one seed, with everything that happens in it

  --cluster    3 to 5 nodes over the same stores, and clients that call through any of them
  --state      drafts, edits, branches, differences, merges and packs of states, against plain objects; then
               what ${COMMITS} commits of one agent write
  --seeds N    how many seeds (default ${SEEDS}, ${SEQUENCES} of --state; without end when --minutes is given)
  --from S     the first seed (default 1)
  --minutes M  stop after this long
  --json       one JSON object as the last line

Example: npm run soak -- --from 1000 --minutes 10 --json
`;

const options = readOptions(process.argv.slice(2));
if (options !== undefined) process.exitCode = await run(options);

async function run({ subject, ...options }: SoakOptions): Promise<number> {
  if (subject === 'state') return options.one === undefined ? soakState(options) : showSequence(options.one, options.output);
  return options.one === undefined ? await soak(subject, options) : await showOne(subject, options.one, options);
}

function readOptions(given: readonly string[]): SoakOptions | undefined {
  try {
    const { values } = parseArgs({
      args: [...given],
      options: {
        cluster: { type: 'boolean' },
        state: { type: 'boolean' },
        seeds: { type: 'string' },
        from: { type: 'string' },
        seed: { type: 'string' },
        minutes: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
    if (values.help === true) {
      process.stdout.write(USAGE);
      return undefined;
    }
    if (values.cluster === true && values.state === true) throw new Error('--cluster and --state are two runs; name one.');
    const seeds = values.state === true ? SEQUENCES : SEEDS;
    const minutes = values.minutes === undefined ? undefined : numberOf('--minutes', values.minutes, 0);
    return {
      subject: values.state === true ? 'state' : values.cluster === true ? CLUSTER : NODE,
      from: values.from === undefined ? 1 : numberOf('--from', values.from, 0),
      seeds: values.seeds === undefined ? (minutes === undefined ? seeds : Number.MAX_SAFE_INTEGER) : numberOf('--seeds', values.seeds, 1),
      minutes,
      one: values.seed === undefined ? undefined : numberOf('--seed', values.seed, 0),
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

async function soak(subject: Subject, { from, seeds, minutes, output }: Omit<SoakOptions, 'subject'>): Promise<number> {
  const startedMs = performance.now();
  const endMs = minutes === undefined ? Number.POSITIVE_INFINITY : startedMs + minutes * 60_000;
  const total = { seeds: 0, operations: 0, acknowledged: 0, records: 0, virtualMs: 0 };
  const met = new Map<string, number>();
  const failed: number[] = [];
  let toldMs = startedMs;
  const progress = () => {
    const seconds = (performance.now() - startedMs) / 1000;
    return `${total.seeds} seeds (${(total.seeds / seconds).toFixed(1)}/s), ${total.operations} operations checked, ${failed.length} seeds failed`;
  };
  for (let seed = from; seed < from + seeds && performance.now() < endMs; seed += 1) {
    const result = await subject.run(seed);
    total.seeds += 1;
    total.operations += result.operations;
    total.acknowledged += result.acknowledged;
    total.records += result.records;
    total.virtualMs += result.virtualMs;
    for (const [what, times] of result.met) met.set(what, (met.get(what) ?? 0) + times);
    if (result.broken.length > 0) {
      failed.push(seed);
      process.stderr.write(`\n${subject.describe(result)}\n\n`);
    }
    if (performance.now() - toldMs > PROGRESS_EVERY_MS) {
      toldMs = performance.now();
      process.stderr.write(`${progress()}\n`);
    }
  }
  const seconds = (performance.now() - startedMs) / 1000;
  if (output === 'text')
    process.stdout.write(`${progress()}; ${(total.virtualMs / 3_600_000).toFixed(1)} simulated hours in ${seconds.toFixed(0)} s\n`);
  else {
    const seedsPerSecond = Number((total.seeds / seconds).toFixed(2));
    process.stdout.write(
      `${JSON.stringify({ ...total, from, seconds: Number(seconds.toFixed(1)), seedsPerSecond, failed, met: Object.fromEntries(met) })}\n`,
    );
  }
  return failed.length === 0 ? 0 : 1;
}

async function showOne(subject: Subject, seed: number, { output }: Omit<SoakOptions, 'subject'>): Promise<number> {
  const result = await subject.run(seed, output === 'text' ? { observe: showEvent } : {});
  if (output === 'text') process.stdout.write(`\n${result.broken.length > 0 ? subject.describe(result) : describeKept(result)}\n`);
  else process.stdout.write(`${JSON.stringify({ ...result, met: Object.fromEntries(result.met) })}\n`);
  return result.broken.length === 0 ? 0 : 1;
}

function showEvent({ atMs, node, kind, fields }: TraceEvent): void {
  const shown = fields.map((field) => (field instanceof Uint8Array ? `${field.length} bytes` : String(field)));
  process.stdout.write(`${atMs.toFixed(3).padStart(12)}  ${node.padEnd(10)}  ${kind} ${shown.join(' ')}\n`);
}

function describeKept({ seed, trace, operations, records, plan }: SeedResult): string {
  return `seed ${seed} kept every promise: ${operations} operations checked, ${records} records, trace ${trace}\nThe plan:\n${plan}`;
}
