import { attachNodes, type NodeMember, type NodeProcess, type NodeStatus } from '@skep/sdk/operations';
import type { Command } from 'commander';
import { type ClusterTarget, mustFindCluster, nodesFolder } from '../../cluster/cluster-target.js';
import { withAdmin } from '../../cluster/reach-cluster.js';
import type { CommonOptions, Frame, Outcome } from '../../frame/frame.js';
import type { Shell } from '../../frame/shell.js';
import { bytesText, countText, dateTimeText, plural } from '../../output/amounts.js';
import { tableText } from '../../output/table.js';

export interface ListedNode {
  readonly node: string;
  /** `ended`: it was started here and does not run. `silent`: its process runs, and no node knows it. */
  readonly status: NodeMember['status'] | 'suspected' | 'ended' | 'silent';
  readonly incarnation: string | null;
  readonly pid: number | null;
  readonly agents: number;
  readonly turnsPerSecond: number;
  readonly startedMs: number | null;
  readonly memoryBytes: number | null;
  readonly lagMs: number | null;
}

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
        const target = await mustFindCluster(frame.shell, options);
        const nodes = await listNodes(target);
        return { json: { nodes }, text: `${nodesText(frame.shell, nodes)}\n${plural(nodes.length, 'node')}` };
      }),
    );
}

/** Ascending by name. @throws SkepError `unavailable` when no node answers */
export async function listNodes(target: ClusterTarget): Promise<readonly ListedNode[]> {
  const started = target.local === undefined ? [] : (attachNodes(nodesFolder(target.local.dir))?.nodes ?? []);
  return await withAdmin(target, 'the nodes', async (admin) => {
    const members = await admin.members();
    const figures = await Promise.all(members.map(({ node }) => admin.status(node).catch(() => undefined)));
    const living = members.map((member, at) => livingNode(member, figures[at]));
    const others = started.filter(({ name }) => !members.some(({ node }) => node === name)).map(otherNode);
    return [...living, ...others].sort((one, other) => one.node.localeCompare(other.node, 'en', { numeric: true }));
  });
}

function livingNode({ suspected, status, ...member }: NodeMember, figures: NodeStatus | undefined): ListedNode {
  return {
    ...member,
    status: suspected ? 'suspected' : status,
    pid: figures?.pid ?? null,
    memoryBytes: figures?.memoryBytes ?? null,
    lagMs: figures?.lagMs.p99 ?? null,
  };
}

function otherNode({ name, pid }: NodeProcess): ListedNode {
  const nothing = { incarnation: null, agents: 0, turnsPerSecond: 0, startedMs: null, memoryBytes: null, lagMs: null };
  return { node: name, status: pid === undefined ? 'ended' : 'silent', pid: pid ?? null, ...nothing };
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
