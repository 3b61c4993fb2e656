/** The built program, run as a user runs it: in a folder of its own, with a terminal's worth of environment. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const PROGRAM = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** Real work of other people's agents; not part of the repository. */
export const DATA = process.env.SKEP_TEST_DATA ?? fileURLToPath(new URL('../../../../../shared/data/', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The last line of stdout. */
  readonly json: Printed;
}

/** What the commands print, all of them together; which of it is there is what the tests check. */
export interface Printed {
  readonly error: { readonly code: string; readonly id: string; readonly message: string };
  readonly refused: readonly Printed['error'][];
  readonly agents: readonly {
    readonly agent: string;
    readonly id: string;
    readonly events: number;
    readonly version: number;
    readonly root: string;
  }[];
  readonly checks: readonly { readonly name: string; readonly ok: boolean }[];
  readonly checkpoints: readonly unknown[];
  readonly kinds: readonly unknown[];
  readonly events: readonly unknown[];
  readonly skipped: readonly string[];
  readonly agent: string;
  readonly operation: string;
  readonly root: string;
  readonly value: unknown;
  readonly version: number;
  readonly pid: number;
  readonly ok: boolean;
  readonly turns: number;
  readonly acknowledged: number;
  readonly acknowledgedLost: number;
  readonly inFlightAtKill: number;
  readonly killedAtEvent: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Invocation {
  readonly folder: string;
  readonly stdin?: string;
  /** Variables that are different there. */
  readonly env?: NodeJS.ProcessEnv;
}

export async function skep({ folder, stdin, env }: Invocation, ...args: readonly string[]): Promise<Ended> {
  const child = start(folder, args, env);
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

  async end(signal: NodeJS.Signals = 'SIGINT'): Promise<{ readonly code: number | null; readonly json: Printed }> {
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

function start(folder: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, [PROGRAM, ...args], { cwd: folder, env: { ...cleanEnvironment(), ...env }, stdio: 'pipe' });
}

/** Without what npm and the test run put there. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD|VITEST|NODE_OPTIONS|FORCE_COLOR)/.test(name)));
}

export function lastLine(text: string): Printed {
  try {
    return JSON.parse(text.trimEnd().split('\n').at(-1) ?? '') as Printed;
  } catch {
    // Text for people; a test that looks for an object in it fails.
    return {} as Printed;
  }
}
