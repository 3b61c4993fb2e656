import type { AgentEvent } from '@skep/protocol';
import type { Command } from 'commander';
import { agentText, parseAgent } from '../../arguments/agent-address.js';
import { wholeNumber } from '../../arguments/number-argument.js';
import type { CommonOptions, Frame } from '../../frame/frame.js';
import { withClient } from '../../opening/open-client.js';
import { clockTimeText, plural } from '../../output/amounts.js';
import { type Colours, coloursFor } from '../../output/colours.js';
import { changeText, shortText } from '../../output/value-text.js';

interface Options extends CommonOptions {
  readonly tenant?: string;
  readonly from?: number;
  readonly to?: number;
  readonly limit?: number;
}

export function logCommand(frame: Frame): Command {
  const { shell } = frame;
  return frame
    .command({
      usage: 'log <agent>',
      reach: 'cluster',
      summary: "show an agent's events, oldest first",
      description: "Shows an agent's events, oldest first: what happened, why, and what it changed.",
      examples: ['skep agent log counter/a1', 'skep agent log counter/a1 --from 10 --to 20'],
    })
    .option('--from <version>', 'first version', wholeNumber)
    .option('--to <version>', 'last version', wholeNumber)
    .option('--limit <n>', 'at most this many, from the end (default: 1,000)', wholeNumber)
    .option('--tenant <tenant>', 'tenant of the agent')
    .action(
      frame.action(async (text: string, options: Options) => {
        const agent = parseAgent(text, options);
        const { from, to, limit } = options;
        const range = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }), ...(limit === undefined ? {} : { limit }) };
        const events = await withClient(shell, { at: options, purpose: 'read' }, ({ client }) => client.history(agent, range));
        const colours = coloursFor(shell.stdout, shell.env);
        const lines = events.map((event) => eventText(event, colours));
        return { json: { agent, events }, text: [...lines, `${agentText(agent)}: ${plural(events.length, 'event')}`].join('\n') };
      }),
    );
}

function eventText(event: AgentEvent, colours: Colours): string {
  const { version, timeMs, type, source, causationId, data, changes } = event;
  const cause = causationId === null ? source : `${source} ${causationId}`;
  const heading = `${colours.bold(`version ${version}`)}  ${clockTimeText(timeMs)}  ${colours.cyan(type)}  ${colours.dim(`by ${cause}`)}`;
  const detail = data === null ? [] : [`    with ${shortText(data)}`];
  return [heading, ...detail, ...changes.map((change) => `    ${changeText(change, colours)}`)].join('\n');
}
