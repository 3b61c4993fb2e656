/** `activate.cold` and `recover.850`: how long agents take that are on the disk only. */
import { setTimeout as pause } from 'node:timers/promises';
import { openSkep } from '@skep/sdk';
import { runChild, startLoad } from '../children.js';
import { rowOf } from '../row.js';
import type { Run, Scene } from '../scene.js';
import { AGENTS, OpenSwarm, type Talk, workerKind, workersOf } from '../swarm.js';

const SETTLE_EVERY_MS = 50;

export const activateCold: Scene = {
  id: 'activate.cold',
  async run({ conditions, folder }: Run) {
    const dir = folder();
    await restingSwarm(dir);
    const talk: Talk = { live: false, turns: 0 };
    const kind = workerKind(talk);
    const skep = await openSkep({ dir, kinds: [kind] });
    try {
      const woken = await skep.recovered;
      const active = new Set((await skep.client.list()).filter((info) => info.active).map((info) => info.name));
      const cold = workersOf(skep, kind).filter((_, index) => !active.has(String(index)));
      const turns: number[] = [];
      const queries: number[] = [];
      for (const [index, agent] of cold.entries()) {
        const startMs = performance.now();
        const steps = index % 2 === 0 ? await agent.step(1) : await agent.look();
        (index % 2 === 0 ? turns : queries).push(performance.now() - startMs);
        if (steps < 1) throw new Error(`agent ${agent.id} came back without its state`);
      }
      const about = `resting agents of 2.4 KB after reopening, one at a time, page cache warm; ${woken.agents} woken by the opening itself left out; ${conditions}`;
      return [
        rowOf({ id: 'activate.cold', unit: 'ms', samples: turns, note: `first call is a turn, acknowledged at level local (fsync); ${about}` }),
        rowOf({ id: 'activate.cold.query', unit: 'ms', samples: queries, note: `first call is a query; ${about}` }),
      ];
    } finally {
      await skep.close();
    }
  },
};

/** A folder whose agents have a state and a snapshot each, and rest. */
async function restingSwarm(dir: string): Promise<void> {
  const swarm = await OpenSwarm.open({ dir, settleEveryMs: SETTLE_EVERY_MS, restsAfterMs: 1 });
  const untilAllRest = async (): Promise<void> => {
    while ((await swarm.skep.client.status()).agents.active > 0) await pause(SETTLE_EVERY_MS);
  };
  await untilAllRest();
  // The lane keeps its last batch, whose agents are woken at the next opening: so the last one holds but one agent.
  await swarm.agents[0]?.step(1);
  await untilAllRest();
  await swarm.close();
}

export const recover: Scene = {
  id: 'recover.850',
  async run({ plan, conditions, folder, say }: Run) {
    const all: number[] = [];
    const first: number[] = [];
    let acknowledged = 0;
    let recovered = 0;
    for (let crash = 0; crash < plan.crashes; crash += 1) {
      say(`recover.850: crash ${crash + 1} of ${plan.crashes}`);
      const dir = folder();
      const load = await startLoad(dir);
      await pause(plan.loadMs);
      const known = await load.kill();
      const back = await runChild({ role: 'reopen', dir }, 'reopened');
      // The answer to the first step after the crash counts that step, too.
      const lost = known.filter((steps, index) => (back.steps[index] ?? 0) <= steps).length;
      if (lost > 0) throw new Error(`${lost} agents came back with less than was acknowledged`);
      acknowledged += known.reduce((sum, steps) => sum + steps, 0);
      recovered = Math.max(recovered, back.recovered);
      all.push(back.allMs);
      first.push(back.firstMs);
    }
    const about = `SIGKILL after ${(plan.loadMs / 1000).toFixed(1)} s of full load, at least ${acknowledged} acknowledged steps in all, none lost; ${recovered} of ${AGENTS} agents recovered; a fresh process, from openSkep on; level local (fsync); ${conditions}`;
    return [
      rowOf({ id: 'recover.850', unit: 'ms', samples: all, note: `until every agent has answered a turn; ${about}` }),
      rowOf({ id: 'recover.850.first', unit: 'ms', samples: first, note: `until the first agent has answered a turn; ${about}` }),
    ];
  },
};
