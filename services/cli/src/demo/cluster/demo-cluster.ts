/**
 * Three NATS servers, three nodes and a client, each in a process of its own; only the client's is this one.
 *
 *   <dir>/cluster               the servers, and the context in which other commands find them, as those of "skep up"
 *   <dir>/cluster/nodes         the nodes' configurations and what they say
 *   <dir>/cluster/credentials   who may connect
 *
 * - D1 No process outlives this one, however it ends; `close` waits until all of them are gone.
 */
import { join } from 'node:path';
import type { AgentId } from '@skep/kernel';
import { SkepError } from '@skep/kernel';
import { type Cluster, Credentials, type Flavour, isClusterRunning, type NatsServer, readClusterContext, startCluster } from '@skep/nats/servers';
import type { Client } from '@skep/sdk';
import { type Admin, attachNodes, type NodeProcesses, reachClient, reachOperator, startNodes } from '@skep/sdk/operations';
import { TENANT_DEFAULT } from '../../arguments/agent-address.js';
import { nodesFolder } from '../../cluster/at-hand.js';
import { OUR_KINDS_FILE } from '../../config/our-kinds.js';

export const NODES = 3;
export const SERVERS = 3;

/** A leader of lanes is the one of the streams that grew between two looks. */
const LOOK_MS = 150;
const LEADER_MS_MAX = 10_000;

export interface WriteLeader {
  readonly server: NatsServer;
  /** Of those that were written to. */
  readonly streams: number;
}

export class DemoCluster {
  private constructor(
    readonly servers: Cluster,
    readonly nodes: NodeProcesses,
    private readonly ways: { readonly client: Client; readonly admin: Admin; close(): Promise<void> },
  ) {}

  /** Resolves when every node serves; when something fails, nothing is left running. @throws SkepError */
  static async start(dir: string, flavour: Flavour): Promise<DemoCluster> {
    const folder = folderIn(dir);
    const credentials = Credentials.make(join(folder, 'credentials'), { tenants: [TENANT_DEFAULT] });
    const servers = await startCluster({ dir: folder, credentials, flavour, servers: SERVERS });
    let nodes: NodeProcesses | undefined;
    try {
      await servers.ready;
      nodes = await startNodes(servers, {
        ...{ dir: nodesFolder(folderIn(dir)), nodes: NODES, kinds: [OUR_KINDS_FILE], level: 'fsync' },
      });
      const way = { servers: servers.urls, credentials: credentials.dir };
      const [outside, operator] = await Promise.all([reachClient({ ...way, tenant: TENANT_DEFAULT }), reachOperator(way)]);
      const close = async (): Promise<void> => {
        await Promise.all([outside.close(), operator.close()]);
      };
      return new DemoCluster(servers, nodes, { client: outside.client, admin: operator.admin, close });
    } catch (error) {
      await nodes?.kill();
      await endServers(servers);
      throw error;
    }
  }

  get client(): Client {
    return this.ways.client;
  }

  get admin(): Admin {
    return this.ways.admin;
  }

  get runningServers(): readonly NatsServer[] {
    return this.servers.servers.filter(({ state }) => state === 'running');
  }

  /** Which node holds each agent. */
  async places(agents: readonly AgentId[]): Promise<ReadonlyMap<AgentId, string | null>> {
    const found = await Promise.all(agents.map((agent) => this.admin.where(agent)));
    return new Map(found.map(({ agent, node }) => [agent, node]));
  }

  /** The server that leads most of what is written to now. @throws SkepError `unavailable` */
  async writeLeader(): Promise<WriteLeader> {
    let cause: unknown;
    for (const endMs = performance.now() + LEADER_MS_MAX; performance.now() < endMs; ) {
      // Servers that are asked may be behind, or late; and nothing may have been written between two looks.
      const found = await this.lookForWriteLeader().catch((error: unknown) => {
        cause = error;
      });
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    throw new SkepError('unavailable', {
      message: 'no NATS server leads a stream that is written to',
      remedy: 'Look at the logs of the servers.',
      cause,
    });
  }

  private async lookForWriteLeader(): Promise<WriteLeader | undefined> {
    const before = new Map((await this.servers.streamLeaders()).map(({ stream, lastSequence }) => [stream, lastSequence]));
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const written = new Map<string, { entries: number; streams: number }>();
    for (const { stream, leader, lastSequence } of await this.servers.streamLeaders()) {
      const entries = lastSequence - (before.get(stream) ?? lastSequence);
      if (leader === undefined || entries <= 0) continue;
      const known = written.get(leader) ?? { entries: 0, streams: 0 };
      written.set(leader, { entries: known.entries + entries, streams: known.streams + 1 });
    }
    const [name, most] = [...written].sort(([, one], [, other]) => other.entries - one.entries)[0] ?? [];
    const server = this.servers.servers.find((each) => each.name === name);
    return server === undefined || most === undefined ? undefined : { server, streams: most.streams };
  }

  /** What was acknowledged is on three disks: nobody needs a goodbye. */
  async close(): Promise<void> {
    await this.ways.close().catch(() => undefined);
    // The list of nodes, too, has those that another command started.
    await attachNodes(this.nodes.dir)?.kill();
    await this.nodes.kill();
    await endServers(this.servers);
  }
}

/** Whether a demo with a cluster runs on the folder. */
export function runsOn(dir: string): boolean {
  const folder = folderIn(dir);
  const context = readClusterContext(folder);
  return context !== undefined && isClusterRunning(folder, context);
}

/** Ends nodes that another command added to a demo that is over. */
export async function endStrays(dir: string): Promise<void> {
  await attachNodes(nodesFolder(folderIn(dir)))?.kill();
}

const folderIn = (dir: string): string => join(dir, 'cluster');

async function endServers(servers: Cluster): Promise<void> {
  await Promise.all(servers.servers.map((server) => server.kill()));
  await servers.close();
}
