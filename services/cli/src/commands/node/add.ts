import { checkName, SkepError } from '@skep/kernel';
import type { Command } from 'commander';
import { nodesFolder } from '../../cluster/at-hand.js';
import type { CommonOptions, Frame, Outcome } from '../../frame/frame.js';
import { msText } from '../../output/amounts.js';
import { startSteps } from '../../output/progress.js';

export function addCommand(frame: Frame): Command {
  const { shell } = frame;
  return frame
    .command({
      usage: 'add [name]',
      summary: 'start one more node, or one that has ended',
      description: 'Starts one more node of the cluster on this machine; with the name of one that has ended, that one again.',
      examples: ['skep node add', 'skep node add n2'],
    })
    .action(
      frame.action(async (name: string | undefined, options: CommonOptions): Promise<Outcome> => {
        if (name !== undefined) checkName('node', name);
        const { attachNodes, mustFindLocal } = await import('../../cluster/work.js');
        const { local } = await mustFindLocal(shell, options);
        const steps = startSteps(shell, 'starting');
        try {
          steps.step('a node');
          const nodes = attachNodes(nodesFolder(local.dir));
          if (nodes === undefined) throw noNodes(local.dir);
          const { ready, logFile } = await nodes.add(name);
          return { json: { ...ready, log: logFile }, text: `${ready?.node} serves, as process ${ready?.pid}, after ${msText(ready?.ms ?? 0)}.` };
        } finally {
          steps.stop();
        }
      }),
    );
}

function noNodes(dir: string): SkepError {
  return new SkepError('not-configured', {
    message: 'it is not known how the nodes of this cluster were started',
    id: dir,
    remedy: 'End the cluster with "skep down" and start it with "skep up".',
  });
}
