/** `ask.local`: how long an answer takes inside one process. */
import { rowOf } from '../row.js';
import type { Run, Scene } from '../scene.js';
import { OpenSwarm } from '../swarm.js';

/** Fewer than one turn may journal. */
const ASKS_PER_TURN = 500;

export const ask: Scene = {
  id: 'ask.local',
  async run({ plan, conditions, folder }: Run) {
    const swarm = await OpenSwarm.open({ dir: folder() });
    try {
      const [asker, asked] = swarm.agents;
      if (asker === undefined || asked === undefined) throw new Error('a swarm has more than one agent');
      const survey = async (method: 'look' | 'step'): Promise<readonly number[]> => {
        const took: number[] = [];
        while (took.length < plan.operations) {
          const times = Math.min(ASKS_PER_TURN, plan.operations - took.length);
          took.push(...((await asker.survey({ to: '1', method, times })) as readonly number[]));
        }
        return took;
      };
      const outside = async (): Promise<readonly number[]> => {
        const took: number[] = [];
        while (took.length < plan.operations) {
          const startMs = performance.now();
          await asked.look();
          took.push((performance.now() - startMs) * 1000);
        }
        return took;
      };
      await survey('look');
      await outside();
      const about = `one at a time; ${conditions}`;
      const query = { id: 'ask.local', unit: 'µs', note: `an agent asks a query of another agent, in a turn, both in this process; ${about}` };
      const direct = { id: 'ask.local.outside', unit: 'µs', note: `a query of an agent by a caller in this process; ${about}` };
      const note = `an agent asks a turn of another agent: step begun, turn, answer recorded, each at level local (fsync); ${about}`;
      return [
        rowOf({ ...query, samples: await survey('look') }),
        rowOf({ ...direct, samples: await outside() }),
        rowOf({ id: 'ask.local.turn', unit: 'µs', note, samples: await survey('step') }),
      ];
    } finally {
      await swarm.close();
    }
  },
};
