/** The world in which a walk begins. */
import type { AgentId } from '@skep/kernel';
import { MESSAGE_RULES, SENDER } from './messages.js';
import { AGENTS, agentNumber, newestRevision, readDirectory } from './storage.js';
import { type Pending, type Setting, World, writeTo } from './world.js';

export function firstWorld({ messages = MESSAGE_RULES, ...rest }: Omit<Setting, 'messages'> & Partial<Setting>): World {
  const setting: Setting = { messages, ...rest };
  const world = new World(setting);
  if (setting.budget.begin === 'empty') return world;
  const begun = world.clone();
  for (let agent = setting.budget.agents - 1; agent >= 0; agent -= 1) {
    const node = agent === SENDER ? 0 : world.nodes.length - 1;
    begun.touch(node).lane.claim(AGENTS[agent] as AgentId);
    answerAll(begun, node);
    writeTo(begun.touch(node), begun, { agent, value: 0, kind: 'write' });
    answerAll(begun, node);
  }
  return begun.finish(world);
}

/** Everything takes effect and is answered, one request after another. */
function answerAll(world: World, node: number): void {
  world.drain(node);
  for (let pending = world.pending[0]; pending !== undefined; pending = world.pending[0]) {
    world.pending = world.pending.slice(1);
    const answer = answerTo(world, pending);
    if (answer !== undefined && 'request' in pending.request) world.touch(pending.node).lane.answer(pending.request.request, answer);
    world.drain(pending.node);
  }
}

function answerTo(world: World, { request, node }: Pending) {
  if (request.kind === 'get') {
    const agent = agentNumber(request.agent);
    return readDirectory(world.storage, agent, newestRevision(world.storage, agent));
  }
  if (request.kind === 'recover') return world.recover(world.touch(node), request);
  return world.execute(request);
}
