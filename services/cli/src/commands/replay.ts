import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SkepError } from '@skep/kernel';
import type { Command } from 'commander';
import { agentText } from '../arguments/agent-address.js';
import { share, wholeNumber } from '../arguments/number-argument.js';
import { EXIT } from '../frame/exit-code.js';
import type { CommonOptions, Frame, Outcome } from '../frame/frame.js';
import { onInterruption } from '../frame/interruption.js';
import type { Shell } from '../frame/shell.js';
import { UsageError } from '../frame/usage-error.js';
import { bytesText, countText, msText, plural, rounded } from '../output/amounts.js';
import { coloursFor } from '../output/colours.js';
import { failureText } from '../output/failure-text.js';
import { tableText } from '../output/table.js';
import { checkpointsJson, checkpointsText } from '../replay/checkpoint-report.js';
import { type ReplayReport, replay } from '../replay/replay.js';

interface Options extends CommonOptions {
  readonly killAt?: number;
  readonly nodes?: number;
  readonly bytes?: true;
  readonly peers?: string;
}

/** Where a checkout has the systems that it is measured beside; the same path from `src` and `dist`. */
const PEERS = fileURLToPath(new URL('../../../../chaos/bench/peers/', import.meta.url));

/** All on one machine, beside three servers. */
const NODES_MAX = 9;

export function replayCommand(frame: Frame): Command {
  const { shell } = frame;
  return frame
    .command({
      usage: 'replay <files...>',
      summary: 'replay recorded work of real agents',
      description:
        'Replays trajectories of SWE-agent (gzip or plain JSON): one agent a file, one event a step. Without --dir it works in a temporary folder. With --kill-at the work runs in a process of its own, which is killed in the middle; nothing that was acknowledged may be lost. With --nodes it runs over a cluster of its own, three NATS servers and that many nodes on this machine, of which --kill-at kills one; all of it ends with the command. With --bytes it also counts what one checkpoint an event takes, as deltas and as full copies, and what the savers of LangGraph.js keep of the same states where they are installed.',
      examples: [
        'skep replay runs/*.traj.gz',
        'skep replay runs/*.traj --dir .skep --kill-at 50%',
        'skep replay runs/*.traj.gz --nodes 3 --kill-at 50%',
        'skep replay runs/*.traj.gz --bytes --json',
        'skep agent at trajectory/my-run --version 3',
      ],
      folder: 'a temporary one, removed at the end',
    })
    .option('--kill-at <percent>', 'kill the working process when this share of the events was acknowledged', share)
    .option('--nodes <n>', `work over a cluster of its own with this many nodes (at most ${NODES_MAX})`, wholeNumber)
    .option('--bytes', 'count what all checkpoints take, one an event')
    .option('--peers <dir>', 'with --bytes: a folder in which the savers of LangGraph.js are installed')
    .action(
      frame.action(async (files: readonly string[], { dir, killAt, nodes, bytes, peers }: Options) => {
        checkNodes({ dir, killAt, nodes });
        if (peers !== undefined && bytes === undefined) {
          throw new UsageError({ message: 'the savers of others are only measured with --bytes', remedy: 'Add --bytes.', id: '--peers' });
        }
        const paths = files.map((file) => resolve(shell.cwd, file));
        const report = await interruptible(() =>
          replay(shell, { files: paths, dir, killAt, nodes, bytes: bytes && { peers: peersFolder(shell, peers) } }),
        );
        for (const error of report.refused) shell.stderr.write(`${failureText(error, coloursFor(shell.stderr, shell.env))}\n`);
        return outcomeOf(shell, report);
      }),
    );
}

/** @throws UsageError */
function checkNodes({ dir, killAt, nodes }: Pick<Options, 'dir' | 'killAt' | 'nodes'>): void {
  if (nodes === undefined) return;
  const wrong = (message: string, remedy: string) => new UsageError({ message, remedy, id: '--nodes' });
  if (nodes < 1 || nodes > NODES_MAX) throw wrong(`there are from 1 to ${NODES_MAX} nodes`, 'Correct --nodes.');
  if (nodes === 1 && killAt !== undefined) throw wrong('nobody takes over from the only node', 'Give --nodes 2 or more, or leave --kill-at out.');
  if (dir !== undefined) throw wrong('a replay over nodes has a cluster of its own, which ends with it', 'Leave --dir out.');
}

