/**
 * A small world round the real lane code: a few nodes, one agent or two that send messages, a log, a directory, and everything that can go wrong between them.
 * The explorer walks all of it; here is what a world holds and how it answers what a lane wants. `observer.ts` says what must never be seen.
 *
 * - Requests take effect and are answered in two steps, so anything may happen in between. A request may time out (its sender is told
 *   `unknown`) and still take effect later, even after its sender died; or be refused for certain.
 * - Directory reads return any state that the entry ever had. A late answer to one is the same as a stale one, so they are one step.
 * - A message between nodes may be lost, doubled or late: once it was posted it may reach whoever holds its receiver, at any time, any
 *   number of times. On one node it is handed over at once, before its record is acknowledged.
 * - Records are read back in one step, at any later time where trims or refusals make a difference.
 */
import type { AgentId, LaneId } from '@skep/kernel';
import { type Answer, type Death, Lane, type LaneOutput, type LaneRequest, LaneTail, type Rules, recoverAgent } from '@skep/lane';
import type { Budget, Left } from './budget.js';
import { isAboutMessages, type MessageRules, RECEIVER, SENDER, sentIn, takesIn } from './messages.js';
import { checkAborted, checkRecovered, checkStored, type Gated, observe, type Tally, Violation } from './observer.js';
import {
  AGENTS,
  agentNumber,
  applyTo,
  type Effect,
  emptyStorage,
  laneNumber,
  lastSequence,
  newestRevision,
  type Storage,
  type StoredLane,
} from './storage.js';

/** A state that may become a snapshot, and the lane's last acknowledged batch when it was released. */
export interface Released {
  readonly state: readonly number[];
  readonly batch: number;
}

/** One agent in one node's memory. */
export interface Resident {
  /** Undefined while the node does not hold it. */
  readonly state: readonly number[] | undefined;
  readonly acknowledged: readonly number[];
  readonly latest: Released;
  /** The release before the latest one: a snapshot of it may be named late. */
  readonly earlier: Released | undefined;
  readonly written: number;
  /** What clients had seen when this node's last directory write took effect: a claim must bring back that much. */
  readonly seenAtClaim: readonly number[];
}

export interface Node {
  lane: Lane;
  alive: boolean;
  /** It did something, or something was done to it. */
  started: boolean;
  residents: readonly Resident[];
  gated: readonly Gated[];
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
  readonly messages: MessageRules;
  readonly tally: Tally;
}

const NO_RELEASE: Released = { state: [], batch: 0 };
const NOBODY: Resident = { state: undefined, acknowledged: [], latest: NO_RELEASE, earlier: undefined, written: 0, seenAtClaim: [] };

export class World {
  storage: Storage;
  pending: readonly Pending[] = [];
  nodes: Node[];
  left: Left;
  /** Of each agent the longest history that a client was told of. */
  seen: readonly (readonly number[])[];
  /** Messages that left for another node, and that their sender was told to be taken. */
  posted = 0;
  known = 0;
  /** Writes of which a client was told that they never took effect. */
  aborted: readonly number[] = [];

