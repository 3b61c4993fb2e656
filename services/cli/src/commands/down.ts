import type { Command } from 'commander';
import { clusterFolder } from '../cluster/at-hand.js';
import type { CommonOptions, Frame, Outcome } from '../frame/frame.js';
import type { Shell } from '../frame/shell.js';
import { plural } from '../output/amounts.js';
import { startSteps } from '../output/progress.js';

export function downCommand(frame: Frame): Command {
  return frame
    .command({
      usage: 'down',
      summary: 'end the cluster that was started here',
      description:
        'Ends the nodes, then the servers, that "skep up" started on this folder, and no other process. What they hold stays; "skep up" brings it back.',
      examples: ['skep down'],
    })
    .action(frame.action(({ dir }: CommonOptions) => end(frame.shell, dir)));
}

async function end(shell: Shell, given: string | undefined): Promise<Outcome> {
  const { attachNodes, down } = await import('../cluster/work.js');
  const dir = await clusterFolder(shell, given);
  const steps = startSteps(shell, 'ending');
  try {
    const ended = await down(dir, attachNodes, (step) => steps.step(step));
    const { nodes, servers } = ended ?? { nodes: [], servers: [] };
    const none = nodes.length + servers.length === 0;
    const text = none
      ? `No cluster runs in ${dir}.`
      : `Ended ${plural(nodes.length, 'node')} and ${plural(servers.length, 'server')}. "skep up" brings them back.`;
    return { json: { dir, ended: !none, nodes, servers }, text };
  } finally {
    steps.stop();
  }
}
