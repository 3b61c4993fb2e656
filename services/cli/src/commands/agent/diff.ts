import type { Command } from 'commander';
import { agentText, parseAgent } from '../../arguments/agent-address.js';
import { wholeNumber } from '../../arguments/number-argument.js';
import { argument } from '../../arguments/parsed-argument.js';
import type { CommonOptions, Frame } from '../../frame/frame.js';
import { withClient } from '../../opening/open-client.js';
import { plural } from '../../output/amounts.js';
import { coloursFor } from '../../output/colours.js';
import { changeText } from '../../output/value-text.js';

interface Options extends CommonOptions {
  readonly tenant?: string;
}

export function diffCommand(frame: Frame): Command {
  const { shell } = frame;
  return frame
    .command({
      usage: 'diff <agent>',
      reach: 'cluster',
      summary: 'show what changed between two versions',
      examples: ['skep agent diff counter/a1 3 7'],
    })
    .addArgument(argument('<from>', 'a version', wholeNumber))
    .addArgument(argument('<to>', 'another version', wholeNumber))
    .option('--tenant <tenant>', 'tenant of the agent')
    .action(
      frame.action(async (text: string, from: number, to: number, options: Options) => {
        const agent = parseAgent(text, options);
        const changes = await withClient(shell, { at: options, purpose: 'read' }, ({ client }) => client.diff(agent, from, to));
        const colours = coloursFor(shell.stdout, shell.env);
        const heading = `${agentText(agent)} from version ${from} to ${to}: ${plural(changes.length, 'change')}`;
        return { json: { agent, from, to, changes }, text: [heading, ...changes.map((change) => changeText(change, colours))].join('\n') };
      }),
    );
}
