/** A world of one node after the other over the same ports in memory: started, crashed in the middle of whatever, started again. */
import type { AnyKind, HostCall, TurnReply } from '@skep/actor';
import { memoryPorts } from '@skep/embedded';
import { type AgentId, agentId, type ErrorCode, isSkepError, type LaneId, operationId, parseAgentId, SkepError, type Value } from '@skep/kernel';
import { decodeBatch, decodeEntry, directoryPrefix } from '@skep/lane';
import type { Ports } from '@skep/ports';
import { type AgentRecord, type AgentStatus, decodeRecord } from '@skep/protocol';
import { SeededRandom } from '@skep/simulated';
import { type NodeOptions, SkepNode } from '../src/index.js';
import { type Controls, controlledPorts } from './controlled-ports.js';
import { HandClock, settled } from './hand-clock.js';

export interface Life {
  readonly node: SkepNode;
  readonly controls: Controls;
  call(agent: AgentId, method: string, input?: Value, options?: HostCall): Promise<TurnReply>;
  /** The reply's value. */
  ask(agent: AgentId, method: string, input?: Value): Promise<Value>;
  state(agent: AgentId): Promise<Value>;
  setStatus(agent: AgentId, status: AgentStatus): Promise<TurnReply>;
  /** Dies at once; nothing that it still does reaches anything. */
  crash(): void;
}

export class Hive {
  readonly clock = new HandClock();
  readonly random: SeededRandom;
  readonly ports: Ports;

  constructor(
    private readonly kinds: readonly AnyKind[],
    private readonly options: Partial<NodeOptions> = {},
    seed = 1,
  ) {
    this.random = new SeededRandom(`hive ${seed}`);
    this.ports = memoryPorts({ clock: this.clock, random: this.random });
  }

  async start(options: Partial<NodeOptions> & { readonly exclusive?: boolean } = {}): Promise<Life> {
    const { exclusive, ...given } = options;
    const { ports, controls } = controlledPorts(this.ports, exclusive === undefined ? {} : { exclusive });
    const node = await this.driven(SkepNode.start(ports, { kinds: this.kinds, settleEveryMs: 1_000_000, ...this.options, ...given }));
    await this.driven(node.recovered);
    const call: Life['call'] = (agent, method, input = null, how = {}) => node.host.call(agent, method, input, how);
    return {
      node,
      controls,
      call,
      ask: async (agent, method, input) => (await call(agent, method, input)).value,
      state: async (agent) => stateOf(node, agent),
      setStatus: (agent, status) =>
        node.host.command(agent, {
          type: 'status changed',
          plan: ({ status: from }) => ({ data: { from, to: status }, edits: [], rest: { status } }),
        }),
      crash: () => controls.kill(),
    };
  }

  /** Lets time go on until the work is done. */
  async driven<Result>(work: Promise<Result>): Promise<Result> {
    let over = false;
    const mark = (): void => {
      over = true;
    };
    work.then(mark, mark);
    for (let waited = 0; ; waited += 1) {
      await settled();
      if (over) return work;
      if (waited > 10_000) throw new Error('it does not end, however long the clock goes on');
      await this.clock.advance(10);
    }
  }

  /** Lets time go on until something holds. */
  async until(holds: () => boolean): Promise<void> {
    for (let waited = 0; !holds(); waited += 1) {
      if (waited > 2_000) throw new Error('it does not come to hold, however long the clock goes on');
      await this.clock.advance(10);
    }
  }

  operation(atMs = this.clock.nowMs()): { readonly kind: 'operation'; readonly id: string } {
    return { kind: 'operation', id: operationId(atMs, this.random.bytes(10)) };
  }

  /** Everything in the logs that was kept, oldest first. */
  async records(agent?: AgentId): Promise<readonly (AgentRecord & { readonly agent: AgentId; readonly position: number })[]> {
    const found: (AgentRecord & { readonly agent: AgentId; readonly position: number })[] = [];
    for (const lane of await this.lanes()) {
      for (const { bytes } of await this.ports.log.read(lane, 0)) {
        for (const record of decodeBatch(bytes).records) {
          if (agent === undefined || record.agent === agent)
            found.push({ ...decodeRecord(record.body, record.agent), agent: record.agent, position: record.position });
        }
      }
    }
    return found;
  }

  async lanes(): Promise<readonly LaneId[]> {
    const lanes = new Set<LaneId>();
    for (const { key, value } of await this.ports.registry.list('directory/', { limit: 10_000 })) {
      const entry = decodeEntry(value, key);
      for (const { lane } of entry.trail) lanes.add(lane);
      lanes.add(entry.owner);
    }
    return [...lanes];
  }

  async entryOf(node: SkepNode, agent: AgentId) {
    const key = directoryPrefix(node.universe, node.timeline) + agent;
    const found = await this.ports.registry.get(key);
    return found === undefined ? undefined : decodeEntry(found.value, key);
  }
}

export function id(kind: string, name: string): AgentId {
  return agentId({ tenant: 'default', kind, name });
}

export async function stateOf({ host }: SkepNode, agent: AgentId): Promise<Value> {
  const found = await host.reading(agent);
  if (found === undefined) return host.roster.initialTree(host.roster.kindOf(agent), parseAgentId(agent)).value();
  const { tree } = found.ready;
  await host.barrier(found.lastTicket);
  return tree.value();
}

/** Records that the process handed to the log, also those that were trimmed since. */
export function written({ controls }: Life, agent: AgentId): readonly AgentRecord[] {
  const records = controls.appends.flatMap(({ bytes }) => decodeBatch(bytes).records);
  return records.filter((record) => record.agent === agent).map((record) => decodeRecord(record.body, agent));
}

/** The code of the rejection, or `done`. */
export async function codeOf(work: Promise<unknown>): Promise<ErrorCode | 'done'> {
  try {
    await work;
    return 'done';
  } catch (error) {
    if (isSkepError(error)) return error.code;
    throw error;
  }
}

/** A promise that a test settles. */
export class Door<Result = void> {
  readonly passed: Promise<Result>;
  open: (result: Result) => void = () => {};
  refuse: (error: Error) => void = () => {};

  constructor() {
    this.passed = new Promise((resolve, reject) => {
      this.open = resolve;
      this.refuse = reject;
    });
    this.passed.catch(() => {});
  }
}

export function failure(code: ErrorCode): SkepError {
  return new SkepError(code, { message: `a test says ${code}` });
}

/** Whether a promise has settled by now. */
export async function isSettled(work: Promise<unknown>): Promise<boolean> {
  let over = false;
  const mark = (): void => {
    over = true;
  };
  work.then(mark, mark);
  await settled();
  return over;
}
