/** What surrounds a run of the command line: streams, variables, the folder it was called from. Made once, in main.ts. */
import { dirname } from 'node:path';
import type { ReadStream } from 'node:tty';

export interface OutStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

export interface Shell {
  readonly stdout: OutStream;
  readonly stderr: OutStream;
  readonly stdin: ReadStream | (NodeJS.ReadableStream & { readonly isTTY?: boolean });
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder that the user called from. */
  readonly cwd: string;
  /** `json`: the last line of stdout is one JSON object, and nothing there is coloured or drawn. */
  readonly mode: 'text' | 'json';
  readonly version: string;
}

/** npm moves its scripts to the folder of the package; `INIT_CWD` is where the user was. */
export function callersFolder(cwd: string, env: Shell['env']): string {
  const { INIT_CWD: initial, npm_package_json: manifest } = env;
  const movedByNpm = initial !== undefined && manifest !== undefined && dirname(manifest) === cwd;
  return movedByNpm ? initial : cwd;
}
