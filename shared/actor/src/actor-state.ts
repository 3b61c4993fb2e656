/**
 * Everything that an agent is: its content (the user's state) and what exactly-once needs around it. The fold of its records.
 *
 * S1 `apply` depends on the record alone (and the state that it follows; before the first one: `originOf`): applied live or in a recovery, the result is the same (G1, G8).
 * S2 Nothing else changes an ActorState.
 */
import { type AgentId, encode, type HashHex, type HybridClock, hashHexOf, SkepError, type Value } from '@skep/kernel';
import {
  type AgentRecord,
  type AgentStatus,
  type BegunRecord,
  decodeRecord,
  encodeRecord,
  type RecordRest,
  type SendItem,
  type StepRecord,
  type TimerItem,
  type TurnRecord,
} from '@skep/protocol';
import { applyRecorded, type Edit, NO_SUPERPOSITIONS, type Superpositions, type Tree } from '@skep/state';
import type { Activation } from './activation.js';
import { Replies } from './dedupe.js';
import { superpositionRoots } from './superpose/superposition-value.js';

export interface SetTimer extends TimerItem {
  readonly atMs: number;
}

/** A turn that awaits steps, as far as it is journalled. */
export interface PendingTurn {
  readonly begun: BegunRecord;
  readonly steps: StepRecord[];
}

export interface NamedCheckpoint {
  readonly name: string;
  readonly version: number;
  readonly root: string;
}

export class ActorState {
  version = 0;
  status: AgentStatus = 'active';
  clock: HybridClock = { ms: 0, counter: 0 };
  /** The last sequence taken from each sender. */
  readonly cursors = new Map<AgentId, number>();
  /** The last sequence sent to each receiver. */
  readonly sent = new Map<AgentId, number>();
  /** Sent and not known to be taken, in order per receiver. */
  outbox: readonly SendItem[] = [];
  readonly timers = new Map<string, SetTimer>();
  replies = new Replies();
  pending: PendingTurn | undefined;
  readonly checkpoints = new Map<string, NamedCheckpoint>();
  lineage: RecordRest['lineage'];
  superpositions: Superpositions = NO_SUPERPOSITIONS;

  constructor(
    readonly agent: AgentId,
    public tree: Tree,
  ) {}

  /** Whether the record can follow. @throws SkepError `corrupt` when its version does not fit, or it belongs to no turn */
  check(record: AgentRecord): void {
    const changes = record.kind === 'turn' && record.events.some((event) => event.edits.length > 0);
    const expected = changes ? this.version + 1 : this.version;
    if (record.version !== expected) {
      throw new SkepError('corrupt', { message: `a record makes version ${record.version} where ${expected} should follow`, id: this.agent });
    }
    if (record.initial !== undefined && this.version !== 0) {
      throw new SkepError('corrupt', { message: `a record behind version ${this.version} says how the agent began`, id: this.agent });
    }
    if (record.kind === 'step' && this.pending === undefined) {
      throw new SkepError('corrupt', { message: `the step ${record.name} belongs to no turn`, id: this.agent });
    }
    if (record.kind === 'turn' && record.rest.superposition !== undefined) this.superpositionsAfter(record);
  }

  /** Adds a record. `tree`: the content after it, where the caller has it already. @throws SkepError `corrupt` when it does not fit */
  apply(record: AgentRecord, tree?: Tree): void {
    this.check(record);
    this.clock = { ms: record.ms, counter: record.counter };
    switch (record.kind) {
      case 'turn':
        return this.applyTurn(record, tree);
      case 'begun':
        this.pending = { begun: record, steps: [] };
        return;
      case 'step':
        this.pending?.steps.push(record);
        return;
    }
  }

  get contentRoot(): HashHex {
    return this.tree.root();
  }

  /** Covers the content and everything around it (G8). */
  get actorRoot(): HashHex {
    const parts: Value[] = [this.contentRoot, this.surroundings()];
    if (this.superpositions.size > 0) parts.push(superpositionRoots(this.superpositions, this.tree));
    return hashHexOf(encode(parts));
  }

  /** Everything but the content and the superpositions, as a value. */
  surroundings(): Value {
    return {
      version: this.version,
      status: this.status,
      clock: [this.clock.ms, this.clock.counter],
      cursors: sortedPairs(this.cursors),
      sent: sortedPairs(this.sent),
      outbox: this.outbox.map(({ to, sequence, method, input, correlation }) => [to, sequence, method, input, correlation]),
      timers: [...this.timers.values()].sort(byName).map(({ name, atMs, everyMs, method, input }) => [name, atMs, everyMs, method, input]),
      replies: this.replies.toValue(),
      checkpoints: [...this.checkpoints.values()].sort(byName).map(({ name, version, root }) => [name, version, root]),
      lineage: this.lineage === undefined ? null : [this.lineage.agent, this.lineage.version, this.lineage.root],
      pending: this.pending === undefined ? null : [encodeRecord(this.pending.begun), this.pending.steps.map(encodeRecord)],
    };
  }

