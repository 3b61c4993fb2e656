/**
 * The client of a folder that another process holds: every method as the local client has it, over the holder's socket.
 *
 * - R1 Every request ends: with its answer, with `timeout` after its deadline, or with `outcome-unknown` when the connection ends first.
 * - R2 What is refused before it is sent has changed nothing.
 */
import { type Channel, connectHolder } from '@skep/embedded';
import { type AgentId, LIMITS, type Path, SkepError, toSkepError, type Value } from '@skep/kernel';
import type { CallOptions, Client, ListFilter, WatchedTurn } from './client.js';
import { checkCallOptions, checkedInput } from './client-input.js';
import type { MergeRequest } from './merge/agent-merge.js';
import { overdue } from './overdue.js';
import { type Answer, decodeMessage, encodeMessage, PART_BYTES, type RemoteMethod, readAnswer } from './wire.js';

export interface ConnectOptions {
  /** How long to wait for a holder that does not listen yet. Default 2 s. */
  readonly timeoutMs?: number;
  /** How long to wait for an answer where the call names no deadline of its own. Default 30 s. */
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 30_000;
const CALLS_MAX = 65_536;

/** @returns undefined when nobody holds the folder. @throws SkepError `unavailable` when the holder does not listen */
export async function connectSkep(dir: string, options: ConnectOptions = {}): Promise<Client | undefined> {
  const channel = await connectHolder(dir, options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs });
  return channel === undefined ? undefined : new RemoteClient(channel, options.deadlineMs ?? DEADLINE_MS);
}

interface Waiting {
  readonly resolve: (result: Value) => void;
  readonly reject: (error: SkepError) => void;
}

/** Public for tests that speak over a channel of their own. */
export class RemoteClient implements Client {
  private number = 0;
  private readonly waiting = new Map<number, Waiting>();
  private readonly listeners = new Set<(turns: readonly WatchedTurn[]) => void>();
  private watching: Promise<unknown> | undefined;
  private ended: SkepError | undefined;

  constructor(
    private readonly channel: Channel,
    private readonly deadlineMs: number,
  ) {
    channel.onMessage((bytes) => this.onMessage(bytes));
    channel.onClose((reason) => this.onClose(reason));
  }

  call = async (agent: AgentId, method: string, input: Value = null, options: CallOptions = {}) => {
    checkCallOptions(options);
    const { deadlineMs, ...rest } = options;
    const value = checkedInput(input, { id: String(agent), bytesMax: LIMITS.payloadBytes });
    return this.ask<'call'>('call', [agent, method, value, rest], deadlineMs);
  };
  create = (agent: AgentId) => this.ask<'create'>('create', [agent]);
  suspend = (agent: AgentId) => this.ask<'suspend'>('suspend', [agent]);
  resume = (agent: AgentId) => this.ask<'resume'>('resume', [agent]);
  terminate = (agent: AgentId) => this.ask<'terminate'>('terminate', [agent]);
  info = (agent: AgentId) => this.ask<'info'>('info', [agent]);
  list = (filter: ListFilter = {}) => this.ask<'list'>('list', [filter]);
  get = (agent: AgentId) => this.ask<'get'>('get', [agent]);
  at = (agent: AgentId, version: number) => this.ask<'at'>('at', [agent, version]);
  history = (agent: AgentId, options = {}) => this.ask<'history'>('history', [agent, options]);
  diff = (agent: AgentId, from: number, to: number) => this.ask<'diff'>('diff', [agent, from, to]);
  checkpoint = (agent: AgentId, name: string) => this.ask<'checkpoint'>('checkpoint', [agent, name]);
  checkpoints = (agent: AgentId) => this.ask<'checkpoints'>('checkpoints', [agent]);
  branch = (agent: AgentId, name: string, options = {}) => this.ask<'branch'>('branch', [agent, name, options]);
  restore = (agent: AgentId, target: Parameters<Client['restore']>[1]) => this.ask<'restore'>('restore', [agent, target]);
  merge = (agent: AgentId, request: MergeRequest) => this.ask<'merge'>('merge', [agent, request]);
  merges = (agent: AgentId) => this.ask<'merges'>('merges', [agent]);
  blame = (agent: AgentId, path: Path) => this.ask<'blame'>('blame', [agent, path]);
  superpositions = (agent: AgentId) => this.ask<'superpositions'>('superpositions', [agent]);
  superposition = (agent: AgentId, name: string) => this.ask<'superposition'>('superposition', [agent, name]);
  branchState = (agent: AgentId, superposition: string, branch: string) => this.ask<'branchState'>('branchState', [agent, superposition, branch]);
  superpose = (agent: AgentId, command: Parameters<Client['superpose']>[1]) => this.ask<'superpose'>('superpose', [agent, command]);
  status = () => this.ask<'status'>('status', []);
  doctor = () => this.ask<'doctor'>('doctor', []);

