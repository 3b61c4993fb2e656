import { isSkepError } from '@skep/kernel';
import type { WatchedTurn } from '@skep/sdk';
import type { Command } from 'commander';
import { agentText } from '../arguments/agent-address.js';
import { positiveNumber } from '../arguments/number-argument.js';
import type { CommonOptions, Frame, Outcome } from '../frame/frame.js';
import { type Interruption, onInterruption, waitOr } from '../frame/interruption.js';
import type { Shell } from '../frame/shell.js';
import { dataFolder } from '../opening/data-folder.js';
import { clockTimeText, plural } from '../output/amounts.js';
import { coloursFor } from '../output/colours.js';
import { watchLines } from '../watch/picture.js';
import { Screen } from '../watch/screen.js';
import { openSource, type WatchSource } from '../watch/source.js';
import { WatchTally } from '../watch/tally.js';

interface Options extends CommonOptions {
  readonly seconds?: number;
}

const REDRAW_MS = 250;
/** Turns printed in one go where there is no terminal; a busy swarm makes more than anybody reads. */
const PRINTED_MAX = 200;

export function watchCommand(frame: Frame): Command {
  const { shell } = frame;
  return frame
    .command({
      usage: 'watch',
      reach: 'cluster',
      summary: 'watch agents and turns live',
      description:
        'Shows agents and acknowledged turns live, through the process that holds the folder, or of a cluster with its nodes: turns a second, lag, elections of the servers; waits for one while there is none, and stays across restarts. Without a terminal it prints a line a turn, with --json an object a turn.',
      examples: ['skep watch', 'skep watch --dir .skep/demo --seconds 10'],
    })
    .option('--seconds <n>', 'end after this long (default: with Ctrl-C)', positiveNumber)
    .action(frame.action((options: Options) => watch(shell, options)));
}

async function watch(shell: Shell, options: Options): Promise<Outcome> {
  const { seconds } = options;
  const dir = await dataFolder(shell, options.dir);
  const interruption = onInterruption(seconds);
  const tally = new WatchTally();
  let name = dir;
  const view = shell.mode === 'text' && shell.stdout.isTTY === true ? screenView(shell, tally) : printedView(shell);
  try {
    while (!interruption.signal.aborted) {
      const source = await openSource(shell, options).catch(passing);
      if (source === undefined) {
        view.idle(dir);
        await waitOr(REDRAW_MS, interruption.signal);
      } else {
        name = source.name;
        await follow({ source, tally, view, interruption });
      }
    }
  } finally {
    view.close();
    interruption.dispose();
  }
  const { turns, agents } = tally.totals();
  return { json: { dir: name, turns, agents }, text: `Saw ${plural(turns, 'turn')} of ${plural(agents, 'agent')}.` };
}

/** A cluster that does not run now may run later; wrong credentials stay wrong. */
function passing(error: unknown): undefined {
  if (!isSkepError(error, 'unavailable')) throw error;
  return undefined;
}

interface View {
  turns(turns: readonly WatchedTurn[]): void;
  draw(source: WatchSource): Promise<void>;
  idle(dir: string): void;
  close(): void;
}

interface Following {
  readonly source: WatchSource;
  readonly tally: WatchTally;
  readonly view: View;
  readonly interruption: Interruption;
}

/** Until the work is to end, or the holder went away. */
async function follow({ source, tally, view, interruption }: Following): Promise<void> {
  try {
    const stop = await source.client.watch((turns) => {
      tally.add(turns, Date.now());
      view.turns(turns);
    });
    while (!interruption.signal.aborted) {
      await view.draw(source);
      await waitOr(REDRAW_MS, interruption.signal);
    }
    stop();
  } catch {
    // The holder ended; the next look finds the one that comes after it.
    view.idle(source.name);
    await waitOr(REDRAW_MS, interruption.signal);
  } finally {
    await source.close();
  }
}

function screenView(shell: Shell, tally: WatchTally): View {
  const screen = new Screen(shell.stdout);
  const colours = coloursFor(shell.stdout, shell.env);
  return {
    turns: () => undefined,
    async draw({ client, name, nodes, elections }) {
      const [status, watched] = await Promise.all([client.status(), nodes?.()]);
      const cluster = watched === undefined ? undefined : { nodes: watched, elections };
      screen.draw(watchLines({ status, name, cluster, tally, nowMs: Date.now(), colours, rows: screen.rows }));
    },
    idle: (dir) => screen.draw([`Nobody holds ${dir}.`, 'Waiting for "skep dev", the demo, or a program that opens it. Ctrl-C ends.']),
    close: () => screen.close(),
  };
}

function printedView(shell: Shell): View {
  let told = false;
  return {
    turns(turns) {
      for (const turn of turns.slice(0, PRINTED_MAX)) shell.stdout.write(`${shell.mode === 'json' ? JSON.stringify(turn) : turnText(turn)}\n`);
      if (turns.length > PRINTED_MAX && shell.mode === 'text') shell.stdout.write(`... and ${plural(turns.length - PRINTED_MAX, 'more turn')}\n`);
    },
    // The lines are the view; asking now and then shows whether the holder is still there.
    async draw({ client }) {
      await client.status();
    },
    idle(dir) {
      if (!told) shell.stderr.write(`Nobody holds ${dir}; waiting for one who does.\n`);
      told = true;
    },
    close: () => undefined,
  };
}

function turnText({ agent, version, type, changes, timeMs }: WatchedTurn): string {
  return `${clockTimeText(timeMs)}  ${agentText(agent)}  version ${version}  ${type}  ${plural(changes, 'change')}`;
}
