/**
 * A small world round the real lane code: a few nodes, one agent, a log, a directory, and everything that can go wrong between them.
 * The explorer walks all of it; here is what a world holds and how it answers what a lane wants. `observer.ts` says what must never be seen.
 *
 * - Requests take effect and are answered in two steps, so anything may happen in between. A request may time out (its sender is told
 *   `unknown`) and still take effect later, even after its sender died; or be refused for certain.
 * - Directory reads return any state that the entry ever had. A late answer to one is the same as a stale one, so they are one step.
 * - Records are read back in one step, at any later time where trims or refusals make a difference.
 */
import type { AgentId, LaneId } from '@skep/kernel';
import { type Answer, type Death, Lane, type LaneOutput, type LaneRequest, LaneTail, type Rules, recoverAgent } from '@skep/lane';
import type { Budget, Left } from './budget.js';
import { checkAborted, checkRecovered, checkStored, type Gated, observe, type Tally, Violation } from './observer.js';
import { applyTo, type Effect, emptyStorage, laneNumber, lastSequence, type Storage, type StoredLane } from './storage.js';

export const AGENT = 'default/walked/a' as AgentId;

/** A state that may become a snapshot, and the lane's last acknowledged batch when it was released. */
export interface Released {
  readonly state: readonly number[];
  readonly batch: number;
}

export interface Node {
  lane: Lane;
  alive: boolean;
  /** It did something, or something was done to it. */
  started: boolean;
  /** What the agent is, in this node's memory; undefined while it is not held. */
  state: readonly number[] | undefined;
  acknowledged: readonly number[];
  latest: Released;
  /** The release before the latest one: a snapshot of it may be named late. */
  earlier: Released | undefined;
  written: number;
  gated: readonly Gated[];
  /** What clients had seen when this node's last directory write took effect: a claim must bring back that much. */
  seenAtClaim: readonly number[];
  /** Its number among shapes, once it is known; 0 before. */
  shape: number;
}

export interface Pending {
  readonly node: number;
  readonly request: LaneRequest | Extract<Effect, { kind: 'trim' }>;
  /** Nobody waits for it: its sender was told `unknown`, is dead or went on. It may still take effect. */
  readonly orphan: boolean;
  /** It took effect; its answer is on the way. */
  readonly answer: Answer | undefined;
  shape: number;
}

/** What all worlds of one walk have in common. */
export interface Setting {
  readonly budget: Budget;
  readonly rules: Rules;
  readonly tally: Tally;
}

const NO_RELEASE: Released = { state: [], batch: 0 };

export class World {
  storage: Storage;
  pending: readonly Pending[] = [];
  nodes: Node[];
  left: Left;
  /** The longest history that a client was told of. */
  seen: readonly number[] = [];
  /** Writes of which a client was told that they never took effect. */
  aborted: readonly number[] = [];

  constructor(readonly setting: Setting) {
    const { nodes, log, begin, ...left } = setting.budget;
    this.left = { ...left };
    this.storage = emptyStorage(nodes);
    this.nodes = Array.from({ length: nodes }, (_, index) => ({
      lane: new Lane({ lane: `main/1/n${index}` as LaneId, exclusive: log === 'exclusive', rules: setting.rules }),
      alive: true,
      started: false,
      state: undefined,
      acknowledged: [],
      latest: NO_RELEASE,
      earlier: undefined,
      written: 0,
      gated: [],
      seenAtClaim: [],
      shape: 0,
    }));
  }

  clone(): World {
    const copy = Object.create(World.prototype) as { -readonly [Name in keyof World]: World[Name] };
    copy.setting = this.setting;
    copy.storage = this.storage;
    copy.pending = this.pending;
    copy.nodes = this.nodes.slice();
    copy.left = { ...this.left };
    copy.seen = this.seen;
    copy.aborted = this.aborted;
    return copy as World;
  }

  /** The next write's value: each is made once. */
  get nextWrite(): number {
    return this.setting.budget.writes - this.left.writes + 1;
  }

  laneOf(index: number): StoredLane {
    return this.storage.lanes[index] as StoredLane;
  }

