/** `call.r3` and `turn.hot`: calls from outside, one request each or gathered by the client, and one agent that everybody calls. */
import { setTimeout as pause } from 'node:timers/promises';
import { type ErrorShape, fromErrorShape } from '@skep/kernel';
import { type MeasuredCluster, subjects, type Tally, worker } from '../../cluster/measured-cluster.js';
import { compared, type Row, rowOf } from '../../row.js';
import type { Run } from '../../scene.js';
import { AGENTS } from '../../swarm.js';

const HOT_CALLERS = 1_024;
const DEADLINE_MS = 30_000;
const PAUSE_MS = 20;
const ONE = new TextEncoder().encode('1');

export async function calls(cluster: MeasuredCluster, { plan, conditions }: Run): Promise<readonly Row[]> {
  const subjectOf = Array.from({ length: AGENTS }, (_, index) => subjects.call(worker(index), 'step'));
  const plain = async (index: number): Promise<void> => {
    for (const endMs = performance.now() + DEADLINE_MS; ; ) {
      const answer = await cluster.bus.request(subjectOf[index] as string, ONE, { timeoutMs: DEADLINE_MS });
      // {"error":...} is what a refusal looks like. While servers elect a leader it may come, and whoever calls asks again.
      if (answer[2] !== 0x65) return;
      const { error } = JSON.parse(new TextDecoder().decode(answer)) as { readonly error: ErrorShape };
      if (fromErrorShape(error).retry !== 'later' || performance.now() > endMs) throw fromErrorShape(error);
      await pause(PAUSE_MS);
    }
  };
  const gathered = (index: number) => cluster.client.call(worker(index), 'step', 1);
  const each: number[] = [];
  const coalesced: number[] = [];
  const cpu = { each: [] as number[], coalesced: [] as number[] };
  for (let round = -1; round < plan.rounds; round += 1) {
    const one = await rate(cluster, plan.roundMs, plain);
    const other = await rate(cluster, plan.roundMs, gathered);
    if (round < 0) continue;
    each.push(one.rate);
    coalesced.push(other.rate);
    cpu.each.push(one.nodesUs);
    cpu.coalesced.push(other.nodesUs);
  }
  const sequential: number[] = [];
  for (let at = -Math.ceil(plan.operations / 5); at < plan.operations; at += 1) {
    const startMs = performance.now();
    await plain(0);
    if (at >= 0) sequential.push(performance.now() - startMs);
  }
  const about = `a turn at level fsync, 3 nodes, 3 servers (${cluster.servers.flavour}), client, nodes and servers on the same cores; ${conditions}`;
  const callers = `${AGENTS} callers in one process over ${AGENTS} agents, ${plan.rounds} rounds of ${(plan.roundMs / 1000).toFixed(1)} s`;
  const node = (samples: readonly number[]) => `nodes ${median(samples).toFixed(1)} µs of CPU a call`;
  const request = rowOf({
    id: 'call.r3',
    unit: 'calls/s',
    samples: each,
    note: `one plain request in JSON a call; ${callers}; ${node(cpu.each)}; ${about}`,
  });
  const frames = rowOf({
    id: 'call.r3.coalesced',
    unit: 'calls/s',
    samples: coalesced,
    note: `calls of one moment in one message, through the client; ${callers}; ${node(cpu.coalesced)}; ${about}`,
  });
  return [
    request,
    compared(frames, request),
    rowOf({ id: 'call.r3.sequential', unit: 'ms', samples: sequential, note: `one agent, one plain request after the other; ${about}` }),
  ];
}

export async function hot(cluster: MeasuredCluster, { plan, conditions }: Run): Promise<readonly Row[]> {
  const node = await cluster.holderOf('0');
  const samples: number[] = [];
  for (let round = -1; round < plan.rounds; round += 1) {
    const startMs = performance.now();
    const { turns } = await node.ask('hot', { agent: worker(0), callers: HOT_CALLERS, durationMs: plan.roundMs });
    if (round >= 0) samples.push((turns * 1000) / (performance.now() - startMs));
  }
  const note = `one agent of 2.4 KB, ${HOT_CALLERS} awaiting callers in its node; 3 servers (${cluster.servers.flavour}), R3, level fsync; ${plan.rounds} rounds of ${(plan.roundMs / 1000).toFixed(1)} s; ${conditions}`;
  return [rowOf({ id: 'turn.hot', unit: 'turns/s', samples, note })];
}

interface Rate {
  readonly rate: number;
  /** CPU time of the nodes for each call. */
  readonly nodesUs: number;
}

async function rate(cluster: MeasuredCluster, durationMs: number, call: (index: number) => Promise<unknown>): Promise<Rate> {
  let done = 0;
  const loop = async (index: number, startMs: number): Promise<void> => {
    while (performance.now() - startMs < durationMs) {
      await call(index);
      done += 1;
    }
  };
  const tally: Tally = await cluster.during(async () => {
    const startMs = performance.now();
    await Promise.all(Array.from({ length: AGENTS }, (_, index) => loop(index, startMs)));
  });
  return { rate: (done * 1000) / tally.ms, nodesUs: tally.cpuUs / done };
}

export function median(samples: readonly number[]): number {
  return [...samples].sort((one, other) => one - other)[Math.floor(samples.length / 2)] ?? 0;
}
