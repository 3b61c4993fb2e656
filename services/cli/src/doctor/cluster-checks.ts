/** What `doctor` finds in a cluster: its servers, its nodes, what is not served. */
import { SkepError, toSkepError } from '@skep/kernel';
import type { SwarmStatus } from '@skep/sdk';
import type { NodeStatus } from '@skep/sdk/operations';
import type { ClusterTarget } from '../cluster/cluster-target.js';
import { type ListedNode, listNodes } from '../cluster/node-list.js';
import { reachCluster, withAdmin } from '../cluster/reach-cluster.js';
import { plural } from '../output/amounts.js';
import type { Check } from './checks.js';

/** Clocks of servers and nodes that are further apart make times in histories misleading. */
const CLOCK_APART_MS_MAX = 1_000;
/** An event loop that is this late looks dead to the other nodes. */
const LAG_MS_MAX = 250;

/** Never rejects: a cluster that cannot be reached is a finding. */
export async function checkCluster(target: ClusterTarget): Promise<readonly Check[]> {
  try {
    return await withAdmin(target, 'doctor', async (admin) => {
      const nodes = await listNodes(target);
      const living = nodes.filter(({ incarnation }) => incarnation !== null);
      const statuses = await Promise.all(living.map(({ node }) => admin.status(node).catch(() => undefined)));
      const found = statuses.filter((status) => status !== undefined);
      const flavour = target.local?.context.flavour;
      return [
        ...checkServers(found, flavour === undefined ? '' : `, ${flavour === 'fast' ? 'fast-electing' : 'stock'}`),
        ...nodes.map((node) =>
          checkNode(
            node,
            found.find((status) => status.node === node.node),
          ),
        ),
        ...checkKeys(found),
        ...checkAgents(await admin.swarm()),
      ];
    });
  } catch (error) {
    if (toSkepError(error).code !== 'forbidden') return [unreachable(error)];
    return await checkAsTenant(target);
  }
}

async function checkAsTenant(target: ClusterTarget): Promise<readonly Check[]> {
  try {
    const { client, close } = await reachCluster(target);
    try {
      return (await client.doctor()).checks;
    } finally {
      await close();
    }
  } catch (error) {
    return [unreachable(error)];
  }
}

function checkServers(statuses: readonly NodeStatus[], flavour: string): readonly Check[] {
  const [first] = statuses;
  if (first === undefined) return [unreachable(new SkepError('unavailable', { message: 'no node says what the servers are' }))];
  const { level, replicas, warnings } = first;
  const servers = first.servers.map(({ name, version, syncAlways, clockAheadMs }): Check => {
    const sync = syncAlways === null ? 'sync_interval not known' : syncAlways ? 'sync_interval always' : 'sync_interval not always';
    const clock = clockAheadMs === null ? '' : `, clock ${Math.round(clockAheadMs)} ms ahead`;
    const ok = Math.abs(clockAheadMs ?? 0) <= CLOCK_APART_MS_MAX;
    return {
      name: `server ${name}`,
      ok,
      detail: `${version}${flavour}, ${sync}${clock}`,
      remedy: ok ? null : 'Set the clocks of the machines by NTP.',
    };
  });
  const holds: Check = { name: 'level', ok: true, detail: `${level}, ${replicas === 1 ? 'one copy' : `${replicas} copies`}`, remedy: null };
  return [...servers, holds, ...warnings.map((message): Check => ({ name: 'servers', ok: true, detail: message, remedy: null }))];
}

function checkNode({ node, status, agents, lagMs }: ListedNode, figures: NodeStatus | undefined): Check {
  const name = `node ${node}`;
  if (status === 'ended')
    return { name, ok: false, detail: 'it was started here and does not run', remedy: `Start it again: skep node add ${node}.` };
  if (status === 'silent' || figures === undefined) return { name, ok: false, detail: 'it runs, and does not answer', remedy: 'Look at its log.' };
  const { incarnations, linkBreaks, laneAlarms } = figures;
  const fenced = incarnations > 1 ? `, fenced ${plural(incarnations - 1, 'time')}` : '';
  const breaks = linkBreaks > 0 ? `, link broke ${plural(linkBreaks, 'time')}` : '';
  const detail = `${status}, ${plural(agents, 'agent')}, lag ${lagMs ?? 0} ms${fenced}${breaks}`;
  const [alarm] = laneAlarms;
  if (alarm !== undefined)
    return { name, ok: false, detail: `${detail}; lane ${alarm.lane}: ${alarm.message}`, remedy: 'Look at its log; it came back by itself.' };
  if (status === 'suspected' || (lagMs ?? 0) > LAG_MS_MAX) {
    return { name, ok: false, detail, remedy: 'The machine is too busy, or handlers hold the thread; its log names them.' };
  }
  return { name, ok: true, detail, remedy: null };
}

/** A tenant is served as long as one node has its address key. */
function checkKeys(statuses: readonly NodeStatus[]): readonly Check[] {
  const tenants = new Map(statuses.flatMap(({ addressKeys }) => addressKeys.map(({ tenant, fingerprint }) => [tenant, fingerprint])));
  return [...tenants].map(([tenant, fingerprint]): Check => {
    const has = ({ addressKeys }: NodeStatus): boolean => addressKeys.some((each) => each.tenant === tenant && each.isHere);
    const [having, lacking] = [statuses.filter(has), statuses.filter((status) => !has(status))].map((some) => some.map(({ node }) => node));
    const without = lacking?.length === 0 ? '' : `; without it: ${lacking?.join(', ')}`;
    const ok = having !== undefined && having.length > 0;
    return {
      name: `address key of ${tenant}`,
      ok,
      detail: `${fingerprint}, on ${ok ? having.join(', ') : 'no node'}${without}`,
      remedy: ok ? null : 'Its agents are refused: start nodes with the key (addressKeys).',
    };
  });
}

function checkAgents({ agents, alarms }: SwarmStatus): readonly Check[] {
  const counted: Check = { name: 'agents', ok: true, detail: `${plural(agents.known, 'agent')}, ${agents.active} in memory`, remedy: null };
  const damaged = alarms.map(({ agent, message }): Check => {
    return { name: `agent ${agent}`, ok: false, detail: message, remedy: 'Nothing of this agent is served until its log is repaired.' };
  });
  return [counted, ...damaged];
}

function unreachable(error: unknown): Check {
  const { message, remedy } = toSkepError(error);
  return { name: 'cluster', ok: false, detail: message, remedy };
}
