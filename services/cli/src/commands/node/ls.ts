import type { Command } from 'commander';
import type { ListedNode } from '../../cluster/node-list.js';
import type { CommonOptions, Frame, Outcome } from '../../frame/frame.js';
import type { Shell } from '../../frame/shell.js';
import { bytesText, countText, dateTimeText, plural } from '../../output/amounts.js';
import { tableText } from '../../output/table.js';

export function lsCommand(frame: Frame): Command {
  return frame
    .command({
      usage: 'ls',
      reach: 'cluster',
      summary: 'list the nodes',
      description: 'Lists the nodes that live, as they see each other, and those that were started here and have ended.',
      examples: ['skep node ls', 'skep node ls --server nats://10.0.0.5:4222 --creds credentials --json'],
    })
    .action(
      frame.action(async (options: CommonOptions): Promise<Outcome> => {
        const { listNodes, mustFindCluster } = await import('../../cluster/work.js');
        const target = await mustFindCluster(frame.shell, options);
        const nodes = await listNodes(target);
        return { json: { nodes }, text: `${nodesText(frame.shell, nodes)}\n${plural(nodes.length, 'node')}` };
      }),
    );
}

function nodesText(shell: Shell, nodes: readonly ListedNode[]): string {
  const columns = [
    { title: 'node' },
    { title: 'status' },
    { title: 'process', align: 'right' },
    { title: 'agents', align: 'right' },
    { title: 'turns/s', align: 'right' },
    { title: 'memory', align: 'right' },
    { title: 'since (UTC)' },
  ] as const;
  const rows = nodes.map(({ node, status, pid, agents, turnsPerSecond, memoryBytes, startedMs }) => [
    node,
    status,
    pid === null ? '-' : String(pid),
    countText(agents),
    countText(turnsPerSecond),
    memoryBytes === null ? '-' : bytesText(memoryBytes),
    startedMs === null ? '-' : dateTimeText(startedMs),
  ]);
  return tableText(shell, columns, rows);
}
