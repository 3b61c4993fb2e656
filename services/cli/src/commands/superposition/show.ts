import type { BranchInfo, Client, SuperpositionInfo } from '@skep/sdk';
import type { Command } from 'commander';
import { agentText, parseAgent } from '../../arguments/agent-address.js';
import type { CommonOptions, Frame, Outcome } from '../../frame/frame.js';
import type { Shell } from '../../frame/shell.js';
import { withClient } from '../../opening/open-client.js';
import { bytesText, countText, dateTimeText } from '../../output/amounts.js';
import { tableText } from '../../output/table.js';
import { longText } from '../../output/value-text.js';
import { barText, percentText } from '../../output/weight-text.js';

interface Options extends CommonOptions {
  readonly tenant?: string;
  readonly branch?: string;
}

export function showCommand(frame: Frame): Command {
  const { shell } = frame;
  return frame
    .command({
      usage: 'show <agent> <superposition>',
      reach: 'cluster',
      summary: 'show the branches of a superposition and their weights, or the state of one',
      examples: ['skep superposition show solver/s1 plan', 'skep superposition show solver/s1 plan --branch careful --json'],
    })
    .option('--branch <name>', 'show the state of this branch')
    .option('--tenant <tenant>', 'tenant of the agent')
    .action(
      frame.action((text: string, name: string, options: Options) => {
        const agent = parseAgent(text, options);
        const show = ({ client }: { readonly client: Client }): Promise<Outcome> =>
          options.branch === undefined ? showAll(shell, client, agent, name) : showBranch(client, agent, name, options.branch);
        return withClient(shell, { at: options, purpose: 'read' }, show);
      }),
    );
}

type Agent = SuperpositionInfo['agent'];

async function showBranch(client: Client, agent: Agent, name: string, branch: string): Promise<Outcome> {
  const { version, root, value } = await client.branchState(agent, name, branch);
  return {
    json: { agent, superposition: name, branch, base: version, root, value },
    text: `${branch} of ${agentText(agent)} ${name}, which began at version ${version}\n${longText(value)}`,
  };
}

async function showAll(shell: Shell, client: Client, agent: Agent, name: string): Promise<Outcome> {
  const info = await client.superposition(agent, name);
  const { base, version, branches, failed, collapse } = info;
  const moved = version === base.version ? '' : `; the agent is at version ${version} now`;
  const lines = [`${agentText(agent)} ${name}, ${info.status}, began at version ${base.version}${moved}`];
  if (branches.length > 0) lines.push(tableText(shell, COLUMNS, branches.map(rowOf)));
  for (const { name: branch, reason } of failed) lines.push(`failed: ${branch}: ${reason}`);
  if (collapse !== null) {
    lines.push(`kept ${collapse.branch} (${percentText(collapse.weight)}) as version ${collapse.version}`);
    lines.push(`can be undone until ${dateTimeText(collapse.undoUntilMs)} (UTC)`);
  }
  return { json: info, text: lines.join('\n') };
}

const COLUMNS = [
  { title: 'branch' },
  { title: 'weight' },
  { title: '', align: 'right' },
  { title: 'score', align: 'right' },
  { title: 'work' },
  { title: 'evidence', align: 'right' },
  { title: 'own size', align: 'right' },
] as const;

function rowOf({ name, weight, score, work, evidence, bytes }: BranchInfo): readonly string[] {
  return [
    name,
    barText(weight),
    percentText(weight),
    score === null ? '-' : String(score),
    work === 'under-way' ? 'under way' : work,
    countText(evidence.length),
    bytesText(bytes),
  ];
}
