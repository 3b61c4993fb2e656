import type { Command } from 'commander';
import type { Frame } from '../../frame/frame.js';
import { atCommand } from './at.js';
import { blameCommand } from './blame.js';
import { branchCommand } from './branch.js';
import { callCommand } from './call.js';
import { checkpointCommand } from './checkpoint.js';
import { diffCommand } from './diff.js';
import { getCommand } from './get.js';
import { lifecycleCommands } from './lifecycle.js';
import { logCommand } from './log.js';
import { lsCommand } from './ls.js';
import { mergeCommand } from './merge.js';
import { placeCommands } from './place.js';
import { restoreCommand } from './restore.js';

/** Everything that is done to one agent. */
export function agentCommand(frame: Frame): Command {
  const group = frame.group({ name: 'agent', summary: 'look at agents and work with them' });
  const [create, ...states] = lifecycleCommands(frame);
  const commands = [
    lsCommand(frame),
    getCommand(frame),
    ...(create === undefined ? [] : [create]),
    callCommand(frame),
    ...states,
    logCommand(frame),
    atCommand(frame),
    diffCommand(frame),
    blameCommand(frame),
    branchCommand(frame),
    mergeCommand(frame),
    checkpointCommand(frame),
    restoreCommand(frame),
    ...placeCommands(frame),
  ];
  for (const command of commands) group.addCommand(command);
  return group;
}
