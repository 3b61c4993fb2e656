import type { Choice } from '@skep/sdk';
import { type Command, Option } from 'commander';
import { agentText, parseAgent } from '../../arguments/agent-address.js';
import type { CommonOptions, Frame } from '../../frame/frame.js';
import { UsageError } from '../../frame/usage-error.js';
import { withClient } from '../../opening/open-client.js';

interface Options extends CommonOptions {
  readonly tenant?: string;
  readonly by?: 'weight' | 'score' | 'first';
  readonly branch?: string;
  readonly merge?: true;
}

export function collapseCommand(frame: Frame): Command {
  return frame
    .command({
      usage: 'collapse <agent> <superposition>',
      reach: 'cluster',
      summary: "make one branch the agent's state and drop the others",
      description:
        "Makes one committed branch the agent's state, as a new version, and drops the others at once. Refused when the agent changed since the branches began, unless --merge takes both changes. Can be undone for a while.",
      examples: ['skep superposition collapse solver/s1 plan --by weight', 'skep superposition collapse solver/s1 plan --branch careful'],
    })
    .addOption(
      new Option('--by <what>', 'the most likely branch, the one with the highest score, or the first to commit')
        .choices(['weight', 'score', 'first'])
        .conflicts('branch'),
    )
    .option('--branch <name>', 'this branch')
    .option('--merge', 'take the changes of agent and branch where they do not conflict')
    .option('--tenant <tenant>', 'tenant of the agent')
    .action(
      frame.action(async (text: string, name: string, options: Options) => {
        const agent = parseAgent(text, options);
        const by = choiceOf(options);
        const merge = options.merge === undefined ? {} : ({ merge: 'conflict-free' } as const);
        const reply = await withClient(frame.shell, { at: options, purpose: 'write' }, ({ client }) =>
          client.superpose(agent, { kind: 'collapse', name, by, ...merge }),
        );
        const branch = reply.superposition?.collapse?.branch ?? null;
        return {
          json: { agent, superposition: name, branch, version: reply.version, level: reply.level },
          text: `${agentText(agent)} is at version ${reply.version} now, with the state of branch ${branch ?? '?'}; undo with "skep superposition undo"`,
        };
      }),
    );
}

function choiceOf({ by, branch }: Options): Choice {
  if (branch !== undefined) return { branch };
  if (by !== undefined) return by;
  throw new UsageError({ message: 'it is not said which branch is kept', remedy: 'Add --by weight, --by score, --by first or --branch <name>.' });
}
