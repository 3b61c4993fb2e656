/** What happens to node processes. */
import { agentId } from '@skep/kernel';
import { broken } from '../invariants/violation.js';
import { type Fault, type Figures, pause, type Stage } from './fault.js';
import { NODE_NAMES } from './names.js';

/** Longer than the patience of nodes with one another. */
const PAUSE_MS_MIN = 1_800;
const PAUSE_MS_MAX = 3_000;
const DOWN_MS_MAX = 500;
const PROBES = 48;
const CALM_MS = 20_000;

const PROBED = Array.from({ length: PROBES }, (_, index) => agentId({ tenant: 'default', kind: 'counter', name: `probe-${index + 1}` }));

export const nodeKill: Fault = {
  name: 'kill -9 of a node',
  ids: ['O4', 'G1', 'G4'],
  needs: 'servers',
  strike: async (stage) => {
    const { swarm, random } = stage;
    const name = random.pick(NODE_NAMES) as string;
    const figures = await failover(stage, name, () => swarm.kill(name));
    await pause(random.below(DOWN_MS_MAX));
    await swarm.start(name);
    return figures;
  },
};

export const twoKills: Fault = {
  name: 'kill -9 of a node, then of an heir',
  ids: ['O4', 'G1'],
  needs: 'servers',
  strike: async ({ swarm, random }) => {
    const first = random.pick(NODE_NAMES) as string;
    const second = random.pick(NODE_NAMES.filter((name) => name !== first)) as string;
    await swarm.kill(first);
    await pause(random.below(DOWN_MS_MAX));
    await swarm.kill(second);
    await pause(random.below(DOWN_MS_MAX));
    await Promise.all([swarm.start(first), swarm.start(second)]);
    return {};
  },
};

export const nodePause: Fault = {
  name: 'SIGSTOP and SIGCONT of a node',
  ids: ['Q12', 'G1', 'G3'],
  needs: 'servers',
  strike: async (stage) => {
    const { swarm, random, outside } = stage;
    const name = random.pick(NODE_NAMES) as string;
    const before = (await swarm.look(name)).incarnation;
    const figures = await failover(stage, name, () => swarm.pause(name));
    await pause(random.between(PAUSE_MS_MIN, PAUSE_MS_MAX));
    swarm.resume(name);
    await swarm.whole();
    const after = (await swarm.look(name)).incarnation;
    if (after === before) outside.broken.push(broken('I13', `${name} was away longer than the others wait, and goes on as ${before}`));
    return figures;
  },
};

export const rollingRestart: Fault = {
  name: 'rolling restart of all nodes',
  ids: ['O5'],
  needs: 'servers',
  strike: async ({ swarm }) => {
    for (const name of NODE_NAMES) {
      await swarm.drain(name);
      await swarm.start(name);
      await swarm.whole();
    }
    return {};
  },
};

/** For comparison: what clients see, and who is taken for dead, when nothing is wrong. */
export const nothing: Fault = {
  name: 'nothing',
  ids: ['O4'],
  needs: 'servers',
  strike: async () => {
    await pause(CALM_MS);
    return {};
  },
};

/** Calls every probed agent that lived on a node, from the moment on in which it is struck. In ms after it: the first answer, and when all had answered. */
async function failover({ swarm, clientOf }: Stage, name: string, strike: () => Promise<void> | void): Promise<Figures> {
  const client = clientOf(`probe of ${name}`);
  await Promise.all(PROBED.map((agent) => client.write(agent, 'add', { by: 1 })));
  const held = new Set(await swarm.heldBy(name));
  const lost = PROBED.filter((agent) => held.has(agent));
  const struckMs = performance.now();
  await strike();
  const answered = await Promise.all(
    lost.map(async (agent) => {
      await clientOf(`probe of ${agent}`).write(agent, 'add', { by: 1 });
      return performance.now() - struckMs;
    }),
  );
  if (answered.length === 0) return {};
  return { firstAgentMs: Math.min(...answered), allAgentsMs: Math.max(...answered) };
}
