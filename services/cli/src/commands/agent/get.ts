import type { Command } from 'commander';
import { agentText, parseAgent } from '../../arguments/agent-address.js';
import { parsePath, valueAt } from '../../arguments/path-argument.js';
import type { CommonOptions, Frame } from '../../frame/frame.js';
import { withClient } from '../../opening/open-client.js';
import { longText } from '../../output/value-text.js';

interface Options extends CommonOptions {
  readonly tenant?: string;
}

export function getCommand(frame: Frame): Command {
  const { shell } = frame;
  return frame
    .command({
      usage: 'get <agent> [path]',
      reach: 'cluster',
      summary: "show an agent's state, or a part of it",
      description: "Shows an agent's newest acknowledged state. An agent that does not exist yet has the initial state of its kind, at version 0.",
      examples: ['skep agent get counter/a1', 'skep agent get counter/a1 history.0'],
    })
    .option('--tenant <tenant>', 'tenant of the agent')
    .action(
      frame.action(async (text: string, pathText: string | undefined, options: Options) => {
        const agent = parseAgent(text, options);
        const path = parsePath(pathText ?? '');
        const found = await withClient(shell, { at: options, purpose: 'read' }, ({ client }) => client.get(agent));
        const value = valueAt(found.value, path);
        return {
          json: { agent, version: found.version, root: found.root, ...(path.length === 0 ? {} : { path }), value },
          text: path.length === 0 ? `${agentText(agent)} version ${found.version}\n${longText(value)}` : longText(value),
        };
      }),
    );
}
