import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { BestOfN, BranchesFrame } from '../demo/best-of-n/best-of-n.js';
import { frameLines } from '../demo/best-of-n/picture.js';
import { workOf } from '../demo/best-of-n/work.js';
import type { CommonOptions, Frame } from '../frame/frame.js';
import { onInterruption, waitOr } from '../frame/interruption.js';
import type { Shell } from '../frame/shell.js';
import { plural, rounded } from '../output/amounts.js';
import { coloursFor } from '../output/colours.js';
import { percentText } from '../output/weight-text.js';
import { Screen } from '../watch/screen.js';

/** How long a picture stands on a terminal. */
const FRAME_MS = 250;
/** Lines of the memory that are shown at the end. */
const LINES_SHOWN = 5;

export function bestOfNCommand(frame: Frame): Command {
  const { shell } = frame;
  return frame
    .command({
      usage: 'best-of-n [file]',
      summary: 'watch eight branches of an agent compete, and the best be kept',
      description:
        'Follows a recorded work of an agent (a trajectory of SWE-agent, gzip or plain JSON; without one a small work of our own) on eight branches of one agent, each of which remembers something else. Every action is evidence that moves their weights; the most likely branch is kept in the end. Works in memory, or in the folder that --dir names.',
      examples: ['skep demo best-of-n', 'skep demo best-of-n runs/my.traj.gz --json'],
      folder: 'none, all in memory',
    })
    .action(
      frame.action(async (file: string | undefined, { dir }: CommonOptions) => {
        const startMs = performance.now();
        const work = workOf(file === undefined ? undefined : resolve(shell.cwd, file));
        const { bestOfN } = await import('../demo/best-of-n/best-of-n.js');
        const view = viewOf(shell);
        try {
          const found = await bestOfN({ work, dir: dir === undefined ? undefined : resolve(shell.cwd, dir), show: view.show });
          view.close();
          return { json: { ...found, seconds: rounded((performance.now() - startMs) / 1000) }, text: closingText(shell, found) };
        } finally {
          view.close();
        }
      }),
    );
}

interface View {
  show(frame: BranchesFrame): Promise<void>;
  close(): void;
}

/** Drawn anew again and again on a terminal; elsewhere one picture below the other. */
function viewOf(shell: Shell): View {
  const stream = shell.mode === 'json' ? shell.stderr : shell.stdout;
  const colours = coloursFor(stream, shell.env);
  if (stream.isTTY !== true) {
    return {
      show: async (frame) => {
        stream.write(`${frameLines(frame, colours).join('\n')}\n\n`);
      },
      close: () => undefined,
    };
  }
  const screen = new Screen(stream);
  const interruption = onInterruption();
  return {
    show: async (frame) => {
      screen.draw(frameLines(frame, colours));
      // Who is in a hurry sees the end at once.
      await waitOr(FRAME_MS, interruption.signal);
    },
    close: () => {
      screen.close();
      interruption.dispose();
    },
  };
}

function closingText(shell: Shell, { kept, branches, evidence, agent, version, memory }: BestOfN): string {
  const colours = coloursFor(shell.stdout, shell.env);
  const weight = branches.find(({ name }) => name === kept)?.weight ?? 0;
  const ranked = [...branches].sort((one, other) => other.weight - one.weight);
  return [
    `Kept ${colours.green(kept)} (${percentText(weight)}) of ${branches.length} branches after ${plural(evidence, 'piece')} of evidence; ${agent} is at version ${version}.`,
    `Dropped: ${ranked
      .slice(1)
      .map(({ name, weight: share }) => `${name} ${percentText(share)}`)
      .join(', ')}.`,
    'It remembers:',
    ...memory.slice(0, LINES_SHOWN).map((line) => `  ${line}`),
    ...(memory.length > LINES_SHOWN ? [`  ... and ${memory.length - LINES_SHOWN} more lines`] : []),
  ].join('\n');
}
