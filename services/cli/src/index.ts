/**
 * The command line as a library: the same commands on streams of one's own.
 *
 *   const exit = await run(shell, ['agent', 'ls', '--json']);
 *
 * The program itself is `main.ts`.
 */
export { EXIT, type ExitCode } from './frame/exit-code.js';
export type { OutStream, Shell } from './frame/shell.js';
export { run } from './program.js';
export { readTrajectoryFile, type TrajectoryFile } from './replay/trajectory-file.js';
export { Trajectory } from './replay/trajectory-kind.js';
