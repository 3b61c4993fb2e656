/** One node process, as its run sees it: started, asked, killed, paused, ended, and never left behind. */
import { type ChildProcess, fork } from 'node:child_process';
import { fromErrorShape, SkepError, type Value } from '@skep/kernel';
import { forgetProcess, guardProcess } from '@skep/nats/servers';
import type { AgentRequest } from '@skep/runtime';
import type { FromNode, NodeLook, NodeOrder, ToNode } from './talk.js';

export interface NodeProcessOptions {
  /** The built program. */
  readonly program: string;
  readonly order: NodeOrder;
  readonly onAlarm: (of: string, error: SkepError) => void;
  /** A request was neither answered nor refused long after its deadline, by a process that could run all the time. */
  readonly onLate: (request: AgentRequest, waitMs: number) => void;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: SkepError): void;
}

type Question = { readonly kind: 'look' } | Omit<Extract<ToNode, { readonly kind: 'ask' }>, 'number'>;

const UP_WITHIN_MS = 30_000;
const ENDS_WITHIN_MS = 30_000;
const LOOK_WITHIN_MS = 5_000;
/** Timers come late on a busy machine. */
const GRACE_MS = 3_000;

export class NodeProcess {
  readonly name: string;
  /** Ends when the process has ended, however; `code` is null where a signal ended it. */
  readonly ended: Promise<{ readonly code: number | null }>;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #up: Promise<void>;
  #paused = false;
  #pauses = 0;
  #number = 0;

  constructor(private readonly options: NodeProcessOptions) {
    const { program, order } = options;
    this.name = order.name;
    this.#child = fork(program, [JSON.stringify(order)], { serialization: 'advanced', execArgv: [] });
    const { pid } = this.#child;
    if (pid !== undefined) guardProcess(pid);
    this.ended = new Promise((resolve) => {
      this.#child.once('exit', (code) => {
        if (pid !== undefined) forgetProcess(pid);
        for (const { reject } of this.#waiting.values())
          reject(new SkepError('outcome-unknown', { message: `${this.name} ended before it answered` }));
        this.#waiting.clear();
        resolve({ code });
      });
    });
    this.#up = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      void this.ended.then(({ code }) => reject(new Error(`${this.name} ended with ${code} before it was up`)));
      this.#child.on('message', (message: FromNode) => {
        if (message.kind === 'up') resolve();
        else this.#heard(message);
      });
    });
    this.#up.catch(() => undefined);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves when it serves. */
  async up(withinMs: number = UP_WITHIN_MS): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`${this.name} was not up within ${withinMs} ms`)), withinMs);
    });
    await Promise.race([this.#up, late]).finally(() => clearTimeout(timer));
  }

  /** Rejects with what it was refused for; with `unavailable` when the process ends before it answers. */
  request(request: AgentRequest, waitMs: number): Promise<Value> {
    const pauses = this.#pauses;
    const answer = this.#ask({ kind: 'ask', request, waitMs }) as Promise<Value>;
    const late = setTimeout(() => {
      if (this.isAlive && !this.#paused && this.#pauses === pauses) this.options.onLate(request, waitMs);
    }, waitMs + GRACE_MS);
    return answer.finally(() => clearTimeout(late));
  }

  /** @throws Error when it does not answer in time */
  async look(): Promise<NodeLook> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`${this.name} does not say how it is`)), LOOK_WITHIN_MS);
    });
    return (await Promise.race([this.#ask({ kind: 'look' }), late]).finally(() => clearTimeout(timer))) as NodeLook;
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  /** SIGTERM: it hands over what it holds and ends. Rejects when it does not, or not well. */
  async drain(): Promise<void> {
    this.#child.kill('SIGTERM');
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`${this.name} did not end within ${ENDS_WITHIN_MS} ms`)), ENDS_WITHIN_MS);
    });
    const { code } = await Promise.race([this.ended, late]).finally(() => clearTimeout(timer));
    if (code !== 0) throw new Error(`${this.name} ended with ${code}`);
  }

  /** SIGSTOP. */
  pause(): void {
    this.#paused = true;
    this.#pauses += 1;
    this.#child.kill('SIGSTOP');
  }

  /** SIGCONT. */
  resume(): void {
    this.#child.kill('SIGCONT');
    this.#paused = false;
  }

  #ask(question: Question): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (!this.isAlive) return reject(new SkepError('unavailable', { message: `${this.name} has ended` }));
      this.#number += 1;
      const number = this.#number;
      this.#waiting.set(number, { resolve, reject });
      this.#child.send({ ...question, number }, (error) => {
        if (error === null) return;
        this.#waiting.delete(number);
        reject(new SkepError('unavailable', { message: `${this.name} cannot be asked: ${error.message}` }));
      });
    });
  }

  #heard(message: Exclude<FromNode, { readonly kind: 'up' }>): void {
    if (message.kind === 'alarm') return this.options.onAlarm(message.of, fromErrorShape(message.error));
    const waiting = this.#waiting.get(message.number);
    this.#waiting.delete(message.number);
    if (message.kind === 'answer') waiting?.resolve(message.result);
    else if (message.kind === 'view') waiting?.resolve(message.view);
    else waiting?.reject(fromErrorShape(message.error));
  }
}
