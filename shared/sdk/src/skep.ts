/** openSkep: a swarm in this process, on a folder or in memory. */
import type { AgentKind, AnyKind, Handler, Query } from '@skep/actor';
import { type Folder, memoryPorts, openFolder, startWatchdog, type Watchdog } from '@skep/embedded';
import { type AgentId, agentId, LIMITS, type Limits, SkepError } from '@skep/kernel';
import type { Clock, Random } from '@skep/ports';
import { SkepNode } from '@skep/runtime';
import { type AgentHandle, agentHandle } from './agent-handle.js';
import type { Client } from './client.js';
import { LocalClient } from './local-client.js';
import { serveClient } from './rpc.js';
import { StateKind } from './state-kind.js';

export interface OpenOptions {
  /** The data folder; made if need be. Exactly one process holds it. Level `local`. */
  readonly dir?: string;
  /** Keep everything in memory: for tests, in milliseconds. Level `memory`. */
  readonly memory?: true;
  readonly kinds?: readonly AnyKind[];
  readonly tenant?: string;
  readonly limits?: Partial<Limits>;
  readonly settleEveryMs?: number;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Told when a handler holds the thread, and of agents whose log is damaged. Default: a line on standard error. */
  readonly onWarning?: (text: string) => void;
}

/** @throws SkepError `not-configured`, `folder-held`, `read-only`, `disk-full`, `corrupt`, `unsupported-format` */
export async function openSkep(options: OpenOptions): Promise<Skep> {
  if ((options.dir === undefined) === (options.memory === undefined)) {
    throw new SkepError('not-configured', { message: 'openSkep needs either dir or memory', remedy: "Give { dir: '.skep' } or { memory: true }." });
  }
  const warn = options.onWarning ?? ((text: string) => void process.stderr.write(`skep: ${text}\n`));
  const folder = options.dir === undefined ? undefined : await openFolder({ ...options, dir: options.dir });
  const watchdog =
    folder === undefined ? undefined : startWatchdog({ limitMs: options.limits?.blockedThreadMs ?? LIMITS.blockedThreadMs, report: () => {} });
  try {
    const node = await SkepNode.start(folder?.ports ?? memoryPorts(options), {
      kinds: withBuiltIns(options.kinds ?? []),
      onAlarm: (agent, error) => warn(`${agent} is not served: ${error.message}`),
      ...(options.limits === undefined ? {} : { limits: options.limits }),
      ...(options.settleEveryMs === undefined ? {} : { settleEveryMs: options.settleEveryMs }),
      ...(watchdog === undefined ? {} : { watch: watchdog }),
    });
    const skep = new Skep(node, folder, watchdog, options.tenant ?? 'default');
    await folder?.listen((channel) => serveClient(skep.client, channel));
    return skep;
  } catch (error) {
    await watchdog?.close();
    await folder?.close();
    throw error;
  }
}

export class Skep implements AsyncDisposable {
  /** Everything by id. */
  readonly client: Client;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly node: SkepNode,
    private readonly folder: Folder | undefined,
    private readonly watchdog: Watchdog | undefined,
    private readonly tenant: string,
  ) {
    this.client = new LocalClient(node, { dir: folder?.dir ?? null, startedMs: node.ports.clock.nowMs(), pid: process.pid });
  }

  /** A typed handle; the agent need not exist. @throws SkepError `invalid-id` */
  agent<State, Handlers extends { readonly [method: string]: Handler<State> }, Queries extends { readonly [method: string]: Query<State> }>(
    kind: AgentKind<State, Handlers, Queries>,
    name: string,
    { tenant = this.tenant }: { readonly tenant?: string } = {},
  ): AgentHandle<State, Handlers, Queries> {
    const handle = (id: AgentId): AgentHandle<State, Handlers, Queries> => agentHandle(kind, id, { client: this.client, sibling: handle });
    return handle(agentId({ tenant, kind: kind.kind, name }));
  }

  /** Resolves when everything that the last process left behind is back. */
  get recovered(): Promise<{ readonly agents: number; readonly ms: number }> {
    return this.node.recovered;
  }

  /** Takes new code: running turns end on the old one. */
  setKinds(kinds: readonly AnyKind[]): void {
    this.node.setKinds(withBuiltIns(kinds));
  }

  /** Refuses new calls, waits until everything acknowledged is where it belongs, gives the folder up. Idempotent. */
  close(): Promise<void> {
    this.closing ??= this.shut();
    return this.closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async shut(): Promise<void> {
    await this.node.close();
    await this.watchdog?.close();
    await this.folder?.close();
  }
}

function withBuiltIns(kinds: readonly AnyKind[]): readonly AnyKind[] {
  return kinds.some((kind) => kind.kind === StateKind.kind) ? kinds : [...kinds, StateKind];
}