  async watch(listener: (turns: readonly WatchedTurn[]) => void): Promise<() => void> {
    if (typeof listener !== 'function') throw new SkepError('invalid-input', { message: 'watch takes a function' });
    this.listeners.add(listener);
    this.watching ??= this.request('watch', []);
    try {
      await this.watching;
    } catch (error) {
      this.unlisten(listener);
      throw error;
    }
    return () => this.unlisten(listener);
  }

  async close(): Promise<void> {
    this.ended ??= new SkepError('closed', { message: 'this connection was closed', remedy: 'Connect again.' });
    this.channel.close();
  }

  private unlisten(listener: (turns: readonly WatchedTurn[]) => void): void {
    if (!this.listeners.delete(listener) || this.listeners.size > 0) return;
    this.watching = undefined;
    if (!this.channel.closed) this.request('unwatch', []).catch(() => {});
  }

  private ask<Method extends RemoteMethod>(method: Method, parameters: readonly unknown[], deadlineMs?: number): ReturnType<Client[Method]> {
    return this.request(method, parameters, deadlineMs) as ReturnType<Client[Method]>;
  }

  private request(method: string, parameters: readonly unknown[], deadlineMs = this.deadlineMs): Promise<Value> {
    return new Promise((resolve, reject) => {
      if (this.ended !== undefined) throw this.ended;
      if (this.channel.closed) throw new SkepError('unavailable', { message: 'the holder went away', remedy: 'Connect again.' });
      if (this.waiting.size >= CALLS_MAX) throw new SkepError('overloaded', { message: `${CALLS_MAX} calls wait for the holder already` });
      this.number += 1;
      const number = this.number;
      const bytes = encodeMessage('messagepack', [number, method, parameters.map((each) => each ?? null)]);
      this.channel.send(bytes);
      const timer = setTimeout(() => {
        this.waiting.delete(number);
        reject(overdue(describe(method, parameters), deadlineMs));
      }, deadlineMs);
      timer.unref();
      const settled = () => {
        clearTimeout(timer);
        this.waiting.delete(number);
      };
      this.waiting.set(number, {
        resolve: (result) => {
          settled();
          resolve(result);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      });
    });
  }

  private onMessage(bytes: Uint8Array): void {
    this.take(readAnswer(decodeMessage(bytes)));
  }

  private take(answer: Answer): void {
    if (answer.kind === 'turns') {
      // Outside of the channel's reading: a listener that throws must not end the connection.
      for (const listener of this.listeners) queueMicrotask(() => listener(answer.turns as unknown as readonly WatchedTurn[]));
      return;
    }
    const waiting = this.waiting.get(answer.number);
    switch (answer.kind) {
      case 'result':
        return waiting?.resolve(answer.result);
      case 'error':
        return waiting?.reject(answer.error);
      case 'parts':
        if (waiting === undefined) return;
        this.fetch(answer.number, answer.bytes).then(
          (whole) => this.take(readAnswer(decodeMessage(whole))),
          (error) => waiting.reject(toSkepError(error)),
        );
    }
  }

  private async fetch(number: number, length: number): Promise<Uint8Array> {
    const whole = new Uint8Array(length);
    for (let offset = 0; offset < length; offset += PART_BYTES) {
      const part = await this.request('part', [number, offset]);
      if (!(part instanceof Uint8Array)) throw new SkepError('malformed', { message: 'the holder sent what is no part of an answer' });
      whole.set(part, offset);
    }
    return whole;
  }

  private onClose(reason: SkepError | undefined): void {
    const why = this.ended !== undefined ? 'the connection was closed' : reason === undefined ? 'the holder went away' : reason.message;
    for (const { reject } of [...this.waiting.values()]) {
      reject(
        new SkepError('outcome-unknown', {
          message: `${why} before the answer came`,
          remedy: 'Connect again and retry under the same operation id.',
          cause: reason,
        }),
      );
    }
  }
}

function describe(method: string, [agent, name]: readonly unknown[]): string {
  if (method === 'call') return `${String(name)} of ${String(agent)}`;
  return typeof agent === 'string' ? `${method} of ${agent}` : method;
}
