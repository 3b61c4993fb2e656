import type { Command } from 'commander';
import type { Frame } from '../frame/frame.js';

export function demoCommand(frame: Frame): Command {
  return frame.command({ usage: 'demo', summary: 'demo', examples: ['skep demo'] });
}
