/** `turn.local.sequential` and `turn.hot`: one agent, one call after the other, and very many at once. */
import { bytesPerTurn, RawFile } from '../limit.js';
import { compared, rowOf } from '../row.js';
import type { Run, Scene } from '../scene.js';
import { OpenSwarm, type Swarm, type Worker } from '../swarm.js';

const BLOCK = 20;
const CALLERS = 1024;

export const turnSequential: Scene = {
  id: 'turn.local.sequential',
  async run({ plan, conditions, folder }: Run) {
    const one = (swarm: Swarm) => swarm.agents[0] as Worker;
    const recordBytes = Math.round(await bytesPerTurn((swarm) => one(swarm).step(1)));
    const swarm = await OpenSwarm.open({ dir: folder() });
    const raw = new RawFile(folder());
    try {
      const agent = one(swarm);
      const bytes = new Uint8Array(recordBytes).fill(0x5a);
      for (let warm = 0; warm < plan.operations; warm += 1) await agent.step(1);
      const turns: number[] = [];
      const appends: number[] = [];
      // In blocks by turns, so that whatever else the machine does meets both alike.
      while (turns.length < plan.operations) {
        for (let each = 0; each < BLOCK; each += 1) {
          const startMs = performance.now();
          await agent.step(1);
          turns.push(performance.now() - startMs);
        }
        for (let each = 0; each < BLOCK && plan.limits; each += 1) appends.push(raw.append(bytes));
      }
      const limit = rowOf({
        id: 'turn.local.sequential.limit.raw',
        unit: 'ms',
        samples: appends,
        note: `write + fdatasync of one record of ${recordBytes} bytes; ${conditions}`,
      });
      const turn = rowOf({ id: 'turn.local.sequential', unit: 'ms', samples: turns, note: '' });
      const times = limit.n === 0 ? '' : `${(turn.p50 / limit.p50).toFixed(2)} x the raw append + fdatasync of its record; `;
      const note = `level local (fsync); one agent of 2.4 KB, each call awaited, in process; ${times}${conditions}`;
      return [{ ...turn, note }, ...(limit.n === 0 ? [] : [compared(limit, turn)])];
    } finally {
      raw.close();
      await swarm.close();
    }
  },
};

export const turnHot: Scene = {
  id: 'turn.hot',
  async run({ plan, conditions, folder }: Run) {
    const swarm = await OpenSwarm.open({ dir: folder() });
    try {
      const hot = { agents: swarm.agents.slice(0, 1), perAgent: CALLERS };
      await swarm.calls(plan.roundMs, hot);
      const samples: number[] = [];
      for (let round = 0; round < plan.rounds; round += 1) samples.push(await swarm.calls(plan.roundMs, hot));
      const note = `level local (fsync); one agent of 2.4 KB, ${CALLERS} awaiting callers in process; ${plan.rounds} rounds of ${(plan.roundMs / 1000).toFixed(1)} s; ${conditions}`;
      return [rowOf({ id: 'turn.hot', unit: 'turns/s', samples, note })];
    } finally {
      await swarm.close();
    }
  },
};
