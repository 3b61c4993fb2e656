/** `failover.first`, `failover.all`: a node is killed, and its agents answer writes again. `failover.nats`: a leader of the servers is. */

import { setTimeout as pause } from 'node:timers/promises';
import { type Flavour, findServers } from '@skep/nats/servers';
import { MeasuredCluster, worker } from '../../cluster/measured-cluster.js';
import { type Row, rowOf } from '../../row.js';
import type { Run, Scene } from '../../scene.js';
import { AGENTS } from '../../swarm.js';

const LIGHT_CALLERS = 8;
const LIGHT_PAUSE_MS = 5;
const SETTLE_MS = 500;
/** How long writes are looked at round the kill of a server: the stock one elects for up to nine seconds. */
const LOOK_MS: Readonly<Record<Flavour, number>> = { fast: 4_000, stock: 16_000 };
const KILL_AFTER_MS = 500;

/** On a cluster of its own: it suspects silent nodes as early as clusters do. */
export const failover: Scene = {
  id: 'failover.first',
  async run({ plan, conditions, folder, say }: Run) {
    const cluster = await MeasuredCluster.open({ dir: folder() });
    const first: number[] = [];
    const all: number[] = [];
    let agents = 0;
    try {
      await cluster.steps(AGENTS);
      const load = new LightLoad(cluster);
      for (let kill = 0; kill < plan.kills; kill += 1) {
        const victim = cluster.nodes[0];
        if (victim === undefined) throw new Error('a cluster has nodes');
        say(`failover: kill ${kill + 1} of ${plan.kills}, ${victim.name}`);
        const held = await victim.ask('held', null);
        agents += held.length;
        load.start();
        await pause(SETTLE_MS);
        const killedMs = performance.now();
        const gone = victim.kill();
        const tookMs = await Promise.all(held.map(async (name) => (await load.step(Number(name))) - killedMs));
        first.push(Math.min(...tookMs));
        all.push(Math.max(...tookMs));
        await gone;
        await load.stop();
        // Started last, it is the last to be killed again.
        await cluster.startNode(victim.name);
        await pause(SETTLE_MS);
      }
      const { flavour } = cluster.servers;
      const each = Math.round(agents / Math.max(1, plan.kills));
      const about = `kill -9 of one of 3 nodes under light load, ${plan.kills} times, each time about ${each} of ${AGENTS} agents of 2.4 KB; every acknowledged step was still there; seen by a client outside; 3 servers (${flavour}), R3, level fsync; ${conditions}`;
      return [
        rowOf({
          id: 'failover.first',
          unit: 'ms',
          samples: first,
          note: `from the kill to the first acknowledged write of an agent that lived there; ${about}`,
        }),
        rowOf({
          id: 'failover.all',
          unit: 'ms',
          samples: all,
          note: `from the kill until every agent that lived there has answered a write; ${about}`,
        }),
      ];
    } finally {
      await cluster.close();
    }
  },
};

/** Some callers that take their time, and what was acknowledged to whoever called. */
class LightLoad {
  private readonly acknowledged = new Array<number>(AGENTS).fill(0);
  private running: Promise<unknown> = Promise.resolve();
  private live = false;

  constructor(private readonly cluster: MeasuredCluster) {}

  start(): void {
    this.live = true;
    const loop = async (caller: number): Promise<void> => {
      for (let at = caller; this.live; at += LIGHT_CALLERS) {
        await this.step(at % AGENTS);
        await pause(LIGHT_PAUSE_MS);
      }
    };
    this.running = Promise.all(Array.from({ length: LIGHT_CALLERS }, (_, caller) => loop(caller)));
    this.running.catch(() => {});
  }

  async stop(): Promise<void> {
    this.live = false;
    await this.running;
  }

  /** A write; returns when its acknowledgement came. Throws when the agent knows less than was acknowledged. */
  async step(index: number): Promise<number> {
    const known = this.acknowledged[index] ?? 0;
    const { value } = await this.cluster.client.call(worker(index), 'step', 1);
    const atMs = performance.now();
    if (Number(value) <= known) throw new Error(`worker ${index} is at step ${value}, and ${known} was acknowledged before`);
    this.acknowledged[index] = Math.max(this.acknowledged[index] ?? 0, Number(value));
    return atMs;
  }
}

export const failoverNats: Scene = {
  id: 'failover.nats',
  async run(run: Run) {
    const found = findServers();
    const rows: Row[] = [];
    for (const flavour of ['fast', 'stock'] as const) {
      if (found[flavour] === undefined) {
        const missing = found.missing.find(({ kind }) => kind === flavour);
        rows.push(rowOf({ id: `failover.nats.${flavour}`, unit: 'ms', samples: [], note: missing?.message ?? 'this server is not here' }));
      } else rows.push(await killLeaders(flavour, run));
    }
    return rows;
  },
};

async function killLeaders(flavour: Flavour, { plan, conditions, folder, say }: Run): Promise<Row> {
  const cluster = await MeasuredCluster.open({ dir: folder(), flavour });
  const stopped: number[] = [];
  try {
    await cluster.steps(AGENTS);
    for (let kill = 0; kill < plan.serverKills; kill += 1) {
      const node = cluster.nodes[kill % cluster.nodes.length];
      if (node === undefined) throw new Error('a cluster has nodes');
      const leader = await node.ask('leader', null);
      say(`failover.nats: ${flavour}, kill ${kill + 1} of ${plan.serverKills}, ${leader}`);
      const server = cluster.servers.servers.find(({ name }) => name === leader);
      const [agent] = await node.ask('held', null);
      if (server === undefined || agent === undefined) throw new Error(`${leader} is no server of this cluster, or ${node.name} holds nothing`);
      const writes = node.ask('writes', { agent: worker(Number(agent)), durationMs: LOOK_MS[flavour] });
      await pause(KILL_AFTER_MS);
      await server.kill();
      stopped.push((await writes).longestGapMs);
      await server.restart();
      await cluster.servers.settled();
    }
    const note = `writes of a node stop for, when the server that leads its lane is killed (-9), ${plan.serverKills} times; the longest time between two acknowledgements of a caller in the node; 3 servers (${flavour}), R3, level fsync; ${conditions}`;
    return rowOf({ id: `failover.nats.${flavour}`, unit: 'ms', samples: stopped, note });
  } finally {
    await cluster.close();
  }
}
