import { relative } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { TENANT_DEFAULT } from '../arguments/agent-address.js';
import { wholeNumber } from '../arguments/number-argument.js';
import { clusterFolder } from '../cluster/at-hand.js';
import type { ServerCount, Up } from '../cluster/up.js';
import { findConfig } from '../config/find-config.js';
import { OUR_KINDS_FILE } from '../config/our-kinds.js';
import type { CommonOptions, Frame, Outcome } from '../frame/frame.js';
import type { Shell } from '../frame/shell.js';
import { msText, rounded } from '../output/amounts.js';
import { startSteps } from '../output/progress.js';
import { pairsText } from '../output/table.js';

interface Options extends Pick<CommonOptions, 'dir' | 'universe'> {
  readonly nodes: number;
  readonly servers?: '1' | '3' | '5';
  readonly stock?: true;
  readonly tls?: true;
  readonly tenant?: readonly string[];
}

const UNIVERSE_DEFAULT = 'main';

/** All on one machine: more than these only stand in each other's way. */
const NODES_MAX = 16;

export function upCommand(frame: Frame): Command {
  return frame
    .command({
      usage: 'up',
      summary: 'start a cluster on this machine',
      description:
        'Starts NATS servers and nodes, each a process of its own, that go on after the command. Servers keep three copies and write each to the disk before they acknowledge it. Credentials are made by themselves; nobody connects without them. What the cluster holds is kept in its folder: after "skep down" it comes back.',
      examples: ['skep up', 'skep up --nodes 5 --tls', 'skep up --servers 1 --nodes 2 --tenant acme --tenant umbrella'],
    })
    .option('--nodes <n>', `nodes, named n1, n2 and so on (at most ${NODES_MAX})`, nodeCount, 3)
    .addOption(new Option('--servers <n>', 'NATS servers (default: 3, or as many as there were)').choices(['1', '3', '5']))
    .option('--stock', 'the nats-server as it is published, which elects in 4 to 9 seconds, instead of the fast-electing one')
    .option('--tls', 'TLS between servers and to them, with certificates of its own')
    .option('--tenant <tenant>', `tenants whose clients may connect, also several times (${TENANT_DEFAULT} always may)`, collected)
    .option('--universe <name>', `universe of the nodes (default: ${UNIVERSE_DEFAULT})`)
    .action(frame.action((options: Options) => start(frame.shell, options)));
}

async function start(shell: Shell, options: Options): Promise<Outcome> {
  const { nodes, servers, stock, tls, tenant = [], universe = UNIVERSE_DEFAULT } = options;
  const { up } = await import('../cluster/work.js');
  const startedMs = performance.now();
  const dir = await clusterFolder(shell, options.dir);
  const config = findConfig(shell.cwd);
  const steps = startSteps(shell, 'starting');
  try {
    const started = await up({
      ...{ dir, nodes, universe, tls: tls === true },
      ...(servers === undefined ? {} : { servers: Number(servers) as ServerCount }),
      ...(stock === undefined ? {} : { flavour: 'stock' }),
      tenants: [...new Set([TENANT_DEFAULT, ...tenant])],
      kinds: [...(config === undefined ? [] : [config]), OUR_KINDS_FILE],
      onStep: (step) => steps.step(step),
    });
    return outcomeOf(shell, started, { universe, ms: performance.now() - startedMs });
  } finally {
    steps.stop();
  }
}

function outcomeOf(shell: Shell, { cluster, nodes }: Up, { universe, ms }: { readonly universe: string; readonly ms: number }): Outcome {
  const { dir, flavour, version, credentials, urls, servers } = cluster;
  const level = nodes.nodes[0]?.ready?.level ?? null;
  const json = {
    ...{ dir, universe, level, natsServer: flavour, natsVersion: version, urls, tls: credentials?.hasTls === true },
    ...{ credentials: credentials?.dir ?? null, tenants: credentials?.tenants ?? [], ms: rounded(ms) },
    servers: servers.map(({ name, pid, clientUrl, logFile }) => ({ name, pid: pid ?? null, url: clientUrl, log: logFile })),
    nodes: nodes.nodes.map(({ name, pid, ready, logFile }) => ({ name, pid: pid ?? null, incarnation: ready?.incarnation ?? null, log: logFile })),
  };
  const short = (path: string): string => relative(shell.cwd, path) || path;
  const pairs: (readonly [string, string])[] = [
    [
      'servers',
      `${servers.map(({ name, pid }) => `${name} (${pid})`).join(' ')}  nats-server ${version}${flavour === 'fast' ? ', fast-electing' : ''}`,
    ],
    ['nodes', nodes.nodes.map(({ name, pid }) => `${name} (${pid})`).join(' ')],
    ['level', `${level}, ${servers.length === 1 ? 'one copy' : 'three copies'}${json.tls ? ', TLS' : ''}`],
    ['clients', urls.join(' ')],
    ['keys', `${short(credentials?.dir ?? '')}  tenants ${json.tenants.join(' ')}`],
    ['logs', `${short(dir)}/<server>/nats.log, ${short(nodes.dir)}/<node>/node.log`],
  ];
  const next = [
    'skep agent call state/notes update \'{"changes":[{"set":"title","value":"first"}]}\'',
    'skep node ls',
    'skep node kill n2',
    'skep down',
  ];
  const text = [`The cluster runs, after ${msText(ms)}.`, pairsText(pairs), '', 'Next:', ...next.map((line) => `  $ ${line}`)];
  return { json, text: text.join('\n') };
}

function nodeCount(text: string): number {
  const count = wholeNumber(text);
  if (count >= 1 && count <= NODES_MAX) return count;
  throw new InvalidArgumentError(`It must be from 1 to ${NODES_MAX}.`);
}

function collected(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}
