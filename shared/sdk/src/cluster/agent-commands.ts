/** What clients can ask of an agent besides calls, and how the node that holds it performs them. */
import { agentId, isSkepError, parseAgentId, SkepError, type Value } from '@skep/kernel';
import type { AgentRequest } from '@skep/runtime';
import type { AgentInfo } from '../client.js';
import type { LocalClient } from '../local-client.js';

const READS = ['get', 'info', 'at', 'history', 'diff', 'checkpoints', 'merges', 'blame', 'superpositions', 'superposition', 'branchState'] as const;
const CHANGES = ['create', 'suspend', 'resume', 'terminate', 'checkpoint', 'branch', 'restore', 'merge', 'superpose'] as const;

export const AGENT_COMMANDS = [...READS, ...CHANGES] as const;

export type AgentCommand = (typeof AGENT_COMMANDS)[number];

export const CALL = 'call';

export function isRead(command: string): boolean {
  return READS.some((each) => each === command);
}

/** @throws SkepError `unknown-method` */
export function checkCommand(command: string, id: string): asserts command is AgentCommand {
  if (AGENT_COMMANDS.some((each) => each === command)) return;
  const remedy = `There are: ${AGENT_COMMANDS.join(', ')}; handlers and queries are called.`;
  throw new SkepError('unknown-method', { message: `there is no command ${command.slice(0, 64)}`, id, remedy });
}

/** Performs a command for an agent of this node; `request` asks wherever an agent is. */
export async function performCommand(
  local: LocalClient,
  { agent, method, parameters }: AgentRequest,
  request: (request: AgentRequest) => Promise<Value>,
): Promise<Value> {
  checkCommand(method, agent);
  // The client checks its arguments itself; null stands for one that was left out.
  const run = local[method] as (...given: unknown[]) => Promise<unknown>;
  const given = parameters.map((each) => each ?? undefined);
  try {
    return (await run.call(local, agent, ...given)) as Value;
  } catch (error) {
    if (method !== 'branch' || typeof given[0] !== 'string' || !isSkepError(error, 'elsewhere') || error.id === agent) throw error;
    throw await whyNoBranch(agentId({ ...parseAgentId(agent), name: given[0] }), request);
  }
}

/** The branch's name is that of an agent which another node holds. */
async function whyNoBranch(branch: AgentInfo['agent'], request: (request: AgentRequest) => Promise<Value>): Promise<SkepError> {
  try {
    await request({ agent: branch, method: 'info', parameters: [] });
    return new SkepError('agent-exists', { message: 'an agent of this name exists', id: branch });
  } catch (error) {
    if (!isSkepError(error, 'unknown-agent')) throw error;
    return new SkepError('agent-exists', { message: 'another node holds an agent of this name, which has no record yet', id: branch });
  }
}
