/** The command line of the benchmark. */
import { parseArgs } from 'node:util';

/** One node, many over servers, or states without nodes. */
export type GroupName = 'node' | 'cluster' | 'state';

export interface Options {
  readonly group: GroupName;
  readonly json: boolean;
  readonly quick: boolean;
  readonly peers: boolean;
  readonly profile: boolean;
  /** Scenes to run; undefined for all of them. */
  readonly only: readonly string[] | undefined;
  /** Only the usage is asked for. */
  readonly help: boolean;
  /** Measured time of each rate. */
  readonly seconds: number;
}

export const USAGE = `npm run bench -- [cluster | state] [--json] [--only ID,ID] [--quick] [--seconds N] [--peers] [--profile]

  cluster      three node processes over three NATS servers, instead of one process on a folder
  state        states alone: what versions, branches and merges cost in memory

  --json       the rows as one line of JSON on standard output, the table on standard error
  --only       these scenes, or those that print these rows, for example --only turn.local,ask.local; another name is answered with all there are
  --quick      a smoke run: too short for figures worth quoting
  --seconds N  measure each rate for N seconds (default 5)
  --peers      install other systems into chaos/bench/peers and measure them in the same run
  --profile    write a CPU profile and a flame graph of each scene into .cache/bench (default scene: turn.local; of a cluster: turn.r3.fsync; of states: checkpoint.sealed)
`;

/** @throws UsageError, or what `parseArgs` throws */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
      seconds: { type: 'string', default: '5' },
      peers: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const group = groupOf(positionals);
  const seconds = Number(values.seconds);
  if (!(seconds > 0 && seconds <= 600)) throw new UsageError(`--seconds takes a number up to 600, not ${values.seconds}`);
  const { json, quick, peers, profile, help } = values;
  const only = values.only?.split(',').filter((id) => id !== '');
  return { group, json, quick, peers, profile, help, seconds, only: only ?? (profile ? [PROFILED[group]] : undefined) };
}

const PROFILED: Readonly<Record<GroupName, string>> = { node: 'turn.local', cluster: 'turn.r3.fsync', state: 'checkpoint.sealed' };

function groupOf(words: readonly string[]): GroupName {
  const [word = 'node', ...more] = words;
  if (more.length > 0 || (words.length > 0 && word !== 'cluster' && word !== 'state')) {
    throw new UsageError(`there is no benchmark ${words.join(' ')}; there are cluster and state`);
  }
  return word as GroupName;
}

/** What was asked for does not exist. */
export class UsageError extends Error {}
