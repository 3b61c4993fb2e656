/** openSkep: a swarm in this process, on a folder or in memory. */
import { type AgentKind, type AnyKind, checkAddressKeys, type GivenAddressKeys, type Handler, type NewAddressKeys, type Query } from '@skep/actor';
import { type Folder, memoryPorts, openFolder, startWatchdog, type Watchdog } from '@skep/embedded';
import { checkName, LIMITS, type Limits, SkepError } from '@skep/kernel';
import type { Clock, Ports, Random } from '@skep/ports';
import { type NodeOptions, SkepNode } from '@skep/runtime';
import { type AgentHandle, handleOf } from './agent-handle.js';
import { withBuiltIns } from './built-ins.js';
import type { Client } from './client.js';
import { LocalClient } from './local-client.js';
import { serveClient } from './served-channel.js';

/** What openSkep and the test kit have in common. */
export interface SwarmOptions {
  readonly kinds?: readonly AnyKind[];
  /** Whose agents `agent(...)` means when it names no tenant. Default `default`. */
  readonly tenant?: string;
  readonly limits?: Partial<Limits>;
  /**
   * By tenant, 32 random bytes each: under its key the content of a tenant's agents is hashed, so that nobody guesses it by hash. A key
   * never changes and is never taken back: without it the tenant's agents are refused from then on. Default: none.
   */
  readonly addressKeys?: GivenAddressKeys;
  /** Whether a tenant of the folder that has no key yet gets the one that is given (`add`, the default), or stays without one (`ignore`). */
  readonly newAddressKeys?: NewAddressKeys;
  /** How often snapshots are written of agents that changed. Default 5 s; one minute in the test kit. */
  readonly settleEveryMs?: number;
  /** Whether `close` writes snapshots of what changed (default), or leaves it to the log and the next start. */
  readonly closing?: 'settle' | 'leave';
  /** Told when a handler holds the thread, and of agents whose log is damaged. Default: a line on standard error. */
  readonly onWarning?: (text: string) => void;
}

export interface OpenOptions extends SwarmOptions {
  /** The data folder; made if need be. Exactly one process holds it. Level `local`. */
  readonly dir?: string;
  /** Keep everything in memory: for tests, in milliseconds. Level `memory`. */
  readonly memory?: true;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** @throws SkepError `not-configured`, `invalid-input`, `folder-held`, `read-only`, `disk-full`, `corrupt`, `unsupported-format` */
export async function openSkep(options: OpenOptions): Promise<Skep> {
  const { dir } = options;
  const memory: unknown = options.memory;
  if ((typeof dir === 'string' && dir !== '') === (memory === true)) {
    throw new SkepError('not-configured', { message: 'openSkep needs either dir or memory', remedy: "Give { dir: '.skep' } or { memory: true }." });
  }
  checkSwarmOptions(options);
  if (dir === undefined) return startOn(memoryPorts(options), undefined, options);
  const { clock, random } = options;
  const folder = await openFolder({ dir, ...(clock === undefined ? {} : { clock }), ...(random === undefined ? {} : { random }) });
  return startOn(folder.ports, folder, options);
}

/** A swarm on ports that are there; it owns the folder, if there is one, from now on. */
export async function startOn(ports: Ports, folder: Folder | undefined, options: SwarmOptions): Promise<Skep> {
  const limitMs = options.limits?.blockedThreadMs ?? LIMITS.blockedThreadMs;
  const watchdog = folder === undefined ? undefined : startWatchdog({ limitMs, report: () => {} });
  try {
    const node = await SkepNode.start(ports, { ...nodeOptions(options), ...(watchdog === undefined ? {} : { watch: watchdog }) });
    const skep = new Skep({ node, folder, watchdog }, options);
    await folder?.listen((channel) => serveClient(skep.client, channel));
    return skep;
  } catch (error) {
    await watchdog?.close();
    await folder?.close();
    throw error;
  }
}

export function nodeOptions({
  kinds = [],
  limits,
  addressKeys,
  newAddressKeys,
  settleEveryMs,
  closing,
  onWarning = warnOnStderr,
}: SwarmOptions): NodeOptions {
  return {
    kinds: withBuiltIns(kinds),
    onAlarm: (agent, error) => onWarning(`${agent} is not served: ${error.message}`),
    onLaneAlarm: (lane, error) => onWarning(`the lane ${lane} ended, and another one follows: ${error.message}`),
    ...(limits === undefined ? {} : { limits }),
    ...(addressKeys === undefined ? {} : { addressKeys }),
    ...(newAddressKeys === undefined ? {} : { newAddressKeys }),
    ...(settleEveryMs === undefined ? {} : { settleEveryMs }),
    ...(closing === undefined ? {} : { closing }),
  };
}

/** @throws SkepError `invalid-input`, `invalid-id`, `not-configured` for an address key */
export function checkSwarmOptions({ tenant, limits = {}, addressKeys = {}, settleEveryMs }: SwarmOptions): void {
  if (tenant !== undefined) checkName('tenant', tenant);
  checkAddressKeys(addressKeys);
  const positive: [string, unknown][] = Object.entries(limits);
  if (settleEveryMs !== undefined) positive.push(['settleEveryMs', settleEveryMs]);
  for (const [name, value] of positive) {
    if (name !== 'settleEveryMs' && !Object.hasOwn(LIMITS, name)) {
      const remedy = `There are: ${Object.keys(LIMITS).sort().join(', ')}.`;
      throw new SkepError('invalid-input', { message: `there is no limit ${name}`, id: name, remedy });
    }
    if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
      throw new SkepError('invalid-input', { message: `${name} must be a number above 0`, id: name, remedy: 'Correct the options.' });
    }
  }
}

