/**
 * Work over a cluster of its own: three NATS servers and node processes, all on this machine, that end with the work however it ends.
 *
 *   feed up to the share --> one more step of each agent --> SIGKILL of a node --> all answered --> look at what survived --> feed the rest
 *
 * - C1 At the kill exactly the asked share was acknowledged, and a call of every agent that has steps left is on its way.
 * - C2 Each agent has one call on its way at most: calls that are sent again after a failover keep no order among themselves.
 */
import { join } from 'node:path';
import { isSkepError, SkepError } from '@skep/kernel';
import { type Cluster, forgetFolder, guardFolder, makeCredentials, startCluster } from '@skep/nats/servers';
import type { Client } from '@skep/sdk';
import { type Admin, type NodeProcesses, reachOperator, startNodes } from '@skep/sdk/operations';
import { OUR_KINDS_FILE } from '../config/our-kinds.js';
import type { CrashReport } from './crash.js';
import { quotasFor, sendMore, untilOnTheirWay } from './crash.js';
import { feed } from './feed.js';
import { lostOf } from './verification.js';
import type { AgentWork } from './work.js';

export interface ClusterRun {
  /** A folder of its own, which the caller removes. */
  readonly dir: string;
  readonly nodes: number;
  readonly works: readonly AgentWork[];
  /** The share of all events after which a node is killed; undefined: none is. */
  readonly share: number | undefined;
  readonly acknowledged: () => void;
}

export interface ClusterReport {
  readonly servers: number;
  readonly nodes: number;
  readonly natsServer: Cluster['flavour'];
  readonly level: string;
  readonly killedNode: string | null;
}

export interface ClusterOutcome<Result> {
  readonly cluster: ClusterReport;
  readonly crash: CrashReport | undefined;
  readonly result: Result;
}

const SERVERS = 3;
const ONE_CALL = 1;

/**
 * @param work what is asked of the cluster when everything was fed, and before it ends
 * @throws SkepError `not-configured` with a remedy where no NATS server is to be had
 */
export async function overCluster<Result>(run: ClusterRun, work: (client: Client) => Promise<Result>): Promise<ClusterOutcome<Result>> {
  const { dir, nodes: count } = run;
  // However this process ends: the folder goes after the processes that work in it.
  guardFolder(dir);
  const credentials = makeCredentials(join(dir, 'credentials'), { tenants: ['default'] });
  const cluster = await startCluster({ servers: SERVERS, dir: join(dir, 'nats'), credentials });
  let nodes: NodeProcesses | undefined;
  let way: Awaited<ReturnType<typeof reachOperator>> | undefined;
  try {
    await cluster.ready;
    nodes = await startNodes(cluster, { nodes: count, dir: join(dir, 'nodes'), kinds: [OUR_KINDS_FILE] });
    way = await reachOperator({ servers: cluster.urls, credentials: credentials.dir });
    const { client, admin } = way;
    const killed = await feedAll({ ...run, client, admin, processes: nodes });
    const level = nodes.nodes[0]?.ready?.level ?? 'memory';
    const report = { servers: SERVERS, nodes: count, natsServer: cluster.flavour, level, killedNode: killed?.node ?? null };
    return { cluster: report, crash: killed?.crash, result: await work(client) };
  } finally {
    await way?.close();
    await nodes?.kill();
    await cluster.close();
    forgetFolder(dir);
  }
}

interface Feeding extends ClusterRun {
  readonly client: Client;
  readonly admin: Admin;
  readonly processes: NodeProcesses;
}

async function feedAll(feeding: Feeding): Promise<{ readonly node: string; readonly crash: CrashReport } | undefined> {
  const { client, works, share, acknowledged } = feeding;
  const quotas = share === undefined ? undefined : quotasFor(works, share);
  await feed({ client, works, upTo: (work) => quotas?.get(work) ?? work.steps.length, acknowledged, pipeline: ONE_CALL });
  if (quotas === undefined) return undefined;
  const killed = await killBusiest(feeding);
  await feed({ client, works, upTo: (work) => work.steps.length, acknowledged, pipeline: ONE_CALL });
  return killed;
}

async function killBusiest({
  client,
  admin,
  processes,
  works,
  acknowledged,
}: Feeding): Promise<{ readonly node: string; readonly crash: CrashReport }> {
  const victim = await busiest(admin, processes);
  const killedAtEvent = works.reduce((sum, work) => sum + work.acknowledged, 0);
  const inFlight = sendMore(client, { works, acknowledged, pipeline: ONE_CALL });
  await untilOnTheirWay();
  const killedMs = performance.now();
  await processes.node(victim).kill();
  const outcomes = await Promise.allSettled(inFlight);
  // Also agents whose last step was acknowledged before: all are back when each has answered.
  await Promise.all(works.map(({ agent }) => client.get(agent)));
  const recoveryMs = performance.now() - killedMs;
  for (const outcome of outcomes) if (outcome.status === 'rejected' && !mayBeSentAgain(outcome.reason)) throw outcome.reason;
  const lostAtKill = await lostOf(client, works);
  return { node: victim, crash: { killedAtEvent, inFlightAtKill: inFlight.length, recoveryMs, lostAtKill } };
}

/** The node whose death takes the most agents with it. */
async function busiest(admin: Admin, { nodes }: NodeProcesses): Promise<string> {
  const held = await Promise.all(nodes.map(async ({ name }) => ({ name, agents: (await admin.held(name)).length })));
  const [first] = held.sort((one, other) => other.agents - one.agents);
  if (first === undefined) throw new SkepError('internal', { message: 'a cluster without nodes' });
  return first.name;
}

/** Whether it took effect is unknown, or it certainly did not; the same operation will tell. */
function mayBeSentAgain(error: unknown): boolean {
  return (['outcome-unknown', 'unavailable', 'closed', 'timeout', 'sealed'] as const).some((code) => isSkepError(error, code));
}
