/** The world in which a walk begins. */
import { readDirectory } from './storage.js';
import { AGENT, type Pending, type Setting, World, writeTo } from './world.js';

export function firstWorld(setting: Setting): World {
  const world = new World(setting);
  if (setting.budget.begin === 'empty') return world;
  const begun = world.clone();
  begun.touch(0).lane.claim(AGENT);
  answerAll(begun);
  writeTo(begun.touch(0), begun, 0);
  answerAll(begun);
  return begun.finish(world);
}

/** Everything takes effect and is answered, one request after another. */
function answerAll(world: World): void {
  world.drain(0);
  for (let pending = world.pending[0]; pending !== undefined; pending = world.pending[0]) {
    world.pending = world.pending.slice(1);
    const answer = answerTo(world, pending);
    if (answer !== undefined && 'request' in pending.request) world.touch(pending.node).lane.answer(pending.request.request, answer);
    world.drain(pending.node);
  }
}

function answerTo(world: World, { request, node }: Pending) {
  if (request.kind === 'get') return readDirectory(world.storage, world.storage.directory.length);
  if (request.kind === 'recover') return world.recover(world.touch(node), request);
  return world.execute(request);
}
