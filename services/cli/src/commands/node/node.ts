import type { Command } from 'commander';
import type { Frame } from '../../frame/frame.js';
import { addCommand } from './add.js';
import { drainCommand } from './drain.js';
import { killCommand } from './kill.js';
import { lsCommand } from './ls.js';

/** Everything that is done to the nodes of a cluster. */
export function nodeCommand(frame: Frame): Command {
  const group = frame.group({ name: 'node', summary: 'look at the nodes of a cluster and work with them' });
  for (const command of [lsCommand(frame), addCommand(frame), drainCommand(frame), killCommand(frame)]) group.addCommand(command);
  return group;
}
