/** All commands, and one run of them. */
import type { Command } from 'commander';
import { agentCommand } from './commands/agent/agent.js';
import { demoCommand } from './commands/demo.js';
import { devCommand } from './commands/dev.js';
import { doctorCommand } from './commands/doctor.js';
import { downCommand } from './commands/down.js';
import { initCommand } from './commands/init.js';
import { nodeCommand } from './commands/node/node.js';
import { replayCommand } from './commands/replay.js';
import { resetCommand } from './commands/reset.js';
import { statusCommand } from './commands/status.js';
import { superpositionCommand } from './commands/superposition/superposition.js';
import { upCommand } from './commands/up.js';
import { watchCommand } from './commands/watch.js';
import type { ExitCode } from './frame/exit-code.js';
import { Frame } from './frame/frame.js';
import type { Shell } from './frame/shell.js';

export function run(shell: Shell, argv: readonly string[]): Promise<ExitCode> {
  const frame = new Frame(shell);
  return frame.run(programOf(frame), argv);
}

function programOf(frame: Frame): Command {
  const program = frame.group({ name: 'skep', summary: 'Durable, versioned state for swarms of AI agents.' });
  program.version(frame.shell.version, '-V, --version', 'print the version');
  program.addHelpText(
    'after',
    [
      '',
      'Agents are named kind/name or tenant/kind/name. Values are JSON; @file reads one from a file, - from stdin.',
      'Every command has --json, --dir and --help. Exit codes: 0 done, 1 refused, 2 wrong command line, 3 unavailable.',
      '',
      'Example:',
      '  $ skep init my-swarm',
    ].join('\n'),
  );
  const commands = [
    initCommand(frame),
    devCommand(frame),
    demoCommand(frame),
    upCommand(frame),
    downCommand(frame),
    nodeCommand(frame),
    statusCommand(frame),
    watchCommand(frame),
    agentCommand(frame),
    superpositionCommand(frame),
    replayCommand(frame),
    resetCommand(frame),
    doctorCommand(frame),
  ];
  for (const command of commands) program.addCommand(command);
  return program;
}
