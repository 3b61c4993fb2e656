/** Keeps the node processes of a round: starts them, lets clients in, and does to them what a fault says. */
import { type AgentId, type SkepError, toSkepError } from '@skep/kernel';
import { SeededRandom } from '@skep/simulated';
import { RequestingClient } from '../cluster-simulator/node-client.js';
import { broken } from '../invariants/violation.js';
import type { Outside } from '../simulator/outside.js';
import type { Asked, NodeKeeper } from '../simulator/recording-client.js';
import { NodeProcess } from './node-process.js';
import type { Site } from './site.js';
import type { NodeLook, NodeOrder } from './talk.js';

export interface SwarmOptions {
  readonly site: Site;
  readonly outside: Outside;
  /** The built program of a node. */
  readonly program: string;
  readonly names: readonly string[];
  readonly seed: string;
  readonly order: Pick<NodeOrder, 'universe' | 'effectsFile' | 'passivateAfterMs' | 'settleEveryMs'> & Partial<Pick<NodeOrder, 'mistake'>>;
}

interface Berth {
  readonly process: NodeProcess;
  /** Counts the starts of all nodes, from 1. */
  readonly start: number;
  readonly client: Asked;
  state: 'starting' | 'up' | 'paused' | 'leaving' | 'down';
}

/** What a call may take in a node. */
const WAIT_MS = 4_500;
const LOOK_EVERY_MS = 25;
const WHOLE_WITHIN_MS = 30_000;

export class SwarmOfProcesses implements NodeKeeper {
  readonly #berths = new Map<string, Berth>();
  readonly #random: SeededRandom;
  readonly #downs = new Map<number, Set<() => void>>();
  #waiting: (() => void)[] = [];
  #starts = 0;
  #over = false;

  constructor(private readonly options: SwarmOptions) {
    this.#random = new SeededRandom(`${options.seed}/through which node`);
  }

  /** Nodes that serve, as far as is known here. */
  get serving(): readonly string[] {
    return [...this.#berths].flatMap(([name, { state }]) => (state === 'up' ? [name] : []));
  }

  async up(): Promise<{ readonly client: Asked; readonly incarnation: number }> {
    for (;;) {
      const { serving } = this;
      if (serving.length > 0) {
        const { client, start } = this.#must(this.#random.pick(serving));
        return { client, incarnation: start };
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  onDown(start: number, listener: () => void): () => void {
    const listeners = this.#downs.get(start);
    if (listeners === undefined) {
      queueMicrotask(listener);
      return () => undefined;
    }
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Others may take a node for dead, rightly or not. */
  sealed(): void {}

  /** Starts a node; clients are let in when it serves. */
  async start(name: string): Promise<void> {
    const { program, order, site, outside } = this.options;
    this.#starts += 1;
    const start = this.#starts;
    const process = new NodeProcess({
      program,
      order: {
        ...{ ...order, name, servers: site.urlsOf(name), proxied: site.proxied },
        ...{ keyFile: site.keyFile, systemKeyFile: site.systemKeyFile },
      },
      onAlarm: (of, error) => this.#alarm(of, error),
      onLate: ({ agent, method }, waitMs) => {
        outside.broken.push(broken('I13', `${method} of ${agent} through ${name} was neither answered nor refused long after its ${waitMs} ms`));
      },
    });
    const berth: Berth = { process, start, client: new RequestingClient((request) => process.request(request, WAIT_MS)), state: 'starting' };
    this.#berths.set(name, berth);
    this.#downs.set(start, new Set());
    void process.ended.then(() => {
      if (berth.state === 'starting' || berth.state === 'up' || berth.state === 'paused')
        outside.broken.push(broken('I16', `node ${name} ended by itself`));
      this.#down(berth);
    });
    try {
      await process.up();
    } catch (error) {
      if (berth.state === 'starting') throw error;
      return;
    }
    if (berth.state === 'starting') berth.state = 'up';
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** SIGKILL. */
  async kill(name: string): Promise<void> {
    const berth = this.#must(name);
    berth.state = 'down';
    await berth.process.kill();
  }

  pause(name: string): void {
    const berth = this.#must(name);
    berth.state = 'paused';
    berth.process.pause();
  }

  resume(name: string): void {
    const berth = this.#must(name);
    berth.process.resume();
    berth.state = 'up';
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** SIGTERM: clients ask others from now on. Resolves when it has ended well. */
  async drain(name: string): Promise<void> {
    const berth = this.#must(name);
    berth.state = 'leaving';
    await berth.process.drain();
  }

  look(name: string): Promise<NodeLook> {
    return this.#must(name).process.look();
  }

  looks(): Promise<readonly NodeLook[]> {
    return Promise.all([...this.#berths.values()].map(({ process }) => process.look()));
  }

  /** Agents that a node holds now. */
  async heldBy(name: string): Promise<readonly AgentId[]> {
    return (await this.look(name)).held;
  }

  /** A call without retries, through one node. */
  ask(name: string): Asked {
    return this.#must(name).client;
  }

  /** Resolves when every node serves and sees all the others. @throws Error when that takes too long */
  async whole(withinMs: number = WHOLE_WITHIN_MS): Promise<void> {
    const endMs = performance.now() + withinMs;
    for (;;) {
      const seen = await this.looks().catch((error: unknown) => String(error));
      const live = typeof seen === 'string' ? [] : seen.map(({ incarnation }) => incarnation).sort();
      const isWhole = this.serving.length === this.options.names.length && typeof seen !== 'string';
      if (isWhole && seen.every(({ members }) => [...members].sort().join() === live.join())) return;
      if (performance.now() > endMs) {
        const what = typeof seen === 'string' ? seen : seen.map(({ incarnation, members }) => `${incarnation} sees ${members.join(' ')}`).join('; ');
        throw new Error(`the nodes did not find together within ${withinMs} ms: ${this.serving.join(' ')} serve; ${what}`);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  async startAll(): Promise<void> {
    await Promise.all(this.options.names.map((name) => this.start(name)));
    await this.whole();
  }

  async killAll(): Promise<void> {
    this.#over = true;
    await Promise.all([...this.#berths.keys()].map((name) => this.kill(name)));
  }

  #down(berth: Berth): void {
    berth.state = 'down';
    const listeners = this.#downs.get(berth.start) ?? [];
    this.#downs.delete(berth.start);
    for (const listener of [...listeners]) listener();
  }

  #must(name: string | undefined): Berth {
    const berth = this.#berths.get(name ?? '');
    if (berth === undefined) throw new Error(`there is no node ${name}`);
    return berth;
  }

  #alarm(of: string, error: SkepError): void {
    if (this.#over) return;
    const { code, message } = toSkepError(error);
    // A log that does not answer in time is no bug.
    if (code === 'outcome-unknown') this.options.outside.meet('append in doubt past the limit');
    else this.options.outside.broken.push(broken('I16', `${of} is not served any more, although nothing was damaged: ${code}: ${message}`));
  }
}
