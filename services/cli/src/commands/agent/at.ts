import type { Command } from 'commander';
import { agentText, parseAgent } from '../../arguments/agent-address.js';
import { wholeNumber } from '../../arguments/number-argument.js';
import type { CommonOptions, Frame } from '../../frame/frame.js';
import { withClient } from '../../opening/open-client.js';
import { longText } from '../../output/value-text.js';

interface Options extends CommonOptions {
  readonly tenant?: string;
  readonly version: number;
}

export function atCommand(frame: Frame): Command {
  const { shell } = frame;
  return frame
    .command({
      usage: 'at <agent>',
      reach: 'cluster',
      summary: 'show the state as it was at a version',
      examples: ['skep agent at counter/a1 --version 3'],
    })
    .requiredOption('--version <n>', 'the version', wholeNumber)
    .option('--tenant <tenant>', 'tenant of the agent')
    .action(
      frame.action(async (text: string, options: Options) => {
        const agent = parseAgent(text, options);
        const { version, root, value } = await withClient(shell, { at: options, purpose: 'read' }, ({ client }) => client.at(agent, options.version));
        return { json: { agent, version, root, value }, text: `${agentText(agent)} as it was at version ${version}\n${longText(value)}` };
      }),
    );
}
