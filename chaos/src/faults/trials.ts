/** Which faults strike which servers, and how often. A trial is played in rounds, each in a universe of its own, so that none becomes too long to judge. */
import type { Flavour } from '@skep/nats/servers';
import type { Fault } from './fault.js';
import { fullStream } from './full-stream.js';
import { nodeBlackHole, nodeCutOff, nodeLinkFaults, nodeNothingOut, partition, routeFaults, routeResets } from './link-faults.js';
import { nodeKill, nodePause, nothing, rollingRestart, twoKills } from './node-faults.js';
import { allAway, awayAtStart, leaderAndNodeKill, leaderKill, leaderPause, majorityAndAllNodesKill, serverRestarts } from './server-faults.js';

export interface Trial {
  readonly name: string;
  readonly flavour: Flavour;
  readonly rounds: readonly (readonly Fault[])[];
}

const KILLS_A_ROUND = 5;
const STOCK_KILLS_A_ROUND = 2;

/** What the tests have time for. */
export const SHORT_TRIALS = {
  nodes: { name: 'short-nodes', flavour: 'fast', rounds: [[nodeKill, nodePause, leaderKill]] },
  servers: { name: 'short-servers', flavour: 'fast', rounds: [[rollingRestart, allAway, awayAtStart, fullStream]] },
  links: { name: 'short-links', flavour: 'fast', rounds: [[nodeBlackHole, nodeNothingOut, routeResets, partition]] },
} as const satisfies { readonly [name: string]: Trial };

/** `kills`: of a node. The NATS leader is killed two times for five of them, of either server. */
export function allTrials(kills: number): readonly Trial[] {
  const leaderKills = times(leaderKill, Math.ceil(kills * 0.4));
  return [
    { name: 'calm', flavour: 'fast', rounds: [[nothing]] },
    { name: 'node-kill', flavour: 'fast', rounds: inRounds(times(nodeKill, kills), KILLS_A_ROUND) },
    { name: 'leader-kill', flavour: 'fast', rounds: inRounds(leaderKills, KILLS_A_ROUND) },
    { name: 'leader-kill-stock', flavour: 'stock', rounds: inRounds(leaderKills, STOCK_KILLS_A_ROUND) },
    { name: 'node-pause', flavour: 'fast', rounds: [times(nodePause, 3)] },
    { name: 'two-kills', flavour: 'fast', rounds: [times(twoKills, 3), times(leaderAndNodeKill, 3), times(majorityAndAllNodesKill, 2)] },
    { name: 'rolling-restart', flavour: 'fast', rounds: [times(rollingRestart, 2)] },
    { name: 'servers', flavour: 'fast', rounds: [times(leaderPause, 3), times(serverRestarts, 2), times(allAway, 2), times(awayAtStart, 2)] },
    { name: 'full-stream', flavour: 'fast', rounds: [times(fullStream, 2)] },
    { name: 'node-links', flavour: 'fast', rounds: [nodeLinkFaults, times(nodeCutOff, 3)] },
    { name: 'routes', flavour: 'fast', rounds: [routeFaults] },
    { name: 'partition', flavour: 'fast', rounds: [times(partition, 4)] },
  ];
}

export function needsLinks({ rounds }: Trial): boolean {
  return rounds.some((faults) => faults.some(({ needs }) => needs === 'links'));
}

/** The seed of a round: the same one, the same targets and moments. */
export function seedOf(seed: string, { name }: Trial, round: number): string {
  return `${seed}/${name}/${round}`;
}

/** The command that plays a round again. */
export function replayOf(seed: string, { name }: Trial, round: number): string {
  return `npm run faults -- --only ${name}:${round} --seed ${seed}`;
}

function times(fault: Fault, count: number): readonly Fault[] {
  return Array.from({ length: count }, () => fault);
}

function inRounds(faults: readonly Fault[], size: number): readonly (readonly Fault[])[] {
  return Array.from({ length: Math.ceil(faults.length / size) }, (_, index) => faults.slice(index * size, (index + 1) * size));
}
