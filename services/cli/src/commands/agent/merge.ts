import type { AgentMerge, MergeRule } from '@skep/sdk';
import type { Command } from 'commander';
import { agentText, parseAgent } from '../../arguments/agent-address.js';
import { mergeRule } from '../../arguments/merge-rule.js';
import { EXIT } from '../../frame/exit-code.js';
import type { CommonOptions, Frame } from '../../frame/frame.js';
import { UsageError } from '../../frame/usage-error.js';
import { withClient } from '../../opening/open-client.js';
import { plural } from '../../output/amounts.js';
import { type Colours, coloursFor } from '../../output/colours.js';
import { changeText, conflictText } from '../../output/value-text.js';

interface Options extends CommonOptions {
  readonly tenant?: string;
  readonly into?: string;
  readonly rule?: readonly MergeRule[];
  readonly dryRun?: boolean;
}

export function mergeCommand(frame: Frame): Command {
  return frame
    .command({
      usage: 'merge <agent>',
      reach: 'cluster',
      summary: 'bring what this agent changed into another one',
      description:
        'Brings what this agent changed since both had one state into another agent, in one turn. With conflicts nothing is changed: they are shown, ' +
        'and a rule for each place settles them. Rules: ours, theirs, last-writer, counter, set, text, list-by-id:<field>.',
      examples: [
        'skep agent merge counter/a1-try --into counter/a1 --dry-run',
        'skep agent merge counter/a1-try --into counter/a1 --rule count=counter --rule items=list-by-id:id',
      ],
    })
    .option('--into <agent>', 'the agent that takes the changes')
    .option('--rule <path=rule>', 'how a place is merged that both changed; * stands for any one step; may be given again', addRule)
    .option('--dry-run', 'show what would be merged and change nothing')
    .option('--tenant <tenant>', 'tenant of both agents')
    .action(
      frame.action(async (text: string, options: Options) => {
        const from = parseAgent(text, options);
        const { into, rule = [], dryRun = false } = options;
        if (into === undefined) throw new UsageError({ message: 'it is not said what to merge into', remedy: 'Add --into <agent>.' });
        const agent = parseAgent(into, options);
        const purpose = dryRun ? 'read' : 'write';
        const merge = await withClient(frame.shell, { at: options, purpose }, ({ client }) => client.merge(agent, { from, rules: rule, dryRun }));
        const words = said(merge, dryRun ? 'dry' : 'done', coloursFor(frame.shell.stdout, frame.shell.env));
        return { json: merge, text: words, exit: merge.kind === 'conflicts' ? EXIT.refused : EXIT.done };
      }),
    );
}

function addRule(text: string, known: readonly MergeRule[] = []): readonly MergeRule[] {
  return [...known, mergeRule(text)];
}

function said(merge: AgentMerge, how: 'dry' | 'done', colours: Colours): string {
  const [agent, from] = [agentText(merge.agent), `${agentText(merge.from.agent)} version ${merge.from.version}`];
  switch (merge.kind) {
    case 'unchanged':
      return `${agent} has all of ${from} already`;
    case 'conflicts': {
      const heading = `${plural(merge.conflicts.length, 'conflict')}; nothing was changed. Ours is ${agent}, theirs ${from}.`;
      return [heading, ...merge.conflicts.map((conflict) => conflictText(conflict, colours))].join('\n');
    }
    default: {
      const changes = plural(merge.changes.length, 'change');
      const heading =
        how === 'dry' ? `${agent} would take ${changes} of ${from}` : `${agent} is at version ${merge.version} now, with ${changes} of ${from}`;
      return [heading, ...merge.changes.map((change) => changeText(change, colours))].join('\n');
    }
  }
}
