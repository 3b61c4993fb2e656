/** One server of a cluster: its configuration stands in a file, so that it comes back on the same ports and store. */
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SkepError } from '@skep/kernel';
import { LOOPBACK } from './free-ports.js';
import { type AccessPlan, type ServerPlan, serverConfig } from './server-config.js';
import { readServerInfo, type ServerInfo } from './server-info.js';
import { adoptProcess, logBehind, logSince, type ServerProcess, spawnServer } from './server-process.js';

export type ServerState = 'running' | 'paused' | 'ended';

/** A server that does not listen by then will not. */
const START_MS_MAX = 15_000;

/** One that was asked to stop moves its leaderships away first; after this long it is killed. */
const STOP_MS_MAX = 10_000;

/** A port may be in somebody's way for a moment while its server is down. */
const RESTART_ATTEMPTS = 20;
const RESTART_PAUSE_MS = 100;

const RELOAD_MS_MAX = 10_000;

const POLL_MS = 20;

const CONFIG = 'nats.conf';

/** What a server writes to its log when it has its port. */
const READY = 'Server is ready';

/** All but who may connect; it may be written down. */
export interface NatsServerPlan extends Omit<ServerPlan, 'storeDir' | 'pidFile' | 'access'> {
  /** Where clients reach it: the port of a proxy, or its own. */
  readonly portForClients: number;
}

export interface NatsServerOptions {
  readonly program: string;
  /** Holds the configuration, the log, the store and the process id. */
  readonly dir: string;
  readonly plan: NatsServerPlan;
  readonly access: AccessPlan;
  readonly detached: boolean;
}

export class NatsServer {
  readonly name: string;
  /** Where clients connect, through a proxy if there is one. */
  readonly clientUrl: string;
  /** The server's own port, past every proxy. */
  readonly directPort: number;
  /** Undefined unless `monitor` was asked for. */
  readonly monitorUrl: string | undefined;
  readonly configFile: string;
  readonly logFile: string;
  readonly plan: NatsServerPlan;
  /** Called whenever it has another process. */
  onStart: () => void = () => {};
  #access: AccessPlan;
  #process: ServerProcess | undefined;
  #paused = false;
  #info: ServerInfo | undefined;

  constructor(private readonly options: NatsServerOptions) {
    const { plan, dir } = options;
    this.plan = plan;
    this.#access = options.access;
    this.name = plan.name;
    this.clientUrl = `nats://${LOOPBACK}:${plan.portForClients}`;
    this.directPort = plan.clientPort;
    this.monitorUrl = plan.monitorPort === undefined ? undefined : `http://${LOOPBACK}:${plan.monitorPort}`;
    this.configFile = join(dir, CONFIG);
    this.logFile = join(dir, 'nats.log');
  }

  get state(): ServerState {
    if (this.#process?.isAlive() !== true) return 'ended';
    return this.#paused ? 'paused' : 'running';
  }

  /** Undefined when it does not run. */
  get pid(): number | undefined {
    return this.#process?.isAlive() === true ? this.#process.pid : undefined;
  }

  /** What it said of itself when it last started. */
  get info(): ServerInfo | undefined {
    return this.#info;
  }

  /**
   * Resolves when it listens. Throws `unavailable` with the end of its log; `isPortClash` tells whether a port was taken. One that ran before keeps its
   * ports, so it waits a little for those that somebody took meanwhile.
   */
  async start(): Promise<void> {
    await this.#startWithin(this.#info === undefined ? 1 : RESTART_ATTEMPTS);
  }

  async #startWithin(attempts: number): Promise<void> {
    for (let attempt = 1; this.state === 'ended'; attempt++) {
      try {
        return await this.#startOnce();
      } catch (error) {
        if (!isPortClash(error) || attempt >= attempts) throw error;
        await new Promise((resolve) => setTimeout(resolve, RESTART_PAUSE_MS));
      }
    }
  }

