/** `turn.r3.fsync`: turns a second of agents that talk to each other across nodes, and what the same lanes carry without agents. */
import type { MeasuredCluster, Tally } from '../../cluster/measured-cluster.js';
import type { Talking } from '../../cluster/node-message.js';
import { compared, type Row, rowOf } from '../../row.js';
import type { Run } from '../../scene.js';
import { AGENTS } from '../../swarm.js';

const WARM_ROUNDS = 2;
const PROFILE_MS_MAX = 10_000;

interface Measured {
  readonly rates: number[];
  /** CPU time of the nodes for each turn, in µs. */
  readonly cpu: number[];
  /** Turns a second, if each batch of the log alone held what the agents' batches hold. */
  readonly log: number[];
  readonly tallies: Tally[];
}

export async function talking(cluster: MeasuredCluster, run: Run): Promise<readonly Row[]> {
  const near = await measure(cluster, run, 'pass');
  const far = await measure(cluster, run, 'toss');
  const { plan, conditions } = run;
  const swarm = `${AGENTS} agents of 2.4 KB on 3 nodes, 3 servers (${cluster.servers.flavour}), R3, an fsync for each acknowledgement`;
  const about = `${plan.rounds} rounds of ${seconds(plan.roundMs)} s; ${conditions}`;
  const id = 'turn.r3.fsync';
  const limit = rowOf({
    id: `${id}.limit.log`,
    unit: 'turns/s',
    samples: near.log,
    note: `the same batches (${batchesOf(near)}) without agents, from 3 processes, one in flight each; ${about}`,
  });
  const turn = rowOf({ id, unit: 'turns/s', samples: near.rates, note: '' });
  const share = limit.n === 0 ? '' : `${((100 * turn.p50) / limit.p50).toFixed(1)} % of the log alone; `;
  return [
    compared({ ...turn, note: `each talks to eight others; ${swarm}; ${batchesOf(near)}; ${share}${about}` }, limit),
    ...(limit.n === 0 ? [] : [compared(limit, turn)]),
    rowOf({
      id: `${id}.cpu`,
      unit: 'µs',
      samples: near.cpu,
      note: `CPU time of the nodes for each turn, user and system; servers beside that: ${serversOf(near)}; ${about}`,
    }),
    rowOf({ id: `${id}.anyone`, unit: 'turns/s', samples: far.rates, note: `each talks to anyone; ${swarm}; ${batchesOf(far)}; ${about}` }),
    rowOf({
      id: `${id}.anyone.cpu`,
      unit: 'µs',
      samples: far.cpu,
      note: `CPU time of the nodes for each turn; servers beside that: ${serversOf(far)}; ${about}`,
    }),
  ];
}

async function measure(cluster: MeasuredCluster, { plan, say }: Run, how: Talking): Promise<Measured> {
  const found: Measured = { rates: [], cpu: [], log: [], tallies: [] };
  const { rounds, roundMs, limits } = plan;
  for (let round = -WARM_ROUNDS; round < rounds; round += 1) {
    await cluster.startTalking(how);
    if (round === 0 && !limits) await profile(cluster, how, Math.min(rounds * roundMs, PROFILE_MS_MAX), say);
    const tally = await cluster.during(() => wait(roundMs));
    await cluster.stopTalking();
    if (round < 0) continue;
    found.tallies.push(tally);
    found.rates.push((tally.turns * 1000) / tally.ms);
    found.cpu.push(tally.cpuUs / tally.turns);
    if (!limits || how !== 'pass') continue;
    // In turn with the agents, so that whatever else the machine does meets both alike.
    const bytes = Math.round(tally.bytes / tally.batches);
    const startMs = performance.now();
    const appended = await Promise.all(cluster.nodes.map((node) => node.ask('append', { bytes, durationMs: roundMs / 2 })));
    const batches = appended.reduce((sum, each) => sum + each.batches, 0);
    found.log.push((((batches * 1000) / (performance.now() - startMs)) * tally.turns) / tally.batches);
  }
  return found;
}

async function profile(cluster: MeasuredCluster, how: Talking, durationMs: number, say: (text: string) => void): Promise<void> {
  const [node] = cluster.nodes;
  const lines = await node?.ask('profile', { id: `turn.r3.fsync.${how}`, durationMs });
  for (const line of lines ?? []) say(line);
}

function batchesOf({ tallies }: Measured): string {
  const sum = (of: 'turns' | 'batches' | 'bytes'): number => tallies.reduce((all, each) => all + each[of], 0);
  return `batches of ${Math.round(sum('turns') / sum('batches'))} turns, ${Math.round(sum('bytes') / sum('turns'))} bytes a turn`;
}

function serversOf({ tallies }: Measured): string {
  const cpuUs = tallies.reduce((all, { serversCpuUs }) => all + serversCpuUs, 0);
  const turns = tallies.reduce((all, each) => all + each.turns, 0);
  return cpuUs === 0 ? 'not known here' : `${(cpuUs / turns).toFixed(1)} µs`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
