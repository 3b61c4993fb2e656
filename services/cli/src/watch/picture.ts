/** The picture that `watch` draws: a head with figures, the nodes of a cluster, the busiest agents, the last turns. Pure. */
import type { SwarmStatus } from '@skep/sdk';
import { agentText } from '../arguments/agent-address.js';
import { clockTimeText, countText, msText, plural } from '../output/amounts.js';
import type { Colours } from '../output/colours.js';
import type { Elections } from './elections.js';
import type { WatchedNode } from './source.js';
import type { WatchTally } from './tally.js';

export interface WatchPicture {
  readonly status: SwarmStatus;
  /** The folder, or the cluster. */
  readonly name: string;
  readonly cluster: WatchedCluster | undefined;
  readonly tally: WatchTally;
  readonly nowMs: number;
  readonly colours: Colours;
  /** Lines of the terminal. */
  readonly rows: number;
}

export interface WatchedCluster {
  readonly nodes: readonly WatchedNode[];
  readonly elections: Pick<Elections, 'seen' | 'leaderless' | 'leads'> | undefined;
}

/** Lines that are no agents and no turns. */
const FIXED_LINES = 8;
const NAME_CHARACTERS = 36;
const NODE_CHARACTERS = 12;

export function watchLines({ status, name, cluster, tally, nowMs, colours, rows }: WatchPicture): readonly string[] {
  const nodes = cluster === undefined ? [] : nodeLines(cluster, colours);
  const free = Math.max(4, rows - FIXED_LINES - nodes.length);
  const agents = tally.agents(nowMs, Math.ceil(free * 0.6));
  const recent = tally.recent(free - agents.length);
  return [
    `${colours.bold('skep')}  ${name}  ${cluster === undefined ? `process ${status.pid}  ` : ''}${status.level}  ${clockTimeText(nowMs)}`,
    `${countText(status.agents.known)} agents, ${countText(status.agents.active)} in memory   ${countText(status.turns)} turns   ${countText(status.failures)} failed`,
    `${colours.green(`${countText(status.turnsPerSecond)} turns/s`)}   p50 ${msText(status.latencyMs.p50)}   p99 ${msText(status.latencyMs.p99)}   ${countText(status.mailbox)} waiting`,
    ...nodes,
    '',
    colours.bold(`${'agent'.padEnd(NAME_CHARACTERS)} ${'version'.padStart(9)} ${'turns/s'.padStart(9)}  last`),
    ...agents.map(
      ({ agent, version, type, turnsPerSecond }) =>
        `${nameText(agentText(agent))} ${countText(version).padStart(9)} ${countText(turnsPerSecond).padStart(9)}  ${colours.cyan(type)}`,
    ),
    '',
    colours.bold('last turns'),
    ...recent.map(
      ({ agent, version, type, changes, timeMs }) =>
        `${colours.dim(clockTimeText(timeMs))}  ${nameText(agentText(agent))} ${countText(version).padStart(9)}  ${colours.cyan(type)} ${colours.dim(`${changes} changes`)}`,
    ),
    ...status.alarms.map(({ agent, message }) => colours.red(`ALARM ${agentText(agent)}: ${message}`)),
  ];
}

function nameText(text: string): string {
  return text.length <= NAME_CHARACTERS ? text.padEnd(NAME_CHARACTERS) : `${text.slice(0, NAME_CHARACTERS - 1)}…`;
}

function nodeLines({ nodes, elections }: WatchedCluster, colours: Colours): readonly string[] {
  const head = `${'node'.padEnd(NODE_CHARACTERS)} ${'status'.padEnd(9)} ${'agents'.padStart(9)} ${'turns/s'.padStart(9)} ${'p99'.padStart(9)} ${'lag'.padStart(9)}`;
  const lines = nodes.map(({ node, status, active, turnsPerSecond, p99Ms, lagMs }) => {
    const how = (status === 'serving' ? colours.green : colours.yellow)(status.padEnd(9));
    const lag = lagMs === null ? '-' : `${countText(lagMs)} ms`;
    const figures = [countText(active), countText(turnsPerSecond), msText(p99Ms), lag].map((text) => text.padStart(9)).join(' ');
    return `${node.padEnd(NODE_CHARACTERS)} ${how} ${figures}`;
  });
  return ['', colours.bold(head), ...lines, ...(elections === undefined ? [] : [electionsLine(elections, colours)])];
}

function electionsLine({ seen, leaderless, leads }: NonNullable<WatchedCluster['elections']>, colours: Colours): string {
  const who = leads.map(([server, streams]) => `${server} leads ${streams}`).join(', ');
  const none = leaderless === 0 ? '' : colours.red(`  ${plural(leaderless, 'stream')} without a leader`);
  return `${colours.dim('servers')} ${who}  ${plural(seen, 'election')} seen${none}`;
}
