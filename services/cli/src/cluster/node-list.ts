/** The nodes of a cluster: those that live, as they see each other, and those that were started here and have ended. */
import { attachNodes, type NodeMember, type NodeProcess, type NodeStatus } from '@skep/sdk/operations';
import { nodesFolder } from './at-hand.js';
import type { ClusterTarget } from './cluster-target.js';
import { withAdmin } from './reach-cluster.js';

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
