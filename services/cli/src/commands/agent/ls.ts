import type { AgentStatus } from '@skep/protocol';
import type { AgentInfo, ListFilter, SwarmStatus } from '@skep/sdk';
import { type Command, Option } from 'commander';
import { agentText } from '../../arguments/agent-address.js';
import { wholeNumber } from '../../arguments/number-argument.js';
import type { CommonOptions, Frame, Outcome } from '../../frame/frame.js';
import type { Shell } from '../../frame/shell.js';
import { withClient } from '../../opening/open-client.js';
import { bytesText, countText, dateTimeText, plural } from '../../output/amounts.js';
import { tableText } from '../../output/table.js';

const STATUSES: readonly AgentStatus[] = ['active', 'suspended', 'stopped', 'quarantined', 'terminated'];

interface Options extends CommonOptions {
  readonly kind?: string;
  readonly tag?: string;
  readonly status?: AgentStatus;
  readonly tenant?: string;
  readonly limit?: number;
  readonly kinds?: true;
}

export function lsCommand(frame: Frame): Command {
  return frame
    .command({
      usage: 'ls',
      reach: 'cluster',
      summary: 'list agents, or the kinds that are loaded',
      examples: ['skep agent ls', 'skep agent ls --kind counter --status suspended', 'skep agent ls --kinds'],
    })
    .option('--kind <kind>', 'only agents of this kind')
    .option('--tag <tag>', 'only agents with this tag')
    .addOption(new Option('--status <status>', 'only agents in this status').choices(STATUSES))
    .option('--tenant <tenant>', 'only agents of this tenant')
    .option('--limit <n>', 'at most this many (default: 1,000)', wholeNumber)
    .option('--kinds', 'list the kinds instead')
    .action(frame.action((options: Options) => (options.kinds ? listKinds(frame.shell, options) : listAgents(frame.shell, options))));
}

async function listAgents(shell: Shell, options: Options): Promise<Outcome> {
  const { kind, tag, status, tenant, limit } = options;
  const filter: ListFilter = {
    ...(kind === undefined ? {} : { kind }),
    ...(tag === undefined ? {} : { tag }),
    ...(status === undefined ? {} : { status }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(limit === undefined ? {} : { limit }),
  };
  const agents = await withClient(shell, { at: options, purpose: 'read' }, ({ client }) => client.list(filter));
  return { json: { agents }, text: agents.length === 0 ? 'No agents.' : `${agentsText(shell, agents)}\n${plural(agents.length, 'agent')}` };
}

async function listKinds(shell: Shell, options: Options): Promise<Outcome> {
  const { kinds } = await withClient(shell, { at: options, purpose: 'read' }, ({ client }) => client.status());
  return { json: { kinds }, text: kindsText(shell, kinds) };
}

function agentsText(shell: Shell, agents: readonly AgentInfo[]): string {
  const columns = [
    { title: 'agent' },
    { title: 'status' },
    { title: 'version', align: 'right' },
    { title: 'size', align: 'right' },
    { title: 'waiting', align: 'right' },
    { title: 'timers', align: 'right' },
    { title: 'changed (UTC)' },
    { title: 'tags' },
  ] as const;
  const rows = agents.map((info) => [
    agentText(info.agent),
    info.active || info.status !== 'active' ? info.status : 'resting',
    countText(info.version),
    info.bytes === null ? '-' : bytesText(info.bytes),
    countText(info.mailbox + info.outbox),
    countText(info.timers),
    info.updatedMs === null ? '-' : dateTimeText(info.updatedMs),
    info.tags.join(' '),
  ]);
  return tableText(shell, columns, rows);
}

export function kindsText(shell: Shell, kinds: SwarmStatus['kinds']): string {
  const rows = kinds.map(({ kind, handlers, queries, tags }) => [kind, handlers.join(' '), queries.join(' '), tags.join(' ')]);
  return tableText(shell, [{ title: 'kind' }, { title: 'handlers' }, { title: 'queries' }, { title: 'tags' }], rows);
}