  async #startOnce(): Promise<void> {
    this.#configure();
    const logFrom = this.#logSize();
    const { program, detached } = this.options;
    const process = await spawnServer({ program, args: ['-c', this.configFile], logFile: this.logFile, detached });
    this.#process = process;
    this.#paused = false;
    const deadlineMs = performance.now() + START_MS_MAX;
    while (process.isAlive() && performance.now() < deadlineMs) {
      const info = await readServerInfo(this.directPort);
      // Another server may sit on the port, under the same name: ours is about to notice.
      if (info?.name === this.name && process.isAlive() && logBehind(this.logFile, logFrom).includes(READY)) {
        this.#info = info;
        this.onStart();
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    process.signal('SIGKILL');
    throw new SkepError('unavailable', {
      message: `nats-server ${this.name} did not start: ${logSince(this.logFile, logFrom) || 'it said nothing'}`,
      id: this.name,
      remedy: `Look at ${this.logFile}.`,
    });
  }

  /** Takes over a server that an earlier command started; false when it does not run any more. */
  async adopt(pid: number): Promise<boolean> {
    this.#process = adoptProcess(pid, this.configFile);
    if (this.#process !== undefined) this.#info = await readServerInfo(this.directPort);
    return this.#process !== undefined;
  }

  /** At once and without goodbye (SIGKILL). Resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** In order (SIGTERM): leaderships move first. */
  async stop(): Promise<void> {
    this.resume();
    await this.#end('SIGTERM');
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

  /**
   * Other users and certificates, while it runs (SIGHUP); connections that still are allowed stay. One that does not run learns of
   * them at its next start. Throws `invalid-input` with what the server has against them.
   */
  async reload(access: AccessPlan): Promise<void> {
    this.#access = access;
    this.#configure();
    if (this.state !== 'running') return;
    const logFrom = this.#logSize();
    this.#process?.signal('SIGHUP');
    const deadlineMs = performance.now() + RELOAD_MS_MAX;
    while (this.state === 'running' && performance.now() < deadlineMs) {
      const log = logBehind(this.logFile, logFrom);
      if (log.includes('Reloaded server configuration')) return;
      const refusal = /Failed to reload server configuration: .*/.exec(log)?.[0];
      if (refusal !== undefined) throw new SkepError('invalid-input', { message: refusal, id: this.name, remedy: `Look at ${this.configFile}.` });
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    throw new SkepError('unavailable', {
      message: `nats-server ${this.name} did not take its new configuration`,
      id: this.name,
      remedy: `Look at ${this.logFile}.`,
    });
  }

  /** On the same ports and store; stops it first when it runs. */
  async restart(): Promise<void> {
    await this.stop();
    await this.#startWithin(RESTART_ATTEMPTS);
  }

  #configure(): void {
    const { dir } = this.options;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const config = serverConfig({ ...this.plan, access: this.#access, storeDir: join(dir, 'store'), pidFile: join(dir, 'nats.pid') });
    writeFileSync(this.configFile, config, { mode: 0o600 });
  }

  #logSize(): number {
    return statSync(this.logFile, { throwIfNoEntry: false })?.size ?? 0;
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const process = this.#process;
    if (process?.isAlive() !== true) return;
    process.signal(signal);
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        process.signal('SIGKILL');
        resolve();
      }, STOP_MS_MAX);
    });
    await Promise.race([process.gone, limit]);
    clearTimeout(timer);
    await process.gone;
    this.#paused = false;
  }
}

/** The configuration of a server, whose path stands on its command line, in the folder of its cluster. */
export const configFileIn = (clusterDir: string, name: string): string => join(clusterDir, name, CONFIG);

/** A server could not start because somebody else listens on one of its ports. */
export function isPortClash(error: unknown): boolean {
  return error instanceof SkepError && /address already in use|Only one usage of each socket address/.test(error.message);
}
