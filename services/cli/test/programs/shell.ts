import { Readable } from 'node:stream';
import { type OutStream, run, type Shell } from '../../src/index.js';
import { type Ended, lastLine } from './skep.js';

export interface HeardShell extends Shell {
  readonly heard: { stdout: string; stderr: string };
}

/** A shell whose streams are kept in memory. */
export function heardShell(given: Partial<Shell> & { readonly terminal?: 'yes' } = {}): HeardShell {
  const heard = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr'): OutStream => ({
    write: (text) => {
      heard[name] += text;
    },
    isTTY: given.terminal === 'yes',
  });
  const { terminal: _, ...rest } = given;
  return {
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    stdin: Readable.from([]),
    env: {},
    cwd: '/nowhere',
    mode: 'text',
    version: '0.1.0',
    ...rest,
    heard,
  };
}

/** A command in this very process: the same code without the start of a program, for tests that need many. */
export async function skepHere(folder: string, ...args: readonly string[]): Promise<Ended> {
  const shell = heardShell({ cwd: folder, mode: args.includes('--json') ? 'json' : 'text' });
  const code = await run(shell, args);
  const { stdout, stderr } = shell.heard;
  return { code, stdout, stderr, json: lastLine(stdout) };
}
