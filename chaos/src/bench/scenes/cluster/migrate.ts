/** `migrate.pause`: for how long nobody holds an agent that moves. */
import { agentId } from '@skep/kernel';
import { type MeasuredCluster, worker } from '../../cluster/measured-cluster.js';
import type { NodeProcess } from '../../cluster/node-process.js';
import { type Row, rowOf } from '../../row.js';
import type { Run } from '../../scene.js';

const PART_BYTES = 512 * 1024;
const PARTS = 20;

export async function migrate(cluster: MeasuredCluster, { plan, conditions, say }: Run): Promise<readonly Row[]> {
  const small = worker(0);
  await cluster.client.call(small, 'step', 1);
  const pauses: number[] = [];
  let holder = await cluster.holderOf('0');
  for (let move = 0; move < plan.moves; move += 1) {
    holder = await moved(cluster, { agent: small, holder, pauses });
    await cluster.client.call(small, 'step', 1);
  }
  say('migrate.pause: 10 MB');
  const large = agentId({ tenant: 'default', kind: 'hoarder', name: 'large' });
  for (let part = 0; part < PARTS; part += 1) await cluster.client.call(large, 'keep', PART_BYTES);
  // Where it was born nobody says: the first node that can let it go is the one.
  let at = await firstHolder(cluster, large);
  const largePauses: number[] = [];
  for (let move = 0; move < plan.largeMoves; move += 1) {
    at = await moved(cluster, { agent: large, holder: at, pauses: largePauses });
    await cluster.client.call(large, 'keep', 1);
  }
  const about = `from letting it go to its first answer on the other node; snapshot taken while it serves; 3 servers (${cluster.servers.flavour}), R3, level fsync; ${conditions}`;
  return [
    rowOf({ id: 'migrate.pause', unit: 'ms', samples: pauses, note: `an agent of 2.4 KB, a write before each move; ${about}` }),
    rowOf({ id: 'migrate.pause.10mb', unit: 'ms', samples: largePauses, note: `an agent of 10 MB, a write before each move; ${about}` }),
  ];
}

interface Move {
  readonly agent: ReturnType<typeof agentId>;
  readonly holder: NodeProcess;
  readonly pauses: number[];
}

/** Moves the agent on to the next node, and returns that. */
async function moved(cluster: MeasuredCluster, { agent, holder, pauses }: Move): Promise<NodeProcess> {
  const next = cluster.nodes[(cluster.nodes.findIndex(({ name }) => name === holder.name) + 1) % cluster.nodes.length];
  if (next === undefined) throw new Error('a cluster has nodes');
  const { pauseMs } = await holder.ask('migrate', { agent, to: next.name });
  pauses.push(pauseMs);
  return next;
}

async function firstHolder(cluster: MeasuredCluster, agent: Move['agent']): Promise<NodeProcess> {
  const pauses: number[] = [];
  for (const holder of cluster.nodes) {
    try {
      return await moved(cluster, { agent, holder, pauses });
    } catch {
      // Another one holds it.
    }
  }
  throw new Error(`no node holds ${agent}`);
}
