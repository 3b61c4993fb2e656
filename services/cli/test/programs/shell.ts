import { Readable } from 'node:stream';
import type { OutStream, Shell } from '../../src/index.js';

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
