/** The built program, run as a user runs it: in a folder of its own, with a terminal's worth of environment. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const PROGRAM = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** Real work of other people's agents; not part of the repository. */
export const DATA = fileURLToPath(new URL('../../../../../shared/data/', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The last line of stdout. */
  readonly json: Json;
}

/** What a test looks into; a mistaken look fails the test. */
// biome-ignore lint/suspicious/noExplicitAny: the shape is what the tests check, value by value.
export type Json = any;

export interface Invocation {
  readonly folder: string;
  readonly stdin?: string;
}

export async function skep({ folder, stdin }: Invocation, ...args: readonly string[]): Promise<Ended> {
  const child = start(folder, args);
  child.stdin?.end(stdin ?? '');
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr, json: lastLine(stdout) };
}

/** A program that goes on until it is told to end, such as `dev`. */
export class Running {
  readonly #lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #heard: () => void = () => undefined;

  constructor(folder: string, ...args: readonly string[]) {
    this.#child = start(folder, args);
    this.#ended = new Promise((resolve) => this.#child.once('close', resolve));
    if (this.#child.stdout !== null) {
      createInterface({ input: this.#child.stdout }).on('line', (line) => {
        this.#lines.push(line);
        this.#heard();
      });
    }
    this.#child.stderr?.resume();
  }

  /** The first line from now on, or among those said already, that this is true of; it is taken out. */
  async line(wanted: (line: string) => boolean): Promise<string> {
    for (;;) {
      const at = this.#lines.findIndex(wanted);
      const [found] = at === -1 ? [] : this.#lines.splice(at, 1);
      if (found !== undefined) return found;
      const ended = await Promise.race([new Promise<false>((resolve) => this.#hears(() => resolve(false))), this.#ended.then(() => true)]);
      if (ended) throw new Error(`the program ended; it had said: ${this.#lines.join('\n')}`);
    }
  }

  async end(signal: NodeJS.Signals = 'SIGINT'): Promise<{ readonly code: number | null; readonly json: Json }> {
    this.#child.kill(signal);
    const code = await this.#ended;
    return { code, json: lastLine(this.#lines.join('\n')) };
  }

  #hears(listener: () => void): void {
    this.#heard = listener;
  }
}

/** A folder that is gone after the test. */
export function temporaryFolder(onTestFinished: (remove: () => void) => void): string {
  const folder = mkdtempSync(join(tmpdir(), 'skep-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function start(folder: string, args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [PROGRAM, ...args], { cwd: folder, env: cleanEnvironment(), stdio: 'pipe' });
}

/** Without what npm and the test run put there. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD|VITEST|NODE_OPTIONS|FORCE_COLOR)/.test(name)));
}

function lastLine(text: string): Json {
  try {
    return JSON.parse(text.trimEnd().split('\n').at(-1) ?? '');
  } catch {
    return undefined;
  }
}