function peersFolder(shell: Shell, named: string | undefined): string | undefined {
  if (named !== undefined) return resolve(shell.cwd, named);
  return existsSync(`${PEERS}node_modules`) ? PEERS : undefined;
}

/** Ctrl-C ends the work; what it had put into a temporary folder is gone with it. */
async function interruptible<Result>(work: () => Promise<Result>): Promise<Result> {
  const interruption = onInterruption();
  const interrupted = interruption.happened.then((): never => {
    throw new SkepError('closed', { message: 'the replay was interrupted', remedy: 'Run it again; with --dir, into another folder.' });
  });
  try {
    return await Promise.race([work(), interrupted]);
  } finally {
    interruption.dispose();
  }
}

function outcomeOf(shell: Shell, { agents, crash, cluster, acknowledgedLost, repairs, refused, checkpointBytes }: ReplayReport): Outcome {
  const json = {
    agents,
    killedAtEvent: crash?.killedAtEvent ?? null,
    acknowledgedLost,
    ...(checkpointBytes === undefined ? {} : { checkpointBytes: checkpointsJson(checkpointBytes) }),
    ...cluster,
    ...(crash === undefined ? {} : { inFlightAtKill: crash.inFlightAtKill, recoveryMs: rounded(crash.recoveryMs) }),
    ...(repairs.surrogates + repairs.numbers + repairs.bytes === 0 ? {} : { repairs }),
    ...(refused.length === 0 ? {} : { refused: refused.map((error) => error.toJSON().error) }),
  };
  const lines = [agentsText(shell, agents)];
  if (checkpointBytes !== undefined) lines.push(checkpointsText(shell, checkpointBytes));
  const events = agents.reduce((sum, agent) => sum + agent.events, 0);
  lines.push(`${plural(agents.length, 'agent')}, ${plural(events, 'event')}`);
  if (cluster !== undefined) {
    lines.push(`Over ${plural(cluster.nodes, 'node')} and ${plural(cluster.servers, 'NATS server')} (${cluster.natsServer}), ${cluster.level}.`);
  }
  if (crash !== undefined) {
    lines.push(
      `Killed${cluster?.killedNode === undefined ? '' : ` node ${cluster.killedNode}`} at event ${countText(crash.killedAtEvent)} with ${plural(crash.inFlightAtKill, 'call')} in flight; served again after ${msText(crash.recoveryMs)}.`,
    );
  }
  lines.push(acknowledgedLost === 0 ? 'Nothing acknowledged was lost.' : `LOST: ${plural(acknowledgedLost, 'acknowledged event')}.`);
  if (repairs.surrogates > 0) lines.push(`${plural(repairs.surrogates, 'lone surrogate')} replaced by U+FFFD.`);
  if (repairs.bytes > 0) lines.push(`${plural(repairs.bytes, 'sequence')} of bytes that are no UTF-8 replaced by U+FFFD.`);
  if (repairs.numbers > 0) lines.push(`${plural(repairs.numbers, 'number')} beyond 2^53 - 1 (or none at all) kept as text.`);
  return { json, text: lines.join('\n'), exit: acknowledgedLost === 0 && refused.length === 0 ? EXIT.done : EXIT.refused };
}

function agentsText(shell: Shell, agents: ReplayReport['agents']): string {
  const columns = [
    { title: 'agent' },
    { title: 'events', align: 'right' },
    { title: 'version', align: 'right' },
    { title: 'bytes', align: 'right' },
    { title: 'root' },
  ] as const;
  // Cut for eyes; whole for whoever compares.
  const shown = (root: string) => (shell.stdout.isTTY === true ? root.slice(0, 16) : root);
  const rows = agents.map(({ id, events, version, bytes, root }) => [
    agentText(id),
    countText(events),
    countText(version),
    bytesText(bytes),
    shown(root),
  ]);
  return tableText(shell, columns, rows);
}
