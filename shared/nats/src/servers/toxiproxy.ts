/**
 * Connections that can be cut: a toxiproxy server of one's own, spoken to through its HTTP API.
 *
 * - T1 It ends with the process that started it.
 * - T2 A cut is a black hole in both directions: bytes vanish, nothing is closed, only pings notice. Healing closes what was open
 *   meanwhile (toxiproxy cannot give back what it swallowed), and both sides dial again.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SkepError } from '@skep/kernel';
import { mustFindServer } from './find-servers.js';
import { freePorts, LOOPBACK } from './free-ports.js';
import { forgetFolder, guardFolder } from './guardian.js';
import { logSince, type ServerProcess, spawnServer } from './server-process.js';

/** `upstream` is what the dialling side sends. */
export type Direction = 'upstream' | 'downstream';

/** What can be done to a connection; the attributes are those of toxiproxy's documentation, in milliseconds, bytes and KB/s. */
export type Toxic =
  | { readonly type: 'latency'; readonly attributes: { readonly latency: number; readonly jitter?: number } }
  | { readonly type: 'bandwidth'; readonly attributes: { readonly rate: number } }
  | { readonly type: 'slow_close'; readonly attributes: { readonly delay: number } }
  | { readonly type: 'timeout'; readonly attributes: { readonly timeout: number } }
  | { readonly type: 'reset_peer'; readonly attributes: { readonly timeout: number } }
  | { readonly type: 'slicer'; readonly attributes: { readonly average_size: number; readonly size_variation?: number; readonly delay?: number } }
  | { readonly type: 'limit_data'; readonly attributes: { readonly bytes: number } };

const START_ATTEMPTS = 5;
const START_MS_MAX = 10_000;
const ANSWER_MS_MAX = 5_000;
const POLL_MS = 20;

/** One listening port in front of another. */
export class ToxicProxy {
  constructor(
    private readonly api: Api,
    readonly name: string,
    readonly port: number,
  ) {}

  /** Returns the name under which `remove` takes it away. */
  async add(toxic: Toxic, direction: Direction): Promise<string> {
    const name = `${toxic.type}_${direction}`;
    await this.api('POST', `/proxies/${this.name}/toxics`, { name, stream: direction, toxicity: 1, ...toxic });
    return name;
  }

  async remove(name: string): Promise<void> {
    await this.api('DELETE', `/proxies/${this.name}/toxics/${name}`);
  }

  /** T2. */
  async cut(): Promise<void> {
    const nothing: Toxic = { type: 'timeout', attributes: { timeout: 0 } };
    await Promise.all([this.add(nothing, 'upstream'), this.add(nothing, 'downstream')]);
  }

  /** Takes every toxic away, and listens again if it did not. */
  async heal(): Promise<void> {
    const { toxics = [] } = (await this.api('GET', `/proxies/${this.name}`)) as { toxics?: readonly { name: string }[] };
    for (const { name } of toxics) await this.remove(name);
    await this.api('POST', `/proxies/${this.name}`, { enabled: true });
  }

  /** Closes every connection and refuses new ones, as a machine does whose server is gone. */
  async refuse(): Promise<void> {
    await this.api('POST', `/proxies/${this.name}`, { enabled: false });
  }

  async delete(): Promise<void> {
    await this.api('DELETE', `/proxies/${this.name}`);
  }
}

export interface Toxiproxy {
  /** Listens on a port of its own choice and passes everything on to `port` of 127.0.0.1. */
  createProxy(name: string, port: number): Promise<ToxicProxy>;
  close(): Promise<void>;
}

type Api = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) => Promise<unknown>;

/** Throws `not-configured` with a remedy when toxiproxy-server is not here. */
export async function startToxiproxy(): Promise<Toxiproxy> {
  const { path: program } = mustFindServer('toxiproxy');
  const dir = mkdtempSync(join(tmpdir(), 'skep-toxiproxy-'));
  guardFolder(dir);
  const logFile = join(dir, 'toxiproxy.log');
  const { process, api } = await startOnFreePort({ program, logFile });
  return {
    createProxy: async (name, port) => {
      const made = (await api('POST', '/proxies', { name, listen: `${LOOPBACK}:0`, upstream: `${LOOPBACK}:${port}`, enabled: true })) as {
        listen: string;
      };
      return new ToxicProxy(api, name, Number(made.listen.split(':').at(-1)));
    },
    close: async () => {
      process.signal('SIGKILL');
      await process.gone;
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
      forgetFolder(dir);
    },
  };
}

async function startOnFreePort({ program, logFile }: { program: string; logFile: string }): Promise<{ process: ServerProcess; api: Api }> {
  for (let attempt = 1; ; attempt++) {
    const [port = 0] = await freePorts(1);
    const process = await spawnServer({ program, args: ['-host', LOOPBACK, '-port', String(port)], logFile, detached: false });
    const api = apiAt(`http://${LOOPBACK}:${port}`);
    if (await answers(process, api)) return { process, api };
    process.signal('SIGKILL');
    if (attempt < START_ATTEMPTS) continue;
    throw new SkepError('unavailable', { message: `toxiproxy-server did not start: ${logSince(logFile, 0)}`, id: program });
  }
}

async function answers(process: ServerProcess, api: Api): Promise<boolean> {
  const deadlineMs = performance.now() + START_MS_MAX;
  while (process.isAlive() && performance.now() < deadlineMs) {
    const version = await api('GET', '/version').catch(() => undefined);
    if (version !== undefined) return process.isAlive();
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return false;
}

const apiAt =
  (url: string): Api =>
  async (method, path, body) => {
    const response = await fetch(`${url}${path}`, {
      method,
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await response.text();
    if (!response.ok) throw new SkepError('unavailable', { message: `toxiproxy refused ${method} ${path}: ${response.status} ${text.trim()}` });
    return text === '' ? {} : JSON.parse(text);
  };
