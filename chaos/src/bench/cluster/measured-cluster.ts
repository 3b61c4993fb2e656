/**
 * The cluster that is measured: three servers with an fsync for each acknowledgement, three nodes in processes of their own, and a client
 * in this one. The agents are those of the other benchmarks.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock, systemRandom } from '@skep/embedded';
import { type AgentId, agentId, universeId } from '@skep/kernel';
import { natsBus } from '@skep/nats';
import { type Cluster, type Flavour, inboxPrefixOf, makeCredentials, startCluster } from '@skep/nats/servers';
import type { Bus } from '@skep/ports';
import { Subjects } from '@skep/protocol';
import { type Client, connectCluster } from '@skep/sdk';
import { AGENTS } from '../swarm.js';
import type { NodeStart, NodeTally, Talking } from './node-message.js';
import { NodeProcess } from './node-process.js';

const NAMES = ['n1', 'n2', 'n3'] as const;
const TENANT = 'default';
/** With all cores busy a node may be silent for longer than a healthy one ever is. */
const BUSY_SUSPECT_MS = 2_000;
/** A first step may wait behind the claims and snapshots of many others. */
const STEP_MS_MAX = 90_000;
/** Clock ticks a second in /proc: the same on every Linux. */
const TICK_US = 10_000;

export const subjects = new Subjects(universeId('main'));

export interface ClusterNeeds {
  /** A folder on a real disk. */
  readonly dir: string;
  readonly flavour?: Flavour;
  /** Suspects silent nodes late, so that a machine that is busy with rates takes no node for dead. */
  readonly patient?: boolean;
}

/** What the nodes did in a while, taken together. */
export interface Tally extends NodeTally {
  readonly ms: number;
  /** CPU time of the servers; 0 where the system does not tell. */
  readonly serversCpuUs: number;
}

export class MeasuredCluster {
  readonly #nodes = new Map<string, NodeProcess & { readonly lane: string }>();

  private constructor(
    readonly servers: Cluster,
    readonly bus: Bus,
    readonly client: Client,
    private readonly start: Omit<NodeStart, 'name'>,
  ) {}

  /** Resolves when all serve. */
  static async open({ dir, flavour, patient = false }: ClusterNeeds): Promise<MeasuredCluster> {
    const credentials = makeCredentials(join(dir, 'credentials'), { tenants: [TENANT] });
    const servers = await startCluster({ dir, credentials, ...(flavour === undefined ? {} : { flavour }) });
    const user = { tenant: TENANT };
    const nkeySeed = new TextEncoder().encode(readFileSync(credentials.keyFile(user), 'utf8').trim());
    const times = { clock: systemClock, random: systemRandom };
    const { bus } = natsBus({ servers: servers.urls, name: 'bench', nkeySeed, inboxPrefix: inboxPrefixOf(user), ...times });
    const client = connectCluster({ bus, tenant: TENANT, ...times });
    const keyFiles = { node: credentials.keyFile({ role: 'node' }), system: credentials.keyFile({ role: 'system' }) };
    const start = { servers: servers.urls, keyFiles, ...(patient ? { suspectAfterMs: BUSY_SUSPECT_MS } : {}) };
    const cluster = new MeasuredCluster(servers, bus, client, start);
    try {
      await servers.ready;
      // All of them, so that none is forgotten when one fails.
      const started = await Promise.allSettled(NAMES.map((name) => cluster.startNode(name)));
      for (const each of started) if (each.status === 'rejected') throw each.reason;
      return cluster;
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  get nodes(): readonly (NodeProcess & { readonly lane: string })[] {
    return [...this.#nodes.values()];
  }

  async startNode(name: string): Promise<void> {
    const node = await NodeProcess.start({ name, ...this.start });
    this.#nodes.delete(name);
    this.#nodes.set(name, node);
    if (node.level !== 'fsync') throw new Error(`the servers hold the level ${node.level}, not fsync`);
  }

  /** The node that holds the agent. */
  async holderOf(name: string): Promise<NodeProcess> {
    for (const node of this.nodes) if ((await node.ask('held', null)).includes(name)) return node;
    throw new Error(`no node holds worker ${name}`);
  }

  /** One turn of each of so many workers. */
  async steps(agents: number, atOnce = AGENTS): Promise<void> {
    let next = 0;
    const loop = async (): Promise<void> => {
      for (let at = next++; at < agents; at = next++) await this.client.call(worker(at), 'step', 1, { deadlineMs: STEP_MS_MAX });
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, agents) }, loop));
  }

  /** Workers talk from now on, about one message of each under way. */
  async startTalking(how: Talking): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.ask('talk', { live: true })));
    await Promise.all(Array.from({ length: AGENTS }, (_, index) => this.client.call(worker(index), how, index)));
  }

  /** Resolves when every message was taken and every turn is acknowledged. */
  async stopTalking(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.ask('talk', { live: false })));
    await Promise.all(Array.from({ length: AGENTS }, (_, index) => this.client.call(worker(index), 'look')));
  }

  /** What is done while the work runs. */
  async during(work: () => Promise<unknown>): Promise<Tally> {
    const before = await this.tally();
    await work();
    const after = await this.tally();
    const { turns, cpuUs, batches, bytes, ms, serversCpuUs } = before;
    return {
      turns: after.turns - turns,
      cpuUs: after.cpuUs - cpuUs,
      batches: after.batches - batches,
      bytes: after.bytes - bytes,
      ms: after.ms - ms,
      serversCpuUs: after.serversCpuUs - serversCpuUs,
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    await this.client.close();
    await this.bus.close();
    await Promise.all(this.servers.servers.map((server) => server.kill()));
    await this.servers.close();
  }

  private async tally(): Promise<Tally> {
    const tallies = await Promise.all(this.nodes.map((node) => node.ask('tally', null)));
    const sum = (of: keyof NodeTally): number => tallies.reduce((all, each) => all + each[of], 0);
    const serversCpuUs = this.servers.servers.reduce((all, { pid }) => all + cpuUsOf(pid), 0);
    return { turns: sum('turns'), cpuUs: sum('cpuUs'), batches: sum('batches'), bytes: sum('bytes'), ms: performance.now(), serversCpuUs };
  }
}

export function worker(index: number): AgentId {
  return agentId({ tenant: TENANT, kind: 'worker', name: String(index) });
}

/** User and system time of a process. */
function cpuUsOf(pid: number | undefined): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_US;
  } catch {
    return 0;
  }
}