  static fromSurroundings(agent: AgentId, tree: Tree, value: Value): ActorState {
    const fields = value as {
      version: number;
      status: AgentStatus;
      clock: [number, number];
      cursors: [AgentId, number][];
      sent: [AgentId, number][];
      outbox: [AgentId, number, string, Value, string | null][];
      timers: [string, number, number, string, Value][];
      replies: Value;
      checkpoints: [string, number, string][];
      lineage: [AgentId, number, string] | null;
      pending: [Uint8Array, Uint8Array[]] | null;
    };
    const state = new ActorState(agent, tree);
    state.version = fields.version;
    state.status = fields.status;
    state.clock = { ms: fields.clock[0], counter: fields.clock[1] };
    for (const [sender, sequence] of fields.cursors) state.cursors.set(sender, sequence);
    for (const [receiver, sequence] of fields.sent) state.sent.set(receiver, sequence);
    state.outbox = fields.outbox.map(([to, sequence, method, input, correlation]) => ({ to, sequence, method, input, correlation }));
    for (const [name, atMs, everyMs, method, input] of fields.timers) state.timers.set(name, { name, atMs, everyMs, method, input });
    state.replies = Replies.fromValue(fields.replies);
    for (const [name, version, root] of fields.checkpoints) state.checkpoints.set(name, { name, version, root });
    if (fields.lineage !== null) state.lineage = { agent: fields.lineage[0], version: fields.lineage[1], root: fields.lineage[2] };
    if (fields.pending !== null) {
      const [begun, steps] = fields.pending;
      state.pending = {
        begun: decodeRecord(begun, agent) as BegunRecord,
        steps: steps.map((step) => decodeRecord(step, agent) as StepRecord),
      };
    }
    return state;
  }

  /** @throws SkepError `corrupt` when a step does not fit */
  private superpositionsAfter({ rest, version, ms }: TurnRecord): Superpositions {
    const { agent, superpositions } = this;
    try {
      return applyRecorded(superpositions, rest.superposition ?? [], { agent, head: { version: this.version, tree: this.tree }, version, ms });
    } catch (cause) {
      const message = `a record tells of superpositions that cannot be: ${(cause as Error).message}`;
      throw new SkepError('corrupt', { message, id: agent, cause });
    }
  }

  private applyTurn(record: TurnRecord, tree: Tree | undefined): void {
    // Before the edits: a collapse keeps what the state was.
    if (record.rest.superposition !== undefined) this.superpositions = this.superpositionsAfter(record);
    const edits: readonly Edit[] =
      record.events.length === 1 ? (record.events[0] as { edits: readonly Edit[] }).edits : record.events.flatMap((event) => event.edits);
    if (tree !== undefined) this.tree = tree;
    else if (edits.length > 0) this.tree = this.tree.apply(edits);
    this.version = record.version;
    this.pending = undefined;
    if (record.cause.kind === 'message') this.cursors.set(record.cause.from, record.cause.sequence);
    if (record.cause.kind === 'timer') this.timerFired(record.cause.name, record.ms);
    this.applyRest(record.rest, record);
  }

  private applyRest(rest: RecordRest, record: TurnRecord): void {
    for (const item of rest.sends ?? []) this.sent.set(item.to, item.sequence);
    if (rest.sends !== undefined) this.outbox = [...this.outbox, ...rest.sends];
    if (rest.taken !== undefined) {
      const taken = new Map(rest.taken);
      this.outbox = this.outbox.filter((item) => item.sequence > (taken.get(item.to) ?? 0));
    }
    for (const timer of rest.timers ?? []) {
      if (timer.atMs === null) this.timers.delete(timer.name);
      else this.timers.set(timer.name, { ...timer, atMs: timer.atMs });
    }
    if (rest.reply !== undefined) this.replies.remember(rest.reply, record);
    if (rest.status !== undefined) this.status = rest.status;
    if (rest.status === 'terminated') this.timers.clear();
    if (rest.checkpoint !== undefined) this.checkpoints.set(rest.checkpoint.name, { ...rest.checkpoint, version: record.version });
    if (rest.lineage !== undefined) this.lineage = rest.lineage;
  }

  /** A timer that repeats keeps its rhythm; missed beats are left out. */
  private timerFired(name: string, nowMs: number): void {
    const timer = this.timers.get(name);
    if (timer === undefined) return;
    if (timer.everyMs === 0) this.timers.delete(name);
    else {
      const missed = Math.max(0, Math.floor((nowMs - timer.atMs) / timer.everyMs));
      this.timers.set(name, { ...timer, atMs: timer.atMs + (missed + 1) * timer.everyMs });
    }
  }
}

/** What receivers are known to have taken no longer counts. @throws SkepError `outbox-full` when the receivers are too slow */
export function checkOutbox({ agent, ready, taken }: Activation, added: number, messagesMax: number): void {
  if (ready.outbox.length + added <= messagesMax) return;
  const waiting = ready.outbox.filter((item) => item.sequence > (taken.get(item.to) ?? 0)).length;
  if (waiting + added <= messagesMax) return;
  throw new SkepError('outbox-full', {
    message: `${waiting} messages of the agent wait for their receivers, and ${added} more were sent; ${messagesMax} may wait`,
    id: agent,
  });
}

function sortedPairs(map: ReadonlyMap<AgentId, number>): Value {
  return [...map].sort(([one], [other]) => (one < other ? -1 : 1));
}

function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : 1;
}
