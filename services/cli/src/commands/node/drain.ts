import { checkName } from '@skep/kernel';
import type { Command } from 'commander';
import { nodesFolder } from '../../cluster/at-hand.js';
import type { CommonOptions, Frame, Outcome } from '../../frame/frame.js';
import { plural } from '../../output/amounts.js';
import { startSteps } from '../../output/progress.js';

export function drainCommand(frame: Frame): Command {
  const { shell } = frame;
  return frame
    .command({
      usage: 'drain <node>',
      reach: 'cluster',
      summary: 'hand the agents of a node to the others, and end it',
      description: 'The node takes nothing new, hands its agents to the others, and ends. No call fails for it. The last node refuses.',
      examples: ['skep node drain n2'],
    })
    .action(
      frame.action(async (node: string, options: CommonOptions): Promise<Outcome> => {
        checkName('node', node);
        const { attachNodes, mustFindCluster, withAdmin } = await import('../../cluster/work.js');
        const target = await mustFindCluster(shell, options);
        const steps = startSteps(shell, 'draining');
        try {
          steps.step(node);
          const drained = await withAdmin(target, `drain ${node}`, (admin) => admin.drain(node));
          const nodes = target.local === undefined ? undefined : attachNodes(nodesFolder(target.local.dir));
          await nodes?.nodes.find(({ name }) => name === node)?.gone();
          nodes?.save();
          const left = drained.left === 0 ? '' : ` ${plural(drained.left, 'agent')} did not go in time; the others take what it held.`;
          return { json: drained, text: `${node} handed over ${plural(drained.handedOver, 'agent')} and ended.${left}` };
        } finally {
          steps.stop();
        }
      }),
    );
}
