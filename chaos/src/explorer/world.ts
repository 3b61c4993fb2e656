/**
 * A small world round the real lane code: a few nodes, one agent, a log, a directory, and everything that can go wrong between them.
 * The explorer walks all of it; here is what a world holds and what an observer of it must never see.
 *
 * Requests take effect and are answered in two steps, so anything may happen in between; a request may also time out (its sender is
 * told `unknown`) and still take effect later, even after its sender died. Directory reads return any state the entry ever had.
 */
import { type AgentId, encode, type HashHex, type LaneId, type Value } from '@skep/kernel';
import {
  type Answer,
  type DirectoryEntry,
  decodeBatch,
  Lane,
  type LaneOutput,
  type LaneRequest,
  LaneTail,
  type Rules,
  recoverAgent,
} from '@skep/lane';

export const AGENT = 'default/walked/a' as AgentId;

/** How often each thing may happen in one walk; a world is the space of all orders. */
export interface Budget {
  readonly nodes: number;
  readonly writes: number;
  readonly reads: number;
  readonly claims: number;
  readonly frees: number;
  readonly settles: number;
  readonly seals: number;
  readonly trims: number;
  readonly crashes: number;
  readonly timeouts: number;
  readonly staleReads: number;
}

export type Left = { -readonly [Name in keyof Omit<Budget, 'nodes'>]: number };

interface StoredEntry {
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

interface StoredLane {
  readonly entries: readonly StoredEntry[];
  /** Counts all entries that there ever were, like a real log. */
  readonly sequence: number;
}

/** Something that waits to leave a node: what a client will be told. */
interface Gated {
  readonly ticket: number;
  readonly kind: 'write' | 'read';
  readonly state: readonly number[];
  /** The longest history that anybody had seen when the operation began. */
  readonly seenAtStart: readonly number[];
}

export interface Node {
  lane: Lane;
  alive: boolean;
  /** What the agent is, in this node's memory; undefined while it is not held. */
  state: readonly number[] | undefined;
  acknowledged: readonly number[];
  written: number;
  gated: readonly Gated[];
  /** What clients had seen when this node's last directory write took effect: a claim must bring back that much. */
  seenAtClaim: readonly number[];
  laneIds: readonly LaneId[];
}

export interface Pending {
  readonly node: number;
  readonly request: Exclude<LaneRequest, { kind: 'recover' }>;
  /** The sender was told `unknown`, or is dead: the request may still take effect, its answer goes nowhere. */
  readonly orphan: boolean;
  /** The request took effect; its answer is on the way. */
  readonly answer: Answer | undefined;
}

export class Violation extends Error {
  override readonly name = 'Violation';
}

export class World {
  lanes = new Map<LaneId, StoredLane>();
  /** Every state that the agent's directory entry had; index = revision - 1. */
  directory: readonly DirectoryEntry[] = [];
  snapshots = new Map<string, readonly number[]>();
  pending: readonly Pending[] = [];
  nodes: Node[] = [];
  left: Left;
  nextWrite = 1;
  /** The longest history that a client was told of. */
  seen: readonly number[] = [];

  constructor(budget: Budget, rules: Rules) {
    const { nodes, ...left } = budget;
    this.left = { ...left };
    const laneIds = Array.from({ length: nodes }, (_, index) => `main/1/n${index}` as LaneId);
    this.nodes = laneIds.map((id) => ({
      lane: new Lane({ lane: id, exclusive: false, rules }),
      alive: true,
      state: undefined,
      acknowledged: [],
      written: 0,
      gated: [],
      seenAtClaim: [],
      laneIds,
    }));
  }

  clone(): World {
    const copy = Object.create(World.prototype) as World;
    copy.lanes = new Map(this.lanes);
    copy.directory = this.directory;
    copy.snapshots = this.snapshots;
    copy.pending = this.pending;
    copy.nodes = [...this.nodes];
    copy.left = { ...this.left };
    copy.nextWrite = this.nextWrite;
    copy.seen = this.seen;
    return copy;
  }

  /** A node that may be changed: the copy is made at the first touch only. */
  touch(index: number): Node {
    const node = this.nodes[index] as Node;
    const copy = { ...node, lane: node.lane.clone() };
    this.nodes[index] = copy;
    return copy;
  }

  /** Equal worlds have equal keys; the order of pending requests and request numbers do not count. */
  key(): Uint8Array {
    const lanes = [...this.lanes].map(([id, lane]): Value => [id, lane.sequence, lane.entries.map((entry) => entry.bytes.slice(2))]);
    const entry = (each: DirectoryEntry): Value => [each.owner, each.since, each.epoch, each.trail.length, each.snapshot?.position ?? 0, each.free];
    const pending = this.pending.map(({ node, request, orphan, answer }): Value => {
      const what =
        request.kind === 'append' ? request.bytes : request.kind === 'update' ? entry(request.entry) : request.kind === 'last' ? request.lane : null;
      const target = request.kind === 'append' || request.kind === 'update' ? request.expected : 0;
      return [
        orphan ? -1 : node,
        request.kind,
        what,
        target,
        answer === undefined ? null : [answer.kind, answer.kind === 'last' ? (answer.entry?.bytes ?? 0) : 0],
      ];
    });
    const sorted = pending.map((each) => encode(each)).sort((one, other) => Buffer.compare(one, other));
    const nodes = this.nodes.map((node): Value => {
      if (!node.alive) return null;
      const gated = node.gated.map(({ ticket, kind, state, seenAtStart }): Value => [ticket, kind, state, seenAtStart]);
      return [node.lane.inspect(), node.state ?? null, node.acknowledged, node.written, gated, node.seenAtClaim];
    });
    const { left } = this;
    return encode([lanes, this.directory.map(entry), sorted, nodes, Object.values(left), this.nextWrite, this.seen]);
  }