  constructor(readonly setting: Setting) {
    const { nodes, agents, log, begin, ...left } = setting.budget;
    this.left = { ...left };
    this.storage = emptyStorage(nodes, agents);
    this.seen = Array.from({ length: agents }, () => []);
    this.nodes = Array.from({ length: nodes }, (_, index) => ({
      lane: new Lane({ lane: `main/1/n${index}` as LaneId, exclusive: log === 'exclusive', rules: setting.rules }),
      alive: true,
      started: false,
      residents: Array.from({ length: agents }, () => NOBODY),
      gated: [],
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
    copy.posted = this.posted;
    copy.known = this.known;
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

  /** A client is told, or the other agent. */
  tell(gated: Gated): void {
    const { tally } = this.setting;
    const { agent, state } = gated;
    checkAborted(state, this.aborted);
    const seen = observe(gated, this.seen[agent] as readonly number[]);
    if (seen !== this.seen[agent]) this.seen = this.seen.map((each, index) => (index === agent ? seen : each));
    if (gated.kind === 'write') tally.acknowledgedWrites += 1;
    if (gated.kind === 'note') tally.messagesTaken += 1;
    if (gated.kind === 'read') tally.acknowledgedReads += 1;
    else this.tellOther(agent, state);
    if (gated.kind === 'read' && gated.seenAtStart.length > 0) tally.readsOfSomething += 1;
  }

  /** What an agent's records say of messages reaches the other one's node. */
  tellOther(agent: number, state: readonly number[]): void {
    if (agent === SENDER) this.posted = Math.max(this.posted, sentIn(state));
    if (agent === RECEIVER) this.known = Math.max(this.known, takesIn(state));
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
        return this.forget(node);
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

  private owned(node: Node, { agent, snapshot, records }: Extract<LaneOutput, { kind: 'owned' }>): void {
    const base = snapshot === null ? [] : (this.storage.snapshots.get(snapshot.blob) ?? []);
    const state = [...base, ...records.map((record) => record.body[0] as number)];
    const number = agentNumber(agent);
    const { seenAtClaim } = node.residents[number] as Resident;
    checkRecovered(state, seenAtClaim);
    checkAborted(state, this.aborted);
    if (seenAtClaim.length > 0) this.setting.tally.recoveriesOfSomething += 1;
    if (base.length > 0) this.setting.tally.recoveriesFromSnapshots += 1;
    const latest = { state, batch: node.lane.acknowledgedBatch };
    changeResident(node, number, { state, acknowledged: state, written: 0, latest, earlier: undefined });
  }

  private release(node: Node, through: number, batch: number): void {
    const leaving = node.gated.filter((gated) => gated.ticket <= through);
    if (leaving.length === 0) return;
    node.gated = node.gated.filter((gated) => gated.ticket > through);
    for (const gated of leaving) {
      if (gated.kind !== 'read') changeResident(node, gated.agent, { acknowledged: gated.state });
      this.tell(gated);
    }
    for (const [agent, { acknowledged, latest }] of node.residents.entries()) {
      if (acknowledged !== latest.state) changeResident(node, agent, { earlier: latest, latest: { state: acknowledged, batch } });
    }
  }

  private abort(node: Node): void {
    // A message that was given up may be sent again under the same number.
    const writes = node.gated.flatMap(({ kind, state }) => (kind === 'write' ? state.slice(-1) : [])).filter((value) => !isAboutMessages(value));
    this.setting.tally.abortedWrites += writes.length;
    this.aborted = [...this.aborted, ...writes];
    node.gated = [];
    this.forget(node);
  }

  /** What the lane does not hold is in nobody's memory here. */
  private forget(node: Node): void {
    for (const [number, agent] of AGENTS.slice(0, node.residents.length).entries()) {
      if (!node.lane.holds(agent)) changeResident(node, number, { state: undefined });
    }
  }

  private die(node: Node, why: Death): void {
    if (why === 'corrupt') throw new Violation('a writer met a lane that is neither its own nor sealed');
    this.setting.tally.deaths += 1;
    node.gated = [];
    this.forget(node);
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
    if (request.kind === 'update') return request.expected < newestRevision(this.storage, agentNumber(request.agent));
    if (request.kind === 'trim') return (this.laneOf(laneNumber(request.lane)).entries[0]?.sequence ?? request.below) >= request.below;
    if (request.kind !== 'append') return false;
    const last = lastSequence(this.laneOf(laneNumber(request.lane)));
    return request.expected < last && (request.expected > 0 || this.setting.budget.trims === 0);
  }
}

export function changeResident(node: Node, agent: number, change: Partial<Resident>): void {
  node.residents = node.residents.map((each, index) => (index === agent ? { ...each, ...change } : each));
}

/** A turn that writes one value, with what follows from it behind the gate. */
export function writeTo(
  node: Node,
  world: World,
  { agent, value, kind }: { readonly agent: number; readonly value: number; readonly kind: 'write' | 'note' },
): void {
  const written = node.lane.write(AGENTS[agent] as AgentId, Uint8Array.of(value));
  const state = [...((node.residents[agent] as Resident).state ?? []), value];
  changeResident(node, agent, { written, state });
  node.gated = [...node.gated, { ticket: written, agent, kind, state, seenAtStart: world.seen[agent] as readonly number[] }];
  const { postsWhenReleased, acknowledgesWhenReleased } = world.setting.messages;
  if (agent === SENDER ? !postsWhenReleased : !acknowledgesWhenReleased) world.tellOther(agent, state);
  node.lane.flush();
}
