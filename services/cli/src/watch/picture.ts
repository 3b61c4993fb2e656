/** The picture that `watch` draws: a head with figures, the busiest agents, the last turns. Pure. */
import type { SwarmStatus } from '@skep/sdk';
import { agentText } from '../arguments/agent-address.js';
import { clockTimeText, countText, msText } from '../output/amounts.js';
import type { Colours } from '../output/colours.js';
import type { WatchTally } from './tally.js';

export interface WatchPicture {
  readonly status: SwarmStatus;
  readonly dir: string;
  readonly tally: WatchTally;
  readonly nowMs: number;
  readonly colours: Colours;
  /** Lines of the terminal. */
  readonly rows: number;
}

/** Lines that are no agents and no turns. */
const FIXED_LINES = 8;
const NAME_CHARACTERS = 36;

export function watchLines({ status, dir, tally, nowMs, colours, rows }: WatchPicture): readonly string[] {
  const free = Math.max(4, rows - FIXED_LINES);
  const agents = tally.agents(nowMs, Math.ceil(free * 0.6));
  const recent = tally.recent(free - agents.length);
  return [
    `${colours.bold('skep')}  ${dir}  process ${status.pid}  ${status.level}  ${clockTimeText(nowMs)}`,
    `${countText(status.agents.known)} agents, ${countText(status.agents.active)} in memory   ${countText(status.turns)} turns   ${countText(status.failures)} failed`,
    `${colours.green(`${countText(status.turnsPerSecond)} turns/s`)}   p50 ${msText(status.latencyMs.p50)}   p99 ${msText(status.latencyMs.p99)}   ${countText(status.mailbox)} waiting`,
    '',
    colours.bold(`${'agent'.padEnd(NAME_CHARACTERS)} ${'version'.padStart(9)} ${'turns/s'.padStart(9)}  last`),
    ...agents.map(
      ({ agent, version, type, turnsPerSecond }) =>
        `${name(agentText(agent))} ${countText(version).padStart(9)} ${countText(turnsPerSecond).padStart(9)}  ${colours.cyan(type)}`,
    ),
    '',
    colours.bold('last turns'),
    ...recent.map(
      ({ agent, version, type, changes, timeMs }) =>
        `${colours.dim(clockTimeText(timeMs))}  ${name(agentText(agent))} ${countText(version).padStart(9)}  ${colours.cyan(type)} ${colours.dim(`${changes} changes`)}`,
    ),
    ...status.alarms.map(({ agent, message }) => colours.red(`ALARM ${agentText(agent)}: ${message}`)),
  ];
}

function name(text: string): string {
  return text.length <= NAME_CHARACTERS ? text.padEnd(NAME_CHARACTERS) : `${text.slice(0, NAME_CHARACTERS - 1)}…`;
}
