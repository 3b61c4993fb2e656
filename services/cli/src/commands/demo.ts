import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { positiveNumber } from '../arguments/number-argument.js';
import { isOfCluster } from '../demo/cluster/cluster-figures.js';
import type { Figures } from '../demo/figures.js';
import { EXIT } from '../frame/exit-code.js';
import type { CommonOptions, Frame } from '../frame/frame.js';
import { onInterruption } from '../frame/interruption.js';
import { DATA_FOLDER } from '../opening/data-folder.js';
import { countText, msText } from '../output/amounts.js';
import { bestOfNCommand } from './best-of-n.js';

interface Options extends CommonOptions {
  readonly seconds?: number;
  readonly embedded?: true;
}

const DEMO_FOLDER = join(DATA_FOLDER, 'demo');

export function demoCommand(frame: Frame): Command {
  const { shell } = frame;
  return frame
    .command({
      usage: 'demo',
      summary: 'watch a swarm work, crash and recover',
      description:
        'Plays a story with a swarm of 60 agents on three nodes over three NATS servers: work, a checkpoint, kill -9 of a node, kill -9 of the NATS server that leads, all nodes replaced under load, proof that nothing was lost, a wrong turn and the way back. Without NATS servers, or with --embedded, one process holds them all and is killed. Starts afresh in .skep/demo, or in the folder that --dir names.',
      examples: ['skep demo', 'skep demo --seconds 60 --json', 'skep demo --embedded'],
      folder: '.skep/demo',
    })
    .option('--seconds <n>', 'take no longer than this, and end (default: live on until Ctrl-C)', positiveNumber)
    .option('--embedded', 'one process instead of a cluster')
    .action(
      frame.action(async ({ dir, seconds, embedded }: Options) => {
        const interruption = onInterruption();
        try {
          // It brings the client of NATS, whose loading other commands need not wait for.
          const { demo } = await import('../demo/demo.js');
          const place = embedded === true ? 'embedded' : 'best';
          const figures = await demo(shell, { dir: resolve(shell.cwd, dir ?? DEMO_FOLDER), seconds, place, interruption });
          return { json: figures, text: closingText(figures), exit: isSound(figures) ? EXIT.done : EXIT.refused };
        } finally {
          interruption.dispose();
        }
      }),
    )
    .addCommand(bestOfNCommand(frame));
}

function isSound({ acknowledgedLost, doubled, gaps, failedCalls, rootsEqual, accountsEqual, agents, skipped }: Figures): boolean {
  const judged = !skipped.includes('judgement');
  const nothingAmiss = acknowledgedLost === 0 && doubled === 0 && gaps === 0 && failedCalls === 0;
  return nothingAmiss && (!judged || (rootsEqual === agents && accountsEqual === agents));
}

function closingText(figures: Figures): string {
  const { turns, acknowledged, acknowledgedLost, seconds, skipped, remedy } = figures;
  const lines = [
    '',
    `${countText(turns)} turns, ${countText(acknowledged)} calls acknowledged, ${countText(acknowledgedLost)} lost${survivedText(figures)}. ${seconds.toFixed(1)} s.`,
  ];
  if (skipped.length > 0) lines.push(`Not played: ${skipped.join(', ')}. ${remedy ?? 'Give it more seconds'}.`);
  return lines.join('\n');
}

function survivedText(figures: Figures): string {
  const { killed, recoveryMs } = figures;
  if (!isOfCluster(figures)) return killed ? `, one kill survived in ${msText(recoveryMs)}` : '';
  const { nodeKill, natsLeaderKill, rollingRestart } = figures;
  const survived = [
    ...(nodeKill === null ? [] : [`a killed node (${msText(nodeKill.allAgentsMs)})`]),
    ...(natsLeaderKill === null ? [] : [`a killed NATS server (${msText(natsLeaderKill.writesStoppedMs)})`]),
    ...(rollingRestart === null ? [] : ['a rolling restart']),
  ];
  return survived.length === 0 ? '' : `; survived: ${survived.join(', ')}`;
}