interface SkepParts {
  readonly node: SkepNode;
  readonly folder: Folder | undefined;
  readonly watchdog: Watchdog | undefined;
}

export class Skep implements AsyncDisposable {
  /** Everything by id. */
  readonly client: Client;
  private readonly local: LocalClient;
  private readonly tenant: string;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly parts: SkepParts,
    options: SwarmOptions,
  ) {
    const { node, folder } = parts;
    this.tenant = options.tenant ?? 'default';
    this.local = new LocalClient(node, {
      dir: folder?.dir ?? null,
      startedMs: node.ports.clock.nowMs(),
      pid: process.pid,
      payloadBytes: options.limits?.payloadBytes ?? LIMITS.payloadBytes,
    });
    this.client = this.local;
  }

  /** A typed handle; the agent need not exist. @throws SkepError `invalid-id` */
  agent<State, Handlers extends { readonly [method: string]: Handler<State> }, Queries extends { readonly [method: string]: Query<State> }>(
    kind: AgentKind<State, Handlers, Queries>,
    name: string,
    { tenant = this.tenant }: { readonly tenant?: string } = {},
  ): AgentHandle<State, Handlers, Queries> {
    return handleOf({ client: this.client, nowMs: () => this.parts.node.ports.clock.nowMs() }, kind, { tenant, name });
  }

  /** Resolves when everything that the last process left behind is back. */
  get recovered(): Promise<{ readonly agents: number; readonly ms: number }> {
    return this.parts.node.recovered;
  }

  /** Takes new code: running turns end on the old one. @throws SkepError `invalid-input` for two kinds of one name; the old ones stay */
  setKinds(kinds: readonly AnyKind[]): void {
    this.parts.node.setKinds(withBuiltIns(kinds));
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
    const { node, folder, watchdog } = this.parts;
    this.local.end(new SkepError('closed', { message: 'this Skep was closed' }));
    await node.close();
    await watchdog?.close();
    await folder?.close();
  }
}

function warnOnStderr(text: string): void {
  process.stderr.write(`skep: ${text}\n`);
}
