/** The commands that an agent's life consists of: create, suspend, resume, terminate. */
import type { AgentId } from '@skep/kernel';
import type { AgentInfo, Client } from '@skep/sdk';
import type { Command } from 'commander';
import { agentText, parseAgent } from '../../arguments/agent-address.js';
import type { CommonOptions, Frame } from '../../frame/frame.js';
import { withClient } from '../../opening/open-client.js';

interface Options extends CommonOptions {
  readonly tenant?: string;
}

interface Step {
  readonly name: 'create' | 'suspend' | 'resume' | 'terminate';
  readonly summary: string;
  readonly description: string;
  readonly said: string;
}

const STEPS: readonly Step[] = [
  {
    name: 'create',
    summary: 'make an agent exist before its first call',
    description: 'Makes an agent exist with its initial state. Not needed before calls: the first one creates its agent.',
    said: 'was created',
  },
  {
    name: 'suspend',
    summary: 'refuse calls until resume',
    description: 'Refuses calls of an agent until it is resumed. Its state stays.',
    said: 'is suspended',
  },
  {
    name: 'resume',
    summary: 'take calls again',
    description: 'Brings an agent back that is suspended, stopped after failures, or quarantined.',
    said: 'is active',
  },
  { name: 'terminate', summary: 'end an agent for good', description: 'Ends an agent for good. Its history stays readable.', said: 'was terminated' },
];

export function lifecycleCommands(frame: Frame): readonly Command[] {
  return STEPS.map((step) => lifecycleCommand(frame, step));
}

function lifecycleCommand(frame: Frame, { name, summary, description, said }: Step): Command {
  const perform = (client: Client, agent: AgentId): Promise<AgentInfo> => client[name](agent);
  return frame
    .command({ usage: `${name} <agent>`, reach: 'cluster', summary, description, examples: [`skep agent ${name} counter/a1`] })
    .option('--tenant <tenant>', 'tenant of the agent')
    .action(
      frame.action(async (text: string, options: Options) => {
        const agent = parseAgent(text, options);
        const info = await withClient(frame.shell, { at: options, purpose: 'write' }, ({ client }) => perform(client, agent));
        return { json: info, text: `${agentText(agent)} ${said} (version ${info.version})` };
      }),
    );
}
