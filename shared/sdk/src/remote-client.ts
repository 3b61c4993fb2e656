/** The client of a folder that another process holds. */
import { type Channel, connectHolder } from '@skep/embedded';
import { type AgentId, encode, SkepError, type Value } from '@skep/kernel';
import type { CallOptions, Client, ListFilter, WatchedTurn } from './client.js';
import { decodeAnswer, type RemoteMethod } from './rpc.js';

/** @returns undefined when nobody holds the folder. @throws SkepError `unavailable` when the holder does not listen */
export async function connectSkep(dir: string): Promise<Client | undefined> {
  const channel = await connectHolder(dir);
  return channel === undefined ? undefined : new RemoteClient(channel);
}

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: SkepError) => void;
}

class RemoteClient implements Client {
  private number = 0;
  private readonly waiting = new Map<number, Waiting>();
  private readonly listeners = new Set<(turns: readonly WatchedTurn[]) => void>();

  constructor(private readonly channel: Channel) {
    channel.onMessage((bytes) => this.onMessage(bytes));
    channel.onClose(() => {
      for (const { reject } of this.waiting.values()) {
        reject(
          new SkepError('outcome-unknown', {
            message: 'the holder went away before it answered',
            remedy: 'Connect again and retry under the same operation id.',
          }),
        );
      }
      this.waiting.clear();
    });
  }

  call = (agent: AgentId, method: string, input: Value = null, options: CallOptions = {}) => this.ask<'call'>('call', agent, method, input, options);
  create = (agent: AgentId) => this.ask<'create'>('create', agent);
  suspend = (agent: AgentId) => this.ask<'suspend'>('suspend', agent);
  resume = (agent: AgentId) => this.ask<'resume'>('resume', agent);
  terminate = (agent: AgentId) => this.ask<'terminate'>('terminate', agent);
  info = (agent: AgentId) => this.ask<'info'>('info', agent);
  list = (filter: ListFilter = {}) => this.ask<'list'>('list', filter);
  get = (agent: AgentId) => this.ask<'get'>('get', agent);
  at = (agent: AgentId, version: number) => this.ask<'at'>('at', agent, version);
  history = (agent: AgentId, options = {}) => this.ask<'history'>('history', agent, options);
  diff = (agent: AgentId, from: number, to: number) => this.ask<'diff'>('diff', agent, from, to);
  checkpoint = (agent: AgentId, name: string) => this.ask<'checkpoint'>('checkpoint', agent, name);
  checkpoints = (agent: AgentId) => this.ask<'checkpoints'>('checkpoints', agent);
  branch = (agent: AgentId, name: string, options = {}) => this.ask<'branch'>('branch', agent, name, options);
  restore = (agent: AgentId, target: { readonly version: number } | { readonly checkpoint: string }) => this.ask<'restore'>('restore', agent, target);
  status = () => this.ask<'status'>('status');
  doctor = () => this.ask<'doctor'>('doctor');

  async watch(listener: (turns: readonly WatchedTurn[]) => void): Promise<() => void> {
    this.listeners.add(listener);
    if (this.listeners.size === 1) await this.request('watch', []);
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0 && !this.channel.closed) this.request('unwatch', []).catch(() => {});
    };
  }

  async close(): Promise<void> {
    this.channel.close();
  }

  private ask<Method extends RemoteMethod>(method: Method, ...parameters: readonly unknown[]): ReturnType<Client[Method]> {
    return this.request(method, parameters) as ReturnType<Client[Method]>;
  }

  private request(method: string, parameters: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.channel.closed) throw new SkepError('unavailable', { message: 'the holder went away', remedy: 'Connect again.' });
      this.number += 1;
      const bytes = encode([this.number, method, parameters]);
      this.waiting.set(this.number, { resolve, reject });
      this.channel.send(bytes);
    });
  }

  private onMessage(bytes: Uint8Array): void {
    const { number, result, error } = decodeAnswer(bytes);
    if (number === 0) {
      for (const listener of this.listeners) listener(result as readonly WatchedTurn[]);
      return;
    }
    const waiting = this.waiting.get(number);
    this.waiting.delete(number);
    if (error !== undefined) waiting?.reject(error);
    else waiting?.resolve(result as never);
  }
}
