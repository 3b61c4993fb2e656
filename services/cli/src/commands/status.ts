import type { SwarmStatus } from '@skep/sdk';
import type { Command } from 'commander';
import { agentText } from '../arguments/agent-address.js';
import type { ClusterTarget } from '../cluster/cluster-target.js';
import type { CommonOptions, Frame } from '../frame/frame.js';
import { type Opened, withClient } from '../opening/open-client.js';
import { bytesText, countText, dateTimeText, msText, rounded } from '../output/amounts.js';
import { pairsText } from '../output/table.js';

export function statusCommand(frame: Frame): Command {
  return frame
    .command({
      usage: 'status',
      reach: 'cluster',
      summary: 'show how the swarm is doing',
      examples: ['skep status', 'skep status --dir .skep/demo --json', 'skep status --server nats://10.0.0.5:4222 --creds credentials'],
    })
    .action(
      frame.action(async (options: CommonOptions) => {
        const { status, opened } = await withClient(frame.shell, { at: options, purpose: 'read' }, async (opened) => ({
          status: await opened.client.status(),
          opened,
        }));
        if (opened.cluster !== undefined) {
          const { name, servers, universe } = opened.cluster;
          return { json: { ...status, dir: name, held: true, servers, universe }, text: clusterText(status, opened.cluster) };
        }
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
      ...memoryPairs(status),
      ['lane', `${lane.id}, batch ${countText(lane.batch)}`],
    );
  }
  pairs.push(['recovery', `${countText(recovery.agents)} agents in ${msText(rounded(recovery.ms))}`]);
  for (const { agent, message } of alarms) pairs.push(['ALARM', `${agentText(agent)}: ${message}`]);
  return pairsText(pairs);
}

function memoryPairs({ memory }: SwarmStatus): readonly (readonly [string, string])[] {
  if (memory === undefined) return [];
  return [['memory', `${countText(memory.versions)} versions in ${bytesText(memory.bytes)} of ${bytesText(memory.bytesMax)}`]];
}

function clusterText(status: SwarmStatus, { name, servers, universe }: ClusterTarget): string {
  const { agents, latencyMs, alarms, kinds, nodes = [] } = status;
  const nodeText = ({ status: how, active, turnsPerSecond, startedMs }: (typeof nodes)[number]): string =>
    `${how}, ${countText(active)} agents in memory, ${countText(turnsPerSecond)} turns a second, since ${dateTimeText(startedMs)} UTC`;
  const pairs: (readonly [string, string])[] = [
    ['cluster', name],
    ...(servers.join(' ') === name ? [] : [['servers', servers.join(' ')] as const]),
    ['universe', universe],
    ['agents', `${countText(agents.known)}, ${countText(agents.active)} in memory`],
    ['kinds', kinds.map(({ kind }) => kind).join(' ')],
    ['level', status.level],
    [
      'turns',
      `${countText(status.turns)} since the nodes started, ${countText(status.turnsPerSecond)} a second now, ${countText(status.failures)} failed`,
    ],
    ['latency', `p50 ${msText(latencyMs.p50)}, p99 ${msText(latencyMs.p99)}, of the slowest node`],
    ['waiting', countText(status.mailbox)],
    ...nodes.map((each) => [each.node, nodeText(each)] as const),
  ];
  for (const { agent, message } of alarms) pairs.push(['ALARM', `${agentText(agent)}: ${message}`]);
  return pairsText(pairs);
}
