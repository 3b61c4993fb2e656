/** A swarm in memory for tests; see testing.ts for what it promises. */
import type { AgentKind, AnyKind, Handler, Query } from '@skep/actor';
import { memoryPorts } from '@skep/embedded';
import { LIMITS, operationId, SkepError } from '@skep/kernel';
import type { Ports, Random } from '@skep/ports';
import { SkepNode } from '@skep/runtime';
import { SeededRandom } from '@skep/simulated';
import { type AgentHandle, handleOf } from '../agent-handle.js';
import { withBuiltIns } from '../built-ins.js';
import type { Client } from '../client.js';
import { LocalClient } from '../local-client.js';
import { checkSwarmOptions, nodeOptions, type SwarmOptions } from '../skep.js';
import { CurrentClient } from './current-client.js';
import { ManualClock } from './manual-clock.js';
import { type MortalPorts, mortalPorts } from './mortal-ports.js';

export interface TestOptions extends SwarmOptions {
  /** Everything random comes from it. Default 1. */
  readonly seed?: number | string;
  /** Milliseconds since 1970 at which the clock stands at first. Default 2026-01-01 UTC. */
  readonly startMs?: number;
}

/** Tests let days go by; snapshots every few seconds of them would be most of the work. */
const SETTLE_EVERY_MS = 60_000;

/** @throws SkepError `invalid-input`, `invalid-id` */
export async function testSkep(options: TestOptions = {}): Promise<TestSkep> {
  checkSwarmOptions(options);
  const clock = new ManualClock(options.startMs);
  const random = new SeededRandom(`skep test ${options.seed ?? 1}`);
  const skep = new TestSkep({ clock, random, ports: memoryPorts({ clock, random }) }, options);
  await skep.reopen();
  return skep;
}

/** One process of the swarm, from start to close or crash. */
interface Process {
  readonly life: MortalPorts;
  readonly node: SkepNode;
  readonly client: LocalClient;
}

interface World {
  readonly clock: ManualClock;
  readonly random: Random;
  readonly ports: Ports;
}

export class TestSkep implements AsyncDisposable {
  /** Everything by id, whichever process is open. */
  readonly client: Client;
  readonly clock: ManualClock;
  private readonly current: CurrentClient;
  private kinds: readonly AnyKind[];
  private process: Process | undefined;

  /** Use `testSkep`. */
  constructor(
    private readonly world: World,
    private readonly options: TestOptions,
  ) {
    this.clock = world.clock;
    this.kinds = options.kinds ?? [];
    this.current = new CurrentClient(() => this.opened().client);
    this.client = this.current;
  }

  /** A typed handle; it outlives crashes. @throws SkepError `invalid-id` */
  agent<State, Handlers extends { readonly [method: string]: Handler<State> }, Queries extends { readonly [method: string]: Query<State> }>(
    kind: AgentKind<State, Handlers, Queries>,
    name: string,
    { tenant = this.options.tenant ?? 'default' }: { readonly tenant?: string } = {},
  ): AgentHandle<State, Handlers, Queries> {
    return handleOf({ client: this.client, nowMs: () => this.clock.nowMs() }, kind, { tenant, name });
  }

  /** A fresh operation id, drawn from the seed. */
  operation(): string {
    return operationId(this.clock.nowMs(), this.world.random.bytes(10));
  }

  /** Lets time go on: due timers fire in order, and what they set off happens before the next one. */
  advance(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }

  /** Takes new code: running turns end on the old one. */
  setKinds(kinds: readonly AnyKind[]): void {
    const all = withBuiltIns(kinds);
    this.opened().node.setKinds(all);
    this.kinds = kinds;
  }

  /** The process dies at once. Everybody who waits gets `outcome-unknown`; what was not acknowledged may or may not be in the log. */
  crash(): void {
    const { life, node, client } = this.opened();
    this.process = undefined;
    life.kill();
    node.driver.stop();
    const error = new SkepError('outcome-unknown', { message: 'the process crashed before it answered' });
    client.end(error);
    node.host.roster.died(error);
  }

  /** Starts a process on what the last one left, with other kinds if some are given; resolves when all agents are back. */
  async reopen({ kinds = this.kinds }: { readonly kinds?: readonly AnyKind[] } = {}): Promise<void> {
    if (this.process !== undefined) throw new SkepError('folder-held', { message: 'a process is open', remedy: 'Call crash() or close() first.' });
    this.kinds = kinds;
    const life = mortalPorts(this.world.ports);
    const node = await SkepNode.start(life.ports, nodeOptions({ settleEveryMs: SETTLE_EVERY_MS, ...this.options, kinds }));
    const client = new LocalClient(node, {
      dir: null,
      startedMs: this.clock.nowMs(),
      pid: process.pid,
      payloadBytes: this.options.limits?.payloadBytes ?? LIMITS.payloadBytes,
    });
    this.process = { life, node, client };
    await node.recovered;
    await this.current.watchAgain();
  }

  /** Ends the process in good order; `reopen` starts another. Idempotent. */
  async close(): Promise<void> {
    const open = this.process;
    if (open === undefined) return;
    this.process = undefined;
    open.client.end(new SkepError('closed', { message: 'this swarm was closed' }));
    await open.node.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private opened(): Process {
    if (this.process !== undefined) return this.process;
    throw new SkepError('unavailable', { message: 'no process is open', remedy: 'Call reopen().' });
  }
}
