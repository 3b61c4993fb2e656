/** `call.socket`: calls of another process, one request a call, through the holder's socket. */
import { runChild } from '../children.js';
import { rowOf } from '../row.js';
import type { Run, Scene } from '../scene.js';
import { AGENTS, OpenSwarm } from '../swarm.js';

const CALLERS = 64;

export const callSocket: Scene = {
  id: 'call.socket',
  async run({ plan, conditions, folder }: Run) {
    const dir = folder();
    const swarm = await OpenSwarm.open({ dir });
    try {
      const { operations, rounds, roundMs } = plan;
      const { rates, sequentialMs } = await runChild({ role: 'call', dir, operations, rounds, roundMs, callers: CALLERS }, 'called');
      const about = `a turn at level local (fsync), one request a call, caller and holder on the same two cores; ${conditions}`;
      return [
        rowOf({
          id: 'call.socket',
          unit: 'calls/s',
          samples: rates,
          note: `${CALLERS} callers in another process over ${AGENTS} agents; ${rounds} rounds of ${(roundMs / 1000).toFixed(1)} s; ${about}`,
        }),
        rowOf({ id: 'call.socket.sequential', unit: 'ms', samples: sequentialMs, note: `one agent, each call awaited; ${about}` }),
      ];
    } finally {
      await swarm.close();
    }
  },
};
