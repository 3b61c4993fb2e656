import { type AgentId, checkName, SkepError } from '@skep/kernel';
import type { Client } from '@skep/sdk';
import type { NodeProcesses } from '@skep/sdk/operations';
import type { Command } from 'commander';
import { agentText } from '../../arguments/agent-address.js';
import { nodesFolder } from '../../cluster/at-hand.js';
import { EXIT } from '../../frame/exit-code.js';
import type { CommonOptions, Frame, Outcome } from '../../frame/frame.js';
import type { Shell } from '../../frame/shell.js';
import { msText, plural, rounded } from '../../output/amounts.js';
import { startProgress } from '../../output/progress.js';

/** Asked at once; a client has more than enough room for them. */
const AT_ONCE = 256;

export function killCommand(frame: Frame): Command {
  return frame
    .command({
      usage: 'kill <node>',
      summary: 'kill a node and see how soon its agents answer again',
      description:
        'Kills the process of a node of this machine as a crash would (SIGKILL), and reads every agent that it held until all have answered from another node. "skep node add" brings the node back.',
      examples: ['skep node kill n2', 'skep node kill n2 --json && skep node add n2'],
    })
    .action(frame.action((node: string, options: CommonOptions) => kill(frame.shell, node, options)));
}

async function kill(shell: Shell, name: string, options: CommonOptions): Promise<Outcome> {
  checkName('node', name);
  const { attachNodes, mustFindLocal, withAdmin } = await import('../../cluster/work.js');
  const target = await mustFindLocal(shell, options);
  const nodes = attachNodes(nodesFolder(target.local.dir));
  const { pid } = mustRun(nodes, name);
  return await withAdmin(target, `kill ${name}`, async (admin, client) => {
    const serving = (await admin.members()).filter(({ node, status }) => node !== name && status === 'serving');
    if (serving.length === 0) {
      throw new SkepError('unavailable', { message: 'no other node could take over', id: name, remedy: 'Add a node first: skep node add.' });
    }
    const held = await admin.held(name);
    const killedMs = performance.now();
    await nodes?.node(name).kill();
    nodes?.save();
    const { answeredMs, silent } = await untilAllAnswer(shell, client, held, killedMs);
    const [first = null, last = null] = [answeredMs.at(0), answeredMs.at(-1)].map((ms) => (ms === undefined ? undefined : rounded(ms)));
    const json = { node: name, pid, agents: held.length, firstAgentMs: first, allAgentsMs: silent.length === 0 ? last : null, silent };
    return { json, text: textOf(json), exit: silent.length === 0 ? EXIT.done : EXIT.unavailable };
  });
}

function mustRun(nodes: NodeProcesses | undefined, name: string): { readonly pid: number } {
  const pid = nodes?.node(name).pid;
  if (pid !== undefined) return { pid };
  throw new SkepError('invalid-input', {
    message: `node ${name} does not run`,
    id: name,
    remedy: 'Choose one that "skep node ls" shows with a process.',
  });
}

/** When each agent answered, ascending, in ms since the kill; and those that did not while calls wait. */
async function untilAllAnswer(shell: Shell, client: Client, agents: readonly AgentId[], killedMs: number) {
  const progress = startProgress(shell, { title: 'coming back', nouns: 'agents', total: agents.length });
  const answeredMs: number[] = [];
  const silent: AgentId[] = [];
  const waiting = [...agents];
  const ask = async (): Promise<void> => {
    for (let agent = waiting.pop(); agent !== undefined; agent = waiting.pop()) {
      try {
        await client.get(agent);
        answeredMs.push(performance.now() - killedMs);
        progress.update(answeredMs.length);
      } catch {
        silent.push(agent);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, agents.length) }, ask));
  } finally {
    progress.stop();
  }
  return { answeredMs: answeredMs.sort((one, other) => one - other), silent };
}

function textOf({
  node,
  pid,
  agents,
  firstAgentMs,
  allAgentsMs,
  silent,
}: {
  readonly node: string;
  readonly pid: number;
  readonly agents: number;
  readonly firstAgentMs: number | null;
  readonly allAgentsMs: number | null;
  readonly silent: readonly AgentId[];
}): string {
  const killed = `Killed ${node} (process ${pid}), which held ${plural(agents, 'agent')}.`;
  if (agents === 0) return `${killed} There was nothing to bring back.`;
  if (silent.length > 0) return `${killed}\n${plural(silent.length, 'agent')} did not answer: ${silent.slice(0, 5).map(agentText).join(', ')}`;
  return `${killed}\nThe first answered again after ${msText(firstAgentMs ?? 0)}, all of them after ${msText(allAgentsMs ?? 0)}.`;
}
