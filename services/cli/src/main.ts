#!/usr/bin/env node
/** The program `skep`: wires the process to the commands, and ends with their exit code. */
import { readFileSync } from 'node:fs';
import { callersFolder, type Shell } from './frame/shell.js';
import { run } from './program.js';

const argv = process.argv.slice(2);

const shell: Shell = {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  env: process.env,
  cwd: callersFolder(process.cwd(), process.env),
  mode: beforeRest(argv).includes('--json') ? 'json' : 'text',
  version: packageVersion(),
};

// A reader that closed its end (`skep agent log ... | head`) has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

// Until the command has ended the process stays, even when all that it awaits is a timer or a thread that would not keep it.
const alive = setInterval(() => undefined, 60_000);
const exit = await run(shell, argv);
clearInterval(alive);
// An empty write is called back after everything written before it left the process.
process.stdout.write('', () => process.stderr.write('', () => process.exit(exit)));

/** What stands behind `--` are no options. */
function beforeRest(args: readonly string[]): readonly string[] {
  const rest = args.indexOf('--');
  return rest === -1 ? args : args.slice(0, rest);
}

function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest && typeof manifest.version === 'string'
    ? manifest.version
    : '0.0.0';
}
