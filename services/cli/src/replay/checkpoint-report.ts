/** What checkpoints take, for programs and for people. */
import { agentText } from '../arguments/agent-address.js';
import type { Shell } from '../frame/shell.js';
import { bytesText, countText, rounded } from '../output/amounts.js';
import { tableText } from '../output/table.js';
import type { CheckpointBytes } from './checkpoint-bytes.js';
import type { CheckpointReport } from './replay.js';

export function checkpointsJson({ agents, peersSkipped }: CheckpointReport): object {
  return {
    agents: agents.map(({ root: _, ...counted }) => ({ ...withoutPeers(counted), ...ratios(counted) })),
    total: { ...withoutPeers(totalOf(agents)), ...ratios(totalOf(agents)) },
    ...(peersSkipped === undefined ? {} : { peersSkipped }),
  };
}

export function checkpointsText(shell: Shell, { agents, peersSkipped }: CheckpointReport): string {
  const beside = agents.some(({ peers }) => peers !== undefined);
  const columns = [
    { title: 'checkpoints of' },
    { title: 'number', align: 'right' },
    { title: 'bytes', align: 'right' },
    { title: 'compressed', align: 'right' },
    { title: 'full copies', align: 'right' },
    { title: 'ratio', align: 'right' },
    ...(beside
      ? ([
          { title: 'MemorySaver', align: 'right' },
          { title: 'SqliteSaver', align: 'right' },
        ] as const)
      : []),
  ] as const;
  const row = (name: string, { checkpoints, bytes, compressedBytes, fullCopyBytes, peers }: Counted) => [
    name,
    countText(checkpoints),
    bytesText(bytes),
    bytesText(compressedBytes),
    bytesText(fullCopyBytes),
    `${rounded(fullCopyBytes / bytes)}x`,
    ...(peers === undefined ? [] : [bytesText(peers.memorySaver), peers.sqliteSaver === undefined ? '-' : bytesText(peers.sqliteSaver)]),
  ];
  const table = tableText(shell, columns, [...agents.map((counted) => row(agentText(counted.id), counted)), row('all', totalOf(agents))]);
  return peersSkipped === undefined ? table : `${table}\nNot beside LangGraph.js: ${peersSkipped}.`;
}

type Counted = Omit<CheckpointBytes, 'id' | 'root'>;

function totalOf(agents: readonly CheckpointBytes[]): Counted {
  const sum = (of: (counted: CheckpointBytes) => number) => agents.reduce((total, counted) => total + of(counted), 0);
  return {
    checkpoints: sum(({ checkpoints }) => checkpoints),
    packs: sum(({ packs }) => packs),
    bytes: sum(({ bytes }) => bytes),
    compressedBytes: sum(({ compressedBytes }) => compressedBytes),
    fullCopyBytes: sum(({ fullCopyBytes }) => fullCopyBytes),
    peers: agents.some(({ peers }) => peers === undefined)
      ? undefined
      : {
          memorySaver: sum(({ peers }) => peers?.memorySaver ?? 0),
          sqliteSaver: agents.some(({ peers }) => peers?.sqliteSaver === undefined) ? undefined : sum(({ peers }) => peers?.sqliteSaver ?? 0),
        },
  };
}

function withoutPeers<Any extends Counted>({ peers, ...counted }: Any): object {
  return { ...counted, ...(peers && { memorySaverBytes: peers.memorySaver, sqliteSaverBytes: peers.sqliteSaver ?? null }) };
}

/** How many times more than ours others take. Only `compressedRatio` counts compression, which none of them has. */
function ratios({ bytes, compressedBytes, fullCopyBytes, peers }: Counted): object {
  return {
    ratio: rounded(fullCopyBytes / bytes),
    compressedRatio: rounded(fullCopyBytes / compressedBytes),
    ...(peers && {
      memorySaverRatio: rounded(peers.memorySaver / bytes),
      sqliteSaverRatio: peers.sqliteSaver === undefined ? null : rounded(peers.sqliteSaver / bytes),
    }),
  };
}
