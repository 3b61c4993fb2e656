import { type Command, Option } from 'commander';
import { agentText, parseAgent } from '../../arguments/agent-address.js';
import { wholeNumber } from '../../arguments/number-argument.js';
import type { CommonOptions, Frame } from '../../frame/frame.js';
import { UsageError } from '../../frame/usage-error.js';
import { withClient } from '../../opening/open-client.js';

interface Options extends CommonOptions {
  readonly tenant?: string;
  readonly version?: number;
  readonly checkpoint?: string;
}

export function restoreCommand(frame: Frame): Command {
  return frame
    .command({
      usage: 'restore <agent>',
      reach: 'cluster',
      summary: 'go back to the state of a version or checkpoint',
      description: 'Makes a new version whose state is that of an old one. Nothing is lost: the versions in between stay readable.',
      examples: ['skep agent restore counter/a1 --version 3', 'skep agent restore counter/a1 --checkpoint before-cleanup'],
    })
    .addOption(new Option('--version <n>', 'the version to go back to').argParser(wholeNumber).conflicts('checkpoint'))
    .option('--checkpoint <name>', 'the checkpoint to go back to')
    .option('--tenant <tenant>', 'tenant of the agent')
    .action(
      frame.action(async (text: string, options: Options) => {
        const agent = parseAgent(text, options);
        const target = targetOf(options);
        const { version, root } = await withClient(frame.shell, { at: options, purpose: 'write' }, ({ client }) => client.restore(agent, target));
        return {
          json: { agent, version, root, from: target },
          text: `${agentText(agent)} is at version ${version} now, with the state of ${said(target)}`,
        };
      }),
    );
}

type Target = { readonly version: number } | { readonly checkpoint: string };

function targetOf({ version, checkpoint }: Options): Target {
  if (version !== undefined) return { version };
  if (checkpoint !== undefined) return { checkpoint };
  throw new UsageError({ message: 'it is not said what to go back to', remedy: 'Add --version <n> or --checkpoint <name>.' });
}

function said(target: Target): string {
  return 'version' in target ? `version ${target.version}` : `checkpoint "${target.checkpoint}"`;
}
