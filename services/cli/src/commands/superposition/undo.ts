import type { Command } from 'commander';
import { agentText, parseAgent } from '../../arguments/agent-address.js';
import type { CommonOptions, Frame } from '../../frame/frame.js';
import { withClient } from '../../opening/open-client.js';

interface Options extends CommonOptions {
  readonly tenant?: string;
}

export function undoCommand(frame: Frame): Command {
  return frame
    .command({
      usage: 'undo <agent> <superposition>',
      reach: 'cluster',
      summary: 'undo a collapse within its grace period',
      description: 'Makes a new version with the state that the agent had before the collapse. The branches that were dropped do not come back.',
      examples: ['skep superposition undo solver/s1 plan'],
    })
    .option('--tenant <tenant>', 'tenant of the agent')
    .action(
      frame.action(async (text: string, name: string, options: Options) => {
        const agent = parseAgent(text, options);
        const { version, level } = await withClient(frame.shell, { at: options, purpose: 'write' }, ({ client }) =>
          client.superpose(agent, { kind: 'undo', name }),
        );
        return {
          json: { agent, superposition: name, version, level },
          text: `${agentText(agent)} is at version ${version} now, with the state from before the collapse`,
        };
      }),
    );
}
