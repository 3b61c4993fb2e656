/** `scale`: CPU time that a call costs the nodes, by the size of the swarm that the calls go to. */
import { type MeasuredCluster, worker } from '../../cluster/measured-cluster.js';
import { compared, type Row, rowOf } from '../../row.js';
import type { Run } from '../../scene.js';

const CALLERS = 256;

export async function scale(cluster: MeasuredCluster, { plan, conditions, say }: Run): Promise<readonly Row[]> {
  const rows: Row[] = [];
  let exist = 0;
  for (const agents of plan.swarms) {
    say(`scale: ${agents} agents`);
    try {
      if (agents > exist) await cluster.steps(agents, CALLERS);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      rows.push(
        rowOf({ id: `scale.${agents}`, unit: 'µs', samples: [], note: `this swarm did not come to be on this machine: ${why}; ${conditions}` }),
      );
      break;
    }
    exist = Math.max(exist, agents);
    const samples: number[] = [];
    let servers = 0;
    let calls = 0;
    for (let round = -1; round < plan.rounds; round += 1) {
      let at = 0;
      let done = 0;
      const tally = await cluster.during(async () => {
        const startMs = performance.now();
        const loop = async (): Promise<void> => {
          while (performance.now() - startMs < plan.roundMs) {
            // A step that no swarm of these is a multiple of, so that neighbours in time are none in the swarm.
            at = (at + 7_919) % agents;
            await cluster.client.call(worker(at), 'step', 1);
            done += 1;
          }
        };
        await Promise.all(Array.from({ length: CALLERS }, loop));
      });
      if (round < 0) continue;
      samples.push(tally.cpuUs / done);
      servers += tally.serversCpuUs;
      calls += done;
    }
    const beside = servers === 0 ? '' : `; servers beside that ${(servers / calls).toFixed(1)} µs`;
    const note = `CPU time of the 3 nodes for each call, snapshots included; ${agents} agents of 2.4 KB, ${CALLERS} callers through the client; ${Math.round(calls / plan.rounds)} calls a round of ${(plan.roundMs / 1000).toFixed(1)} s${beside}; level fsync; ${conditions}`;
    rows.push(rowOf({ id: `scale.${agents}`, unit: 'µs', samples, note }));
  }
  const swarm = rows.find(({ id }) => id === 'scale.850');
  return rows.map((row) => (swarm === undefined || row === swarm ? row : compared(row, swarm)));
}
