import type { Command } from 'commander';
import type { Frame } from '../../frame/frame.js';
import { collapseCommand } from './collapse.js';
import { lsCommand } from './ls.js';
import { showCommand } from './show.js';
import { undoCommand } from './undo.js';

/** Several experimental states of one agent, of which one is kept. */
export function superpositionCommand(frame: Frame): Command {
  const group = frame.group({ name: 'superposition', summary: 'look at the experimental branches of an agent, and keep one of them' });
  for (const command of [lsCommand(frame), showCommand(frame), collapseCommand(frame), undoCommand(frame)]) group.addCommand(command);
  return group;
}