  /** A node that may be changed: the copy is made at the first touch only. */
  touch(index: number): Node {
    const node = this.nodes[index] as Node;
    const copy = { ...node, started: true, lane: node.lane.clone(), shape: 0 };
    this.nodes[index] = copy;
    return copy;
  }

  /** The pending requests with one of them changed, or taken away. */
  pendingBut(at: number, change: Partial<Pending> | undefined): readonly Pending[] {
    if (change === undefined) return this.pending.filter((_, index) => index !== at);
    return this.pending.map((each, index) => (index === at ? { ...each, ...change, shape: 0 } : each));
  }

  /** To be called after a touched node acted: performs what its lane wants. Requests wait, events act at once. */
  drain(index: number): void {
    const node = this.nodes[index] as Node;
    for (let outputs = node.lane.take(); outputs.length > 0; outputs = node.lane.take()) {
      for (const output of outputs) this.perform(index, node, output);
    }
  }

  /** Ends a step: requests that nobody awaits any more become orphans, and what clients have seen must be in storage. */
  finish(before: World): World {
    for (let at = this.pending.length - 1; at >= 0; at -= 1) {
      const pending = this.pending[at] as Pending;
      const change = this.changeOf(pending);
      if (change !== pending) this.pending = this.pendingBut(at, change);
    }
    if (this.storage !== before.storage || this.seen !== before.seen || this.aborted !== before.aborted) {
      this.setting.tally.historiesCompared += 1;
      checkStored(this.storage, this);
    }
    return this;
  }

  /** Takes effect in the log or the directory. */
  execute(effect: Effect): Answer {
    const { storage, answer } = applyTo(this.storage, effect);
    this.storage = storage;
    return answer;
  }

  /** A client is told. */
  tell(gated: Gated): void {
    const { tally } = this.setting;
    checkAborted(gated.state, this.aborted);
    this.seen = observe(gated, this.seen);
    if (gated.kind === 'write') tally.acknowledgedWrites += 1;
    else tally.acknowledgedReads += 1;
    if (gated.kind === 'read' && gated.seenAtStart.length > 0) tally.readsOfSomething += 1;
  }

  /** Reads the ranges back as a driver does. */
  recover(node: Node, { agent, snapshot, ranges }: Extract<LaneRequest, { kind: 'recover' }>): Answer {
    const tails = new Map<LaneId, LaneTail>();
    for (const { lane } of ranges) {
      const tail = new LaneTail(lane);
      tail.push(this.laneOf(laneNumber(lane)).entries);
      tails.set(lane, tail);
    }
    return recoverAgent({ agent, snapshot, ranges, ownLane: node.lane.id, tailOf: (lane) => tails.get(lane) });
  }

  private perform(index: number, node: Node, output: LaneOutput): void {
    switch (output.kind) {
      case 'append':
      case 'last':
      case 'get':
      case 'update':
        this.pending = [...this.pending, { node: index, request: output, orphan: false, answer: undefined, shape: 0 }];
        return;
      case 'recover':
        if (this.rangesAreFixed) return node.lane.answer(output.request, this.recover(node, output));
        this.pending = [...this.pending, { node: index, request: output, orphan: false, answer: undefined, shape: 0 }];
        return;
      case 'trim':
        this.setting.tally.trims += 1;
        this.pending = [...this.pending, { node: index, request: output, orphan: true, answer: undefined, shape: 0 }];
        return;
      case 'released':
        return this.release(node, output.through, output.batch);
      case 'aborted':
        return this.abort(node);
      case 'owned':
        return this.owned(node, output);
      case 'refused':
        if (output.why.kind === 'damaged') throw new Violation(`history lost: ${output.why.message}`);
        return;
      case 'freed':
      case 'lost':
        if (!node.lane.holds(AGENT)) node.state = undefined;
        return;
      case 'dead':
        return this.die(node, output.why);
      case 'unsealed':
        throw new Violation(`lane ${output.lane} cannot be sealed: ${output.error.message}`);
      case 'settled':
      case 'unsettled':
      case 'sealed':
        return;
    }
  }

