import type { Command } from 'commander';
import { agentText, parseAgent } from '../../arguments/agent-address.js';
import { wholeNumber } from '../../arguments/number-argument.js';
import type { CommonOptions, Frame } from '../../frame/frame.js';
import { withClient } from '../../opening/open-client.js';

interface Options extends CommonOptions {
  readonly tenant?: string;
  readonly version?: number;
}

export function branchCommand(frame: Frame): Command {
  return frame
    .command({
      usage: 'branch <agent> <name>',
      reach: 'cluster',
      summary: 'start a new agent from the state of this one',
      description: 'Starts a new agent of the same kind, with this name, from the state of this one: the current state, or that of a version.',
      examples: ['skep agent branch counter/a1 a1-other-way', 'skep agent branch counter/a1 a1-retry --version 3'],
    })
    .option('--version <n>', 'start from this version (default: the current one)', wholeNumber)
    .option('--tenant <tenant>', 'tenant of the agent')
    .action(
      frame.action(async (text: string, name: string, options: Options) => {
        const agent = parseAgent(text, options);
        const { version } = options;
        const info = await withClient(frame.shell, { at: options, purpose: 'write' }, ({ client }) =>
          client.branch(agent, name, version === undefined ? {} : { version }),
        );
        const from = info.branchedFrom?.version ?? version;
        return { json: info, text: `${agentText(info.agent)} goes on from ${agentText(agent)}${from === undefined ? '' : ` version ${from}`}` };
      }),
    );
}
