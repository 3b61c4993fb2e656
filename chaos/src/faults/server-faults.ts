/** What happens to the NATS servers. */
import { agentId, type SkepError, toSkepError } from '@skep/kernel';
import { isAcknowledged } from '../invariants/operation.js';
import { broken } from '../invariants/violation.js';
import { type Fault, pause, type Stage } from './fault.js';
import { NODE_NAMES } from './names.js';

const AWAY_MS_MIN = 1_000;
const AWAY_MS_MAX = 2_500;
/** Calls come in meanwhile, and nothing can be written yet. */
const NODE_AFTER_MS_MIN = 60;
const NODE_AFTER_MS_MAX = 250;
/** Writes without a majority that are worth a kill. */
const ANSWERED_MIN = 3;
/** On a busy machine a client may pause for long. */
const ANSWERED_WITHIN_MS = 1_000;
const LOOK_EVERY_MS = 5;
/** A call that is made while no server is there, and is to be refused in the end. */
const CALL_WHILE_AWAY = agentId({ tenant: 'default', kind: 'counter', name: 'a' });

export const leaderKill: Fault = {
  name: 'kill -9 of the NATS leader',
  ids: ['O4', 'G1', 'G4'],
  needs: 'servers',
  strike: async ({ site, random }) => {
    const leader = await site.leader();
    await leader.kill();
    await pause(random.between(AWAY_MS_MIN, AWAY_MS_MAX));
    await leader.start();
    return {};
  },
};

/** What a node had not brought to a majority dies with it. */
export const leaderAndNodeKill: Fault = {
  name: 'kill -9 of the NATS leader, then of a node',
  ids: ['O4', 'G1', 'G4'],
  needs: 'servers',
  strike: async ({ site, swarm, random }) => {
    const name = random.pick(NODE_NAMES) as string;
    const leader = await site.leader();
    await leader.kill();
    await pause(random.between(NODE_AFTER_MS_MIN, NODE_AFTER_MS_MAX));
    await swarm.kill(name);
    await leader.start();
    await swarm.start(name);
    return {};
  },
};

/** Nodes that answer before a majority has what they say have something to lose here; others have nothing. */
export const majorityAndAllNodesKill: Fault = {
  name: 'kill -9 of most NATS servers, then of all nodes',
  ids: ['O4', 'G1', 'G4'],
  needs: 'servers',
  strike: async ({ site, swarm, outside }) => {
    const most = site.cluster.servers.slice(0, 2);
    await Promise.all(most.map((server) => server.kill()));
    const killed = outside.next();
    const killedMs = performance.now();
    const answered = () => outside.operations.filter((each) => each.kind === 'write' && each.began > killed && isAcknowledged(each)).length;
    while (answered() < ANSWERED_MIN && performance.now() - killedMs < ANSWERED_WITHIN_MS) await pause(LOOK_EVERY_MS);
    await Promise.all(NODE_NAMES.map((name) => swarm.kill(name)));
    await Promise.all(most.map((server) => server.start()));
    await Promise.all(NODE_NAMES.map((name) => swarm.start(name)));
    return {};
  },
};

export const leaderPause: Fault = {
  name: 'SIGSTOP and SIGCONT of the NATS leader',
  ids: ['Q12', 'G1'],
  needs: 'servers',
  strike: async ({ site, random }) => {
    const leader = await site.leader();
    leader.pause();
    await pause(random.between(AWAY_MS_MIN, AWAY_MS_MAX));
    leader.resume();
    return {};
  },
};

export const serverRestarts: Fault = {
  name: 'rolling restart of the NATS servers',
  ids: ['O5'],
  needs: 'servers',
  strike: async ({ site }) => {
    for (const server of site.cluster.servers) {
      await server.restart();
      await site.cluster.settled();
    }
    return {};
  },
};

export const allAway: Fault = {
  name: 'all NATS servers away',
  ids: ['O4', 'G13'],
  needs: 'servers',
  strike: async (stage) => {
    const { site, random } = stage;
    const { servers } = site.cluster;
    await Promise.all(servers.map((server) => server.kill()));
    await mustBeUnavailable(stage);
    await pause(random.between(0, AWAY_MS_MAX));
    await Promise.all(servers.map((server) => server.start()));
    return {};
  },
};

export const awayAtStart: Fault = {
  name: 'all NATS servers away at the start of a node',
  ids: ['O4'],
  needs: 'servers',
  strike: async ({ site, swarm, random }) => {
    const name = random.pick(NODE_NAMES) as string;
    const { servers } = site.cluster;
    await swarm.kill(name);
    await Promise.all(servers.map((server) => server.kill()));
    const started = swarm.start(name);
    started.catch(() => undefined);
    await pause(random.between(AWAY_MS_MIN, AWAY_MS_MAX));
    await Promise.all(servers.map((server) => server.start()));
    await started;
    return {};
  },
};

/** Whoever calls hears within his time that the swarm is unavailable, and what is missing. */
async function mustBeUnavailable({ swarm, outside }: Stage): Promise<void> {
  await Promise.all(
    NODE_NAMES.map(async (name) => {
      const answer = await swarm
        .ask(name)
        .get(CALL_WHILE_AWAY)
        .then(
          () => undefined,
          (error: unknown) => toSkepError(error),
        );
      const problem = problemOf(answer);
      if (problem !== undefined) outside.broken.push(broken('I13', `without any NATS server a call through ${name} ${problem}`));
    }),
  );
}

function problemOf(answer: SkepError | undefined): string | undefined {
  if (answer === undefined) return 'was answered';
  if (answer.code !== 'unavailable') return `was refused with ${answer.code}: ${answer.message}`;
  return answer.message.includes('NATS') ? undefined : `was refused without a reason: ${answer.message}`;
}
