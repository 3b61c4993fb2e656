/**
 * One node's process, as whoever starts it sees it: the program of `services/node` with its configuration in a file.
 *
 *   <dir>/node.json   its configuration
 *   <dir>/node.log    everything that it says, a line of JSON each
 */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ErrorShape, fromErrorShape, SkepError } from '@skep/kernel';
import { adoptProcess, type ServerProcess, spawnServer } from '@skep/nats/servers';
import type { NodeConfiguration } from './node-configuration.js';

export interface NodeProcessOptions {
  /** Its own folder; made if need be. */
  readonly dir: string;
  readonly configuration: NodeConfiguration;
  /** Outlives us; otherwise the node ends when we do, however we end. */
  readonly detached?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

/** What a node says when it serves. */
export interface NodeReady {
  readonly node: string;
  readonly incarnation: string;
  readonly pid: number;
  readonly level: string;
  /** From the start of the process. */
  readonly ms: number;
}

export type NodeProcessState = 'running' | 'paused' | 'ended';

/** What was built, from `src` and `dist` alike: in the repository, or beside this package where both were installed. */
const PROGRAMS = ['../../../../services/node/dist/main.js', '../../../node/dist/main.js'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/** Whether nodes can be started from here: their program is a package of its own. */
export function isNodeProgramHere(): boolean {
  return PROGRAMS.some((program) => existsSync(program));
}

/** @throws SkepError `not-configured` */
function mustFindProgram(): string {
  const found = PROGRAMS.find((program) => existsSync(program));
  if (found !== undefined) return found;
  throw new SkepError('not-configured', {
    message: 'the program of nodes is not here',
    id: '@skep/node',
    remedy: 'Install the package @skep/node beside this one, or build the repository.',
  });
}

const READY_MS_MAX = 30_000;
/** A node that was asked to end hands over first; after this long it is killed. */
const STOP_MS_MAX = 20_000;
const POLL_MS = 10;

export class NodeProcess {
  readonly name: string;
  readonly configFile: string;
  readonly logFile: string;
  #process: ServerProcess | undefined;
  #paused = false;
  #ready: NodeReady | undefined;
  #logFrom = 0;

  constructor(private readonly options: NodeProcessOptions) {
    const { dir, configuration } = options;
    this.name = configuration.name;
    this.configFile = join(dir, 'node.json');
    this.logFile = join(dir, 'node.log');
  }

  get dir(): string {
    return this.options.dir;
  }

  get configuration(): NodeConfiguration {
    return this.options.configuration;
  }

  get state(): NodeProcessState {
    if (this.#process?.isAlive() !== true) return 'ended';
    return this.#paused ? 'paused' : 'running';
  }

  /** Undefined when it does not run. */
  get pid(): number | undefined {
    return this.#process?.isAlive() === true ? this.#process.pid : undefined;
  }

  /** What it said when it was last ready. */
  get ready(): NodeReady | undefined {
    return this.#ready;
  }

  /** Resolves when it serves. Throws what it ended for, or `unavailable` when it is not ready within 30 s; then it is gone. */
  async start(): Promise<NodeReady> {
    await this.launch();
    return await this.untilReady();
  }

  /** Starts the process and waits for nothing: it may be that its servers are away. */
  async launch(): Promise<void> {
    if (this.state !== 'ended') return;
    const { dir, configuration, detached = false, env } = this.options;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    writeFileSync(this.configFile, `${JSON.stringify(configuration, null, 2)}\n`, { mode: 0o600 });
    this.#logFrom = statSync(this.logFile, { throwIfNoEntry: false })?.size ?? 0;
    this.#ready = undefined;
    this.#paused = false;
    this.#process = await spawnServer({
      program: process.execPath,
      args: [mustFindProgram(), '--config', this.configFile],
      logFile: this.logFile,
      detached,
      env: withoutTestRun(env ?? process.env),
    });
  }

  /** @throws as `start` */
  async untilReady(limitMs = READY_MS_MAX): Promise<NodeReady> {
    const untilMs = performance.now() + limitMs;
    for (;;) {
      const ended = this.#process?.isAlive() !== true;
      const said = this.events();
      const ready = said.find(({ event }) => event === 'ready');
      if (ready !== undefined) {
        this.#ready = ready as unknown as NodeReady;
        return this.#ready;
      }
      if (ended) throw whyEnded(said, this);
      if (performance.now() > untilMs) break;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    await this.kill();
    throw new SkepError('unavailable', {
      message: `node ${this.name} was not ready within ${limitMs} ms: ${JSON.stringify(this.events().at(-1) ?? 'it said nothing')}`,
      id: this.name,
      remedy: `Look at ${this.logFile}.`,
    });
  }

  /** Takes over a node that an earlier command started; false when it does not run any more. */
  adopt(pid: number): boolean {
    this.#process = adoptProcess(pid, this.configFile);
    return this.#process !== undefined;
  }

  /** At once and without goodbye (SIGKILL). Resolves when it is gone. */
  async kill(): Promise<void> {
    this.#process?.signal('SIGKILL');
    await this.#process?.gone;
    this.#paused = false;
  }

  /** Hands its agents over, then ends (SIGTERM). Resolves when it is gone. */
  async stop(): Promise<void> {
    this.resume();
    const process = this.#process;
    if (process?.isAlive() !== true) return;
    process.signal('SIGTERM');
    const limit = setTimeout(() => process.signal('SIGKILL'), STOP_MS_MAX);
    await process.gone;
    clearTimeout(limit);
  }

  /** Stops its clock: it answers nothing and its connections stay open (SIGSTOP). */
  pause(): void {
    this.#process?.signal('SIGSTOP');
    this.#paused = this.state !== 'ended';
  }

  resume(): void {
    if (this.#paused) this.#process?.signal('SIGCONT');
    this.#paused = false;
  }

  /** Drains it, and starts it anew under the same name. */
  async restart(): Promise<NodeReady> {
    await this.stop();
    return await this.start();
  }

  /** Resolves when the process is gone; never rejects. */
  async gone(): Promise<void> {
    await this.#process?.gone;
  }

  /** What it said since its last start, the newest last. */
  events(): readonly Readonly<Record<string, unknown>>[] {
    return textSince(this.logFile, this.#logFrom)
      .split('\n')
      .flatMap((line) => {
        try {
          return line.startsWith('{') ? [JSON.parse(line)] : [];
        } catch {
          // The rest of this line is on its way.
          return [];
        }
      });
  }
}

function textSince(file: string, offset: number): string {
  try {
    return readFileSync(file).subarray(offset).toString('utf8');
  } catch {
    return '';
  }
}

function whyEnded(said: readonly Readonly<Record<string, unknown>>[], { name, logFile }: NodeProcess): SkepError {
  const failure = said.findLast((line) => 'error' in line);
  if (failure !== undefined) return fromErrorShape(failure as unknown as ErrorShape);
  return new SkepError('unavailable', { message: `node ${name} ended before it was ready`, id: name, remedy: `Look at ${logFile}.` });
}

/** A node counts no coverage and takes no options of the test runner. */
function withoutTestRun({ NODE_OPTIONS: _, NODE_V8_COVERAGE: __, ...env }: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return env;
}
