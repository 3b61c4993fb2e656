/** Keeps a real process running: starts it on a folder, kills it with SIGKILL at drawn moments, starts it again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { SkepError } from '@skep/kernel';
import { type Client, connectSkep } from '@skep/sdk';
import type { SeededRandom } from '@skep/simulated';
import { broken } from '../invariants/violation.js';
import type { Outside } from '../simulator/outside.js';
import type { NodeKeeper } from '../simulator/recording-client.js';

export interface RealOperatorOptions {
  readonly dir: string;
  /** The built worker. */
  readonly program: string;
  readonly effectsFile: string;
  readonly kills: number;
  /** Test-only: replies leave before their batch is on the disk. */
  readonly mistake?: 'hasty' | undefined;
  readonly outside: Outside;
  readonly random: SeededRandom;
}

/** When to kill, counted from when the process is up: after a time, or after so many replies. */
export type Moment = { readonly afterMs: number } | { readonly afterReplies: number };

/** A kill as it was drawn, and what it met. */
export interface Kill {
  readonly moment: Moment;
  readonly acknowledged: number;
  readonly inFlight: number;
}

const ALIVE_MS_MAX = 150;
const REPLIES_MAX = 60;
/** A process that does not reply any more is killed, too. */
const REPLIES_WITHIN_MS = 3_000;
const LOOK_EVERY_MS = 1;
const UP_WITHIN_MS = 20_000;

export class RealOperator implements NodeKeeper {
  readonly kills: Kill[] = [];
  incarnation = 0;
  #running: { readonly client: Client; readonly incarnation: number } | undefined;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  readonly #waiting: { resolve(): void; reject(error: unknown): void }[] = [];
  readonly #downs = new Set<() => void>();
  #failure: unknown;

  constructor(private readonly options: RealOperatorOptions) {}

  async up(): Promise<{ readonly client: Client; readonly incarnation: number }> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#running !== undefined) return this.#running;
      await new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    }
  }

  onDown(_incarnation: number, listener: () => void): () => void {
    this.#downs.add(listener);
    return () => this.#downs.delete(listener);
  }

  sealed(_incarnation: number, error: SkepError): void {
    this.options.outside.broken.push(broken('I16', `the only holder's lane is dead: ${error.message}`));
  }

  /** Starts and kills until all kills are done, and leaves the last start running. */
  async run(): Promise<void> {
    try {
      for (;;) {
        await this.#start();
        if (this.kills.length >= this.options.kills) return;
        const moment = this.#drawMoment();
        await this.#comes(moment);
        this.kills.push({ moment, acknowledged: this.#acknowledged(), inFlight: this.options.outside.open.size });
        await this.kill();
      }
    } catch (error) {
      this.#failure = error;
      for (const { reject } of this.#waiting.splice(0)) reject(error);
      throw error;
    }
  }

  /** SIGKILL, and waits for the end. */
  async kill(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    this.#child?.kill('SIGKILL');
    await this.#ended;
    for (const listener of [...this.#downs]) listener();
    this.#downs.clear();
    await running?.client.close().catch(() => undefined);
  }

  /** One more start, without an end. */
  async restart(): Promise<void> {
    await this.kill();
    await this.#start();
  }

  #drawMoment(): Moment {
    const { random } = this.options;
    return random.below(2) === 0 ? { afterMs: random.below(ALIVE_MS_MAX) } : { afterReplies: random.between(1, REPLIES_MAX) };
  }

  async #comes(moment: Moment): Promise<void> {
    if ('afterMs' in moment) {
      await new Promise((resolve) => setTimeout(resolve, moment.afterMs));
      return;
    }
    const wanted = this.#acknowledged() + moment.afterReplies;
    const endMs = performance.now() + REPLIES_WITHIN_MS;
    while (this.#acknowledged() < wanted && performance.now() < endMs) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }

  #acknowledged(): number {
    return this.options.outside.operations.filter(({ outcome }) => outcome.kind === 'acknowledged').length;
  }

  async #start(): Promise<void> {
    const { program, dir, effectsFile, mistake } = this.options;
    this.incarnation += 1;
    const { incarnation } = this;
    const child = spawn(process.execPath, [program, dir, String(incarnation), effectsFile, mistake ?? ''], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    this.#ended = new Promise((resolve) => child.once('close', () => resolve()));
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`start ${incarnation} of the worker was not up within ${UP_WITHIN_MS} ms`)), UP_WITHIN_MS);
      child.once('close', (code, signal) => reject(new Error(`start ${incarnation} of the worker ended with ${code ?? signal} before it was up`)));
      createInterface({ input: child.stdout }).on('line', (line) => {
        this.#heard(line);
        clearTimeout(late);
        resolve();
      });
    });
    const client = await connectSkep(dir);
    if (client === undefined) throw new Error(`start ${incarnation} of the worker holds no folder`);
    this.#running = { client, incarnation };
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  #heard(line: string): void {
    const { recovered, warnings } = JSON.parse(line) as { readonly recovered?: number; readonly warnings?: readonly string[] };
    if (recovered !== undefined) this.options.outside.meet('recovered');
    for (const warning of warnings ?? []) this.options.outside.broken.push(broken('I16', `the worker warned: ${warning}`));
  }
}
