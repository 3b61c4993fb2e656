/** The client of whichever process is open: handles made before a crash go on working after it. */
import type { Client, WatchedTurn } from '../client.js';

type Given<Method extends keyof Client> = Parameters<Client[Method]>;

export class CurrentClient implements Client {
  private readonly watchers = new Map<(turns: readonly WatchedTurn[]) => void, Promise<() => void>>();

  /** @param current throws when no process is open */
  constructor(private readonly current: () => Client) {}

  call = async (...given: Given<'call'>) => this.current().call(...given);
  create = async (...given: Given<'create'>) => this.current().create(...given);
  suspend = async (...given: Given<'suspend'>) => this.current().suspend(...given);
  resume = async (...given: Given<'resume'>) => this.current().resume(...given);
  terminate = async (...given: Given<'terminate'>) => this.current().terminate(...given);
  info = async (...given: Given<'info'>) => this.current().info(...given);
  list = async (...given: Given<'list'>) => this.current().list(...given);
  get = async (...given: Given<'get'>) => this.current().get(...given);
  at = async (...given: Given<'at'>) => this.current().at(...given);
  history = async (...given: Given<'history'>) => this.current().history(...given);
  diff = async (...given: Given<'diff'>) => this.current().diff(...given);
  checkpoint = async (...given: Given<'checkpoint'>) => this.current().checkpoint(...given);
  checkpoints = async (...given: Given<'checkpoints'>) => this.current().checkpoints(...given);
  branch = async (...given: Given<'branch'>) => this.current().branch(...given);
  restore = async (...given: Given<'restore'>) => this.current().restore(...given);
  merge = async (...given: Given<'merge'>) => this.current().merge(...given);
  merges = async (...given: Given<'merges'>) => this.current().merges(...given);
  blame = async (...given: Given<'blame'>) => this.current().blame(...given);
  superpositions = async (...given: Given<'superpositions'>) => this.current().superpositions(...given);
  superposition = async (...given: Given<'superposition'>) => this.current().superposition(...given);
  branchState = async (...given: Given<'branchState'>) => this.current().branchState(...given);
  superpose = async (...given: Given<'superpose'>) => this.current().superpose(...given);
  status = async () => this.current().status();
  doctor = async () => this.current().doctor();

  async watch(listener: (turns: readonly WatchedTurn[]) => void): Promise<() => void> {
    const watching = this.current().watch(listener);
    this.watchers.set(listener, watching);
    await watching;
    return () => {
      this.watchers
        .get(listener)
        ?.then((stop) => stop())
        .catch(() => {});
      this.watchers.delete(listener);
    };
  }

  /** To be called when another process was opened. */
  async watchAgain(): Promise<void> {
    for (const listener of this.watchers.keys()) this.watchers.set(listener, this.current().watch(listener));
    await Promise.all(this.watchers.values());
  }

  async close(): Promise<void> {}
}
