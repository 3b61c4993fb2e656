import type { SwarmStatus } from '@skep/sdk';
import type { Command } from 'commander';
import { agentText } from '../arguments/agent-address.js';
import type { CommonOptions, Frame } from '../frame/frame.js';
import { type Opened, withClient } from '../opening/open-client.js';
import { countText, dateTimeText, msText, rounded } from '../output/amounts.js';
import { pairsText } from '../output/table.js';

export function statusCommand(frame: Frame): Command {
  return frame
    .command({
      usage: 'status',
      summary: 'show how the swarm is doing',
      examples: ['skep status', 'skep status --dir .skep/demo --json'],
    })
    .action(
      frame.action(async ({ dir }: CommonOptions) => {
        const { status, opened } = await withClient(frame.shell, { dir, purpose: 'read' }, async (opened) => ({
          status: await opened.client.status(),
          opened,
        }));
        return { json: { ...status, dir: opened.dir, held: opened.through === 'holder' }, text: statusText(status, opened) };
      }),
    );
}

function statusText(status: SwarmStatus, { dir, through }: Opened): string {
  const { agents, latencyMs, lane, recovery, alarms, kinds } = status;
  const pairs: (readonly [string, string])[] = [
    ['folder', dir],
    ['held by', through === 'holder' ? `process ${status.pid} since ${dateTimeText(status.startedMs)} UTC` : 'nobody'],
    ['agents', `${countText(agents.known)}, ${countText(agents.active)} in memory`],
    ['kinds', kinds.map(({ kind }) => kind).join(' ')],
    ['level', status.level],
  ];
  if (through === 'holder') {
    pairs.push(
      ['turns', `${countText(status.turns)} since the start, ${countText(status.turnsPerSecond)} a second now, ${countText(status.failures)} failed`],
      ['latency', `p50 ${msText(latencyMs.p50)}, p99 ${msText(latencyMs.p99)}`],
      ['waiting', countText(status.mailbox)],
      ['lane', `${lane.id}, batch ${countText(lane.batch)}`],
    );
  }
  pairs.push(['recovery', `${countText(recovery.agents)} agents in ${msText(rounded(recovery.ms))}`]);
  for (const { agent, message } of alarms) pairs.push(['ALARM', `${agentText(agent)}: ${message}`]);
  return pairsText(pairs);
}
