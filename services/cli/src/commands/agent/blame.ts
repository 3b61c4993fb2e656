import { type Path, toJson, type Value } from '@skep/kernel';
import type { AgentEvent } from '@skep/sdk';
import type { Command } from 'commander';
import { agentText, parseAgent } from '../../arguments/agent-address.js';
import { parsePath, stepsInto } from '../../arguments/path-argument.js';
import type { CommonOptions, Frame } from '../../frame/frame.js';
import { withClient } from '../../opening/open-client.js';
import { type Colours, coloursFor } from '../../output/colours.js';
import { changeText, shortText } from '../../output/value-text.js';

interface Options extends CommonOptions {
  readonly tenant?: string;
}

export function blameCommand(frame: Frame): Command {
  return frame
    .command({
      usage: 'blame <agent> <path>',
      reach: 'cluster',
      summary: 'show which event wrote what is at a path',
      description: 'Shows the event that wrote what is at a path now, or took it away. Items of lists are followed to where they stood before.',
      examples: ['skep agent blame counter/a1 count', 'skep agent blame notes/a1 items.3.text'],
    })
    .option('--tenant <tenant>', 'tenant of the agent')
    .action(
      frame.action(async (text: string, place: string, options: Options) => {
        const agent = parseAgent(text, options);
        const given = parsePath(place);
        const { path, event } = await withClient(frame.shell, { at: options, purpose: 'read' }, async ({ client }) => {
          const into = stepsInto((await client.get(agent)).value, given);
          return { path: into, event: await client.blame(agent, into) };
        });
        return { json: { agent, path, event }, text: said(agentText(agent), path, event, coloursFor(frame.shell.stdout, frame.shell.env)) };
      }),
    );
}

function said(agent: string, path: Path, event: AgentEvent | null, colours: Colours): string {
  if (event === null) return `no event of ${agent} wrote ${toJson(path as Value)}: it is there since the agent began, or never was`;
  const { version, type, timeMs, source, causationId, data, changes } = event;
  const cause = causationId === null ? source : `${source} ${causationId}`;
  const heading = `${agent} version ${version}, ${new Date(timeMs).toISOString()}: ${type} (${cause})${data === null ? '' : ` ${shortText(data)}`}`;
  return [heading, ...changes.map((change) => changeText(change, colours))].join('\n');
}