  /** Performs what the node's lane wants: requests wait, events act at once. */
  drain(index: number): void {
    const node = this.nodes[index] as Node;
    for (let outputs = node.lane.take(); outputs.length > 0; outputs = node.lane.take()) {
      for (const output of outputs) this.perform(index, node, output);
    }
  }

  private perform(index: number, node: Node, output: LaneOutput): void {
    switch (output.kind) {
      case 'append':
      case 'last':
      case 'get':
      case 'update':
        this.pending = [...this.pending, { node: index, request: output, orphan: false, answer: undefined }];
        return;
      case 'recover':
        return this.recover(node, output);
      case 'released':
        return this.release(node, output.through);
      case 'owned':
        return this.owned(node, output);
      case 'refused':
        if (output.why.kind === 'damaged') throw new Violation(`history lost: ${output.why.message}`);
        return;
      case 'trim':
        return this.trim(output.lane, output.below);
      case 'freed':
      case 'lost':
        node.state = node.lane.holds(AGENT) ? node.state : undefined;
        return;
      case 'dead':
        if (output.why === 'corrupt') throw new Violation('a writer met a lane that is neither its own nor sealed');
        node.state = undefined;
        node.gated = [];
        return;
      case 'settled':
      case 'unsettled':
      case 'sealed':
      case 'aborted':
        return;
    }
  }

  private recover(node: Node, request: Extract<LaneRequest, { kind: 'recover' }>): void {
    const tails = new Map<LaneId, LaneTail>();
    for (const range of request.ranges) {
      const tail = new LaneTail(range.lane);
      tail.push(this.lanes.get(range.lane)?.entries ?? []);
      tails.set(range.lane, tail);
    }
    const { agent, snapshot, ranges } = request;
    const answer = recoverAgent({ agent, snapshot, ranges, ownLane: node.lane.id, tailOf: (lane) => tails.get(lane) });
    node.lane.answer(request.request, answer);
  }

  private owned(node: Node, output: Extract<LaneOutput, { kind: 'owned' }>): void {
    const base = output.snapshot === null ? [] : (this.snapshots.get(output.snapshot.blob) ?? []);
    const state = [...base, ...output.records.map((record) => record.body[0] as number)];
    if (new Set(state).size !== state.length) throw new Violation(`history counted twice: recovered ${state}`);
    if (!extendsHistory(state, node.seenAtClaim)) throw new Violation(`lost write: recovered [${state}], clients had seen [${node.seenAtClaim}]`);
    node.state = state;
    node.acknowledged = state;
  }

  private release(node: Node, through: number): void {
    const leaving = node.gated.filter((gated) => gated.ticket <= through);
    if (leaving.length === 0) return;
    node.gated = node.gated.filter((gated) => gated.ticket > through);
    for (const gated of leaving) {
      if (gated.kind === 'write') node.acknowledged = gated.state;
      this.observe(gated);
    }
  }

  /** A client is told: what it sees must extend what anybody had seen when it asked, and be one history with everything seen. */
  observe({ kind, state, seenAtStart }: Gated): void {
    if (!extendsHistory(state, seenAtStart)) throw new Violation(`stale ${kind}: got [${state}], [${seenAtStart}] had been seen before it began`);
    if (!extendsHistory(state, this.seen) && !extendsHistory(this.seen, state)) {
      throw new Violation(`two histories: [${state}] and [${this.seen}] were both acknowledged`);
    }
    if (state.length > this.seen.length) this.seen = state;
  }

  private trim(id: LaneId, below: number): void {
    const lane = this.lanes.get(id);
    if (lane !== undefined) this.lanes.set(id, { ...lane, entries: lane.entries.filter((entry) => entry.sequence >= below) });
  }

  /** Takes effect in the log or the directory. A log whose entries are all gone accepts "expected 0" again, as the real one does. */
  execute(request: Pending['request'], directoryState?: number): Answer {
    switch (request.kind) {
      case 'append': {
        const lane = this.lanes.get(request.lane) ?? { entries: [], sequence: 0 };
        const last = lane.entries[lane.entries.length - 1]?.sequence ?? 0;
        if (last !== request.expected) return { kind: 'conflict' };
        const sequence = lane.sequence + 1;
        this.lanes.set(request.lane, { entries: [...lane.entries, { sequence, bytes: request.bytes }], sequence });
        return { kind: 'appended', sequence };
      }
      case 'last': {
        const entries = this.lanes.get(request.lane)?.entries ?? [];
        return { kind: 'last', entry: entries[entries.length - 1] };
      }
      case 'update':
        if (this.directory.length !== request.expected) return { kind: 'conflict' };
        this.directory = [...this.directory, request.entry];
        return { kind: 'updated', revision: this.directory.length };
      case 'get': {
        const revision = directoryState ?? this.directory.length;
        return { kind: 'entry', entry: revision === 0 ? undefined : this.directory[revision - 1], revision };
      }
    }
  }

  /** A snapshot of what is acknowledged, put where any node finds it. */
  snapshot(state: readonly number[]): HashHex {
    const name = state.join(',') as HashHex;
    if (!this.snapshots.has(name)) this.snapshots = new Map(this.snapshots).set(name, state);
    return name;
  }
}

export function extendsHistory(longer: readonly number[], shorter: readonly number[]): boolean {
  return shorter.every((write, index) => longer[index] === write);
}

export function describeBytes(bytes: Uint8Array): string {
  const batch = decodeBatch(bytes);
  return batch.kind === 'seal' ? `seal ${batch.number}` : `batch ${batch.number} [${batch.records.map((record) => record.body[0])}]`;
}
