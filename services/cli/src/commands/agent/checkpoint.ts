import type { Command } from 'commander';
import { agentText, parseAgent } from '../../arguments/agent-address.js';
import type { CommonOptions, Frame, Outcome } from '../../frame/frame.js';
import { withClient } from '../../opening/open-client.js';
import { countText } from '../../output/amounts.js';
import { tableText } from '../../output/table.js';

interface Options extends CommonOptions {
  readonly tenant?: string;
}

export function checkpointCommand(frame: Frame): Command {
  return frame
    .command({
      usage: 'checkpoint <agent> [name]',
      reach: 'cluster',
      summary: 'name the current version durably, or list the named ones',
      examples: ['skep agent checkpoint counter/a1 before-cleanup', 'skep agent checkpoint counter/a1'],
    })
    .option('--tenant <tenant>', 'tenant of the agent')
    .action(
      frame.action((text: string, name: string | undefined, options: Options) =>
        name === undefined ? list(frame, text, options) : make({ frame, text, name, options }),
      ),
    );
}

async function list(frame: Frame, text: string, options: Options): Promise<Outcome> {
  const agent = parseAgent(text, options);
  const checkpoints = await withClient(frame.shell, { at: options, purpose: 'read' }, ({ client }) => client.checkpoints(agent));
  const rows = checkpoints.map(({ name, version, root, level }) => [name, countText(version), root.slice(0, 16), level]);
  const columns = [{ title: 'checkpoint' }, { title: 'version', align: 'right' }, { title: 'root' }, { title: 'level' }] as const;
  return {
    json: { agent, checkpoints },
    text: rows.length === 0 ? `${agentText(agent)} has no checkpoints.` : tableText(frame.shell, columns, rows),
  };
}

interface Making {
  readonly frame: Frame;
  readonly text: string;
  readonly name: string;
  readonly options: Options;
}

async function make({ frame, text, name, options }: Making): Promise<Outcome> {
  const agent = parseAgent(text, options);
  const made = await withClient(frame.shell, { at: options, purpose: 'write' }, ({ client }) => client.checkpoint(agent, name));
  return { json: made, text: `"${made.name}" is ${agentText(agent)} at version ${made.version}, root ${made.root.slice(0, 16)}, ${made.level}` };
}
