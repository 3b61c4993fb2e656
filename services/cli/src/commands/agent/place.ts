/** Where agents are, and moving them: where, migrate, pin, unpin. Only in a cluster. */
import type { AgentPlace } from '@skep/sdk/operations';
import type { Command } from 'commander';
import { agentText, parseAgent } from '../../arguments/agent-address.js';
import type { CommonOptions, Frame, Outcome } from '../../frame/frame.js';
import { msText } from '../../output/amounts.js';

interface Options extends CommonOptions {
  readonly tenant?: string;
}

interface ToOptions extends Options {
  readonly to: string;
}

const TENANT = ['--tenant <tenant>', 'tenant of the agent'] as const;

export function placeCommands(frame: Frame): readonly Command[] {
  return [whereCommand(frame), migrateCommand(frame), pinCommand(frame), unpinCommand(frame)];
}

function whereCommand(frame: Frame): Command {
  return frame
    .command({
      usage: 'where <agent>',
      reach: 'cluster',
      summary: 'show which node holds an agent',
      examples: ['skep agent where counter/a1', 'skep agent where acme/counter/a1 --json'],
    })
    .option(...TENANT)
    .action(
      frame.action(async (text: string, options: Options): Promise<Outcome> => {
        const agent = parseAgent(text, options);
        const { mustFindCluster, withAdmin } = await import('../../cluster/work.js');
        const target = await mustFindCluster(frame.shell, options);
        const place = await withAdmin(target, agent, (admin) => admin.where(agent));
        return { json: place, text: placeText(place) };
      }),
    );
}

function migrateCommand(frame: Frame): Command {
  return frame
    .command({
      usage: 'migrate <agent>',
      reach: 'cluster',
      summary: 'move an agent to another node while it serves',
      description: 'Moves an agent to another node. Calls that come meanwhile wait and follow it; none fails.',
      examples: ['skep agent migrate counter/a1 --to n2'],
    })
    .requiredOption('--to <node>', 'the node that shall hold it')
    .option(...TENANT)
    .action(
      frame.action(async (text: string, options: ToOptions): Promise<Outcome> => {
        const agent = parseAgent(text, options);
        const { mustFindCluster, withAdmin } = await import('../../cluster/work.js');
        const target = await mustFindCluster(frame.shell, options);
        const moved = await withAdmin(target, agent, (admin) => admin.migrate(agent, options.to));
        const { from, to, pauseMs } = moved;
        const said = from === to ? `is on ${to} already` : `moved from ${from} to ${to}; nobody held it for ${msText(pauseMs)}`;
        return { json: moved, text: `${agentText(agent)} ${said}` };
      }),
    );
}

function pinCommand(frame: Frame): Command {
  return frame
    .command({
      usage: 'pin <agent>',
      reach: 'cluster',
      summary: 'keep an agent on a node',
      description: 'Moves an agent to a node and keeps it there whenever that node lives; while it does not, another one holds it.',
      examples: ['skep agent pin counter/a1 --to n2'],
    })
    .requiredOption('--to <node>', 'the node that shall hold it')
    .option(...TENANT)
    .action(
      frame.action(async (text: string, options: ToOptions): Promise<Outcome> => {
        const agent = parseAgent(text, options);
        const { mustFindCluster, withAdmin } = await import('../../cluster/work.js');
        const target = await mustFindCluster(frame.shell, options);
        const place = await withAdmin(target, agent, (admin) => admin.pin(agent, options.to));
        return { json: place, text: placeText(place) };
      }),
    );
}

function unpinCommand(frame: Frame): Command {
  return frame
    .command({
      usage: 'unpin <agent>',
      reach: 'cluster',
      summary: 'let an agent live on any node again',
      description: 'Takes the pin of an agent away. It stays where it is until something moves it.',
      examples: ['skep agent unpin counter/a1'],
    })
    .option(...TENANT)
    .action(
      frame.action(async (text: string, options: Options): Promise<Outcome> => {
        const agent = parseAgent(text, options);
        const { mustFindCluster, withAdmin } = await import('../../cluster/work.js');
        const target = await mustFindCluster(frame.shell, options);
        const place = await withAdmin(target, agent, (admin) => admin.unpin(agent));
        return { json: place, text: placeText(place) };
      }),
    );
}

function placeText({ agent, node, held, pinnedTo }: AgentPlace): string {
  const pin = pinnedTo === null ? '' : `, pinned to ${pinnedTo}`;
  if (node === null) return `${agentText(agent)} rests, and no node takes agents${pin}`;
  return held ? `${agentText(agent)} is on ${node}${pin}` : `${agentText(agent)} rests, and would live on ${node}${pin}`;
}