  private owned(node: Node, { snapshot, records }: Extract<LaneOutput, { kind: 'owned' }>): void {
    const base = snapshot === null ? [] : (this.storage.snapshots.get(snapshot.blob) ?? []);
    const state = [...base, ...records.map((record) => record.body[0] as number)];
    checkRecovered(state, node.seenAtClaim);
    checkAborted(state, this.aborted);
    if (node.seenAtClaim.length > 0) this.setting.tally.recoveriesOfSomething += 1;
    if (base.length > 0) this.setting.tally.recoveriesFromSnapshots += 1;
    node.state = state;
    node.acknowledged = state;
    node.written = 0;
    node.latest = { state, batch: node.lane.acknowledgedBatch };
    node.earlier = undefined;
  }

  private release(node: Node, through: number, batch: number): void {
    const leaving = node.gated.filter((gated) => gated.ticket <= through);
    if (leaving.length === 0) return;
    node.gated = node.gated.filter((gated) => gated.ticket > through);
    for (const gated of leaving) {
      if (gated.kind === 'write') node.acknowledged = gated.state;
      this.tell(gated);
    }
    if (node.acknowledged === node.latest.state) return;
    node.earlier = node.latest;
    node.latest = { state: node.acknowledged, batch };
  }

  private abort(node: Node): void {
    const writes = node.gated.filter((gated) => gated.kind === 'write').map(({ state }) => state[state.length - 1] as number);
    this.setting.tally.abortedWrites += writes.length;
    this.aborted = [...this.aborted, ...writes];
    node.gated = [];
    if (!node.lane.holds(AGENT)) node.state = undefined;
  }

  private die(node: Node, why: Death): void {
    if (why === 'corrupt') throw new Violation('a writer met a lane that is neither its own nor sealed');
    this.setting.tally.deaths += 1;
    node.state = undefined;
    node.gated = [];
  }

  /** What becomes of a request now: itself, a change, or nothing any more. */
  private changeOf(pending: Pending): Partial<Pending> | undefined {
    const { request, node, answer, orphan } = pending;
    if (!orphan) {
      const { alive, lane } = this.nodes[node] as Node;
      const awaited = alive && 'request' in request && lane.awaits(request.request);
      if (awaited && answer === undefined && this.hopeless(request)) return { answer: { kind: 'conflict' } };
      if (awaited && answer === undefined && this.isForever(request)) return { answer: this.execute(request) };
      if (awaited) return pending;
    }
    if (answer !== undefined || !('expected' in request || request.kind === 'trim') || this.hopeless(request)) return undefined;
    return orphan ? pending : { orphan: true };
  }

  /** Where nothing is trimmed or refused, it makes no difference when closed ranges are read. */
  private get rangesAreFixed(): boolean {
    const { trims, refusals } = this.setting.budget;
    return trims === 0 && refusals === 0;
  }

  /** The last record of a sealed lane, which is its seal from then on. */
  private isForever(request: Pending['request']): request is Extract<LaneRequest, { kind: 'last' }> {
    if (request.kind !== 'last' || this.setting.budget.trims > 0) return false;
    const { entries } = this.laneOf(laneNumber(request.lane));
    return entries[entries.length - 1]?.batch.kind === 'seal';
  }

  /** It can never take effect: what it compares with only grows. A lane that is trimmed to nothing (a mistake) takes a first batch again. */
  private hopeless(request: Pending['request']): boolean {
    if (request.kind === 'update') return request.expected < this.storage.directory.length;
    if (request.kind === 'trim') return (this.laneOf(laneNumber(request.lane)).entries[0]?.sequence ?? request.below) >= request.below;
    if (request.kind !== 'append') return false;
    const last = lastSequence(this.laneOf(laneNumber(request.lane)));
    return request.expected < last && (request.expected > 0 || this.setting.budget.trims === 0);
  }
}

/** A turn that writes one value, with the reply to its client behind the gate. */
export function writeTo(node: Node, world: World, value: number): void {
  node.written = node.lane.write(AGENT, Uint8Array.of(value));
  node.state = [...(node.state ?? []), value];
  node.gated = [...node.gated, { ticket: node.written, kind: 'write', state: node.state, seenAtStart: world.seen }];
  node.lane.flush();
}
