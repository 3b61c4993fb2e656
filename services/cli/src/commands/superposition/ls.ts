import type { SuperpositionInfo } from '@skep/sdk';
import type { Command } from 'commander';
import { agentText, parseAgent } from '../../arguments/agent-address.js';
import type { CommonOptions, Frame } from '../../frame/frame.js';
import { withClient } from '../../opening/open-client.js';
import { countText, dateTimeText } from '../../output/amounts.js';
import { tableText } from '../../output/table.js';
import { percentText } from '../../output/weight-text.js';

interface Options extends CommonOptions {
  readonly tenant?: string;
}

const COLUMNS = [
  { title: 'superposition' },
  { title: 'status' },
  { title: 'branches', align: 'right' },
  { title: 'failed', align: 'right' },
  { title: 'most likely' },
  { title: 'began at', align: 'right' },
] as const;

export function lsCommand(frame: Frame): Command {
  const { shell } = frame;
  return frame
    .command({
      usage: 'ls <agent>',
      reach: 'cluster',
      summary: 'list the superpositions of an agent',
      description: 'Lists the superpositions of an agent; one that collapsed stays in the list as long as that can be undone.',
      examples: ['skep superposition ls solver/s1'],
    })
    .option('--tenant <tenant>', 'tenant of the agent')
    .action(
      frame.action(async (text: string, options: Options) => {
        const agent = parseAgent(text, options);
        const superpositions = await withClient(shell, { at: options, purpose: 'read' }, ({ client }) => client.superpositions(agent));
        const rows = superpositions.map(rowOf);
        return {
          json: { agent, superpositions },
          text: rows.length === 0 ? `${agentText(agent)} has no superpositions.` : tableText(shell, COLUMNS, rows),
        };
      }),
    );
}

function rowOf({ name, status, branches, failed, base, collapse }: SuperpositionInfo): readonly string[] {
  const [likely] = [...branches].sort((one, other) => other.weight - one.weight);
  const said =
    collapse === null
      ? likely === undefined
        ? '-'
        : `${likely.name} ${percentText(likely.weight)}`
      : `kept ${collapse.branch}; can be undone until ${dateTimeText(collapse.undoUntilMs)} (UTC)`;
  return [name, status, countText(branches.length), countText(failed.length), said, `version ${base.version}`];
}
