/**
 * Who is in memory: brings agents to life through the lane's claims, and takes down those that the lane took back.
 *
 * R1 An agent has one activation at most; it takes messages from the moment it exists, and turns from the moment it is owned.
 * R2 What an activation held when it goes is answered: with an error, or by the next activation. Messages go back to their senders.
 * R3 When records are given up, everything that rests on them is undone: their agents, what they sent, what they asked.
 * R4 There are never more activations than `limits.activations`, whatever ids are asked for; none is added while their states alone take
 *   more than `limits.memoryBytes`.
 */
import { type AgentAddress, type AgentId, parseAgentId, SkepError, toSkepError } from '@skep/kernel';
import type { LaneRecord, Refusal, SnapshotReference } from '@skep/lane';
import type { NotTaken } from '@skep/protocol';
import { heldStates, type RetainedVersions, type Tree, treeOf } from '@skep/state';
import { Activation } from './activation.js';
import type { Gate } from './gate.js';
import type { HostOptions } from './host-options.js';
import type { AnyKind } from './kind.js';
import type { Message } from './message.js';
import type { Pump } from './pump.js';
import { revive } from './revival.js';
import { withdraw } from './withdrawal.js';

export interface RosterListener {
  /** The agent has its state: resume its turn, arm its timers, send what it has not sent. */
  revived(activation: Activation): void;
  /** A snapshot that was on its way is given up. */
  unsettled(activation: Activation): void;
  /** A message that its receiver did not take. */
  returned(from: AgentId, to: AgentId, why: NotTaken): void;
  /** What waits in the agent's outbox is to be handed out again. */
  unsent(sender: Activation): void;
  /** These agents were alive until the log failed; what they had to do is still to be done. */
  lapsed(agents: readonly AgentId[]): void;
  /** There are so many agents that some should rest. */
  crowded(): void;
  /** An agent was not brought to life, or is no more; `retry` says whether another attempt may do better. */
  gone(agent: AgentId, retry: 'later' | 'never'): void;
}

/** What the lane gave, kept for an agent that could not be revived then: the lane gives it once. */
interface Held {
  readonly snapshot: SnapshotReference | null;
  readonly records: readonly LaneRecord[];
}

/** Of the activations that there may be; beyond it idle ones are asked to rest. */
const CROWDED_SHARE = 7 / 8;

/** What is left of them when room was made. */
const ROOM_SHARE = 3 / 4;

export class Roster {
  private readonly activations = new Map<AgentId, Activation>();
  private readonly unrevived = new Map<AgentId, Held>();
  private closed: SkepError | undefined;

  constructor(
    private readonly options: HostOptions,
    private readonly gate: Gate,
    private readonly pump: Pump,
    private readonly retained: RetainedVersions,
    private readonly listener: RosterListener,
  ) {}

  find(agent: AgentId): Activation | undefined {
    return this.activations.get(agent);
  }

  get size(): number {
    return this.activations.size;
  }

  /** Whether there is no room for another agent. */
  get isFull(): boolean {
    return this.activations.size >= this.options.limits.activations || this.retained.isOver;
  }

  /** How many should rest so that there is room for others. */
  wantedRoom(): number {
    const most = this.retained.isOver ? Math.min(this.size, this.options.limits.activations) : this.options.limits.activations;
    return Math.max(0, this.size - Math.floor(most * ROOM_SHARE));
  }

  all(): IterableIterator<Activation> {
    return this.activations.values();
  }

  /** @throws SkepError `unknown-kind`, `invalid-id` */
  kindOf(agent: AgentId): AnyKind {
    // Asked for every call: a kind whose name is its own token is found without taking the id apart.
    const start = agent.indexOf('/') + 1;
    const token = agent.slice(start, agent.indexOf('/', start));
    const kind = token.includes('=') ? parseAgentId(agent).kind : token;
    const found = this.options.kinds.get(kind);
    if (found !== undefined) return found;
    parseAgentId(agent);
    const names = [...this.options.kinds.keys()].sort().join(', ');
    throw new SkepError('unknown-kind', { message: `no kind ${kind} is loaded; there are ${names}`, id: agent });
  }

  initialTree(kind: AnyKind, { tenant, name }: Pick<AgentAddress, 'tenant' | 'name'>): Tree {
    return treeOf(kind.initialOf(name), this.options.addressKeys.optionsOf(tenant));
  }

  /** @throws SkepError `closed`, `sealed`, `overloaded`, `not-configured` where the address key of its tenant is not here */
  activate(agent: AgentId, kind: AnyKind): Activation {
    const known = this.activations.get(agent);
    if (known !== undefined) return known;
    if (this.closed !== undefined) throw this.closed;
    this.options.addressKeys.mustServe(agent);
    this.admit(agent);
    const activation = new Activation(agent, kind, kind.mailboxMessages ?? this.options.limits.mailboxMessages, this.options.clock.nowMs());
    const held = this.unrevived.get(agent);
    if (held === undefined) this.options.lane.claim(agent);
    else queueMicrotask(() => void this.owned(agent, held.snapshot, held.records));
    this.activations.set(agent, activation);
    this.pump.start();
    return activation;
  }

  /** R4: room is made before the limit is met, and what comes faster is refused. */
  private admit(agent: AgentId): void {
    const { activations: most } = this.options.limits;
    const { size } = this.activations;
    const { isOver, bytesMax } = this.retained;
    if (isOver || size >= most * CROWDED_SHARE) this.listener.crowded();
    if (size < most && !isOver) return;
    throw new SkepError('overloaded', {
      message: `the node holds ${size} agents, as many as ${isOver ? `${bytesMax} bytes have room for` : 'it may'}, and none of them could rest yet`,
      id: agent,
      remedy: `Retry after a pause; raise the limit "${isOver ? 'memoryBytes' : 'activations'}", or add nodes, if that does not help.`,
    });
  }

  /** Undefined when the agent's kind is not loaded, the address key of its tenant is not here, there is no room, or nothing is activated any more. */
  activateKnown(agent: AgentId): Activation | undefined {
    const known = this.activations.get(agent);
    if (known !== undefined) return known;
    const kind = this.options.kinds.get(parseAgentId(agent).kind);
    if (kind === undefined || this.closed !== undefined) return undefined;
    try {
      return this.activate(agent, kind);
    } catch {
      return undefined;
    }
  }

  /** @throws SkepError `mailbox-full`, `closed` */
  enqueue(activation: Activation, message: Message): void {
    if (this.closed !== undefined) throw this.closed;
    if (!activation.mailbox.push(message)) {
      throw new SkepError('mailbox-full', { message: `${activation.mailbox.limit} messages wait in the mailbox`, id: activation.agent });
    }
    this.pump.schedule(activation);
  }

  /** Refuses everything from now on. Turns that await are resumed when the agent is next claimed. */
  close(error: SkepError): void {
    this.closed = error;
    for (const activation of [...this.activations.values()]) this.dismiss(activation, error);
  }

  // What the lane tells.

  async owned(agent: AgentId, snapshot: SnapshotReference | null, records: readonly LaneRecord[]): Promise<void> {
    const activation = this.activations.get(agent);
    if (activation === undefined) {
      if (this.closed === undefined) this.unrevived.set(agent, { snapshot, records });
      return;
    }
    try {
      const { blob, addressKeys } = this.options;
      const initial = () => this.initialTree(activation.kind, activation.address);
      await revive(activation, { snapshot, records, initial, blob, treeOptions: addressKeys.optionsOf(activation.address.tenant) });
    } catch (error) {
      this.unrevived.set(agent, { snapshot, records });
      return this.dismiss(activation, toSkepError(error));
    }
    this.unrevived.delete(agent);
    if (this.activations.get(agent) !== activation) return;
    activation.stage = 'ready';
    this.hold(activation);
    for (const { resolve } of activation.waiting.splice(0)) resolve(activation);
    this.listener.revived(activation);
    this.pump.schedule(activation);
  }

  refused(agent: AgentId, why: Refusal): void {
    const activation = this.activations.get(agent);
    if (activation !== undefined) this.dismiss(activation, refusalError(agent, why), why.kind === 'failed' ? undefined : 'never');
  }

  lost(agent: AgentId): void {
    this.unrevived.delete(agent);
    const activation = this.activations.get(agent);
    if (activation !== undefined)
      this.dismiss(activation, new SkepError('sealed', { message: 'another node took the agent over', id: agent }), 'never');
  }

  /** The agent rests; who came for it meanwhile brings it back. */
  freed(agent: AgentId): void {
    const activation = this.activations.get(agent);
    if (activation === undefined) return;
    this.activations.delete(agent);
    this.drop(activation);
    activation.onGone?.();
    if (this.options.others?.isAway(agent) === true) return this.dismiss(activation, movedError(agent), 'never');
    this.replace(activation, activation.mailbox.drain());
  }

  /** Records after the last release are certainly not written: those agents go back to what is in the log. */
  aborted(error: SkepError, agents: readonly AgentId[]): void {
    const lapsed = new Set(agents);
    this.gate.abort(error);
    for (const activation of this.activations.values()) {
      withdraw(activation, lapsed, error);
      this.pump.schedule(activation);
    }
    for (const agent of agents) {
      this.unrevived.delete(agent);
      const activation = this.activations.get(agent);
      if (activation === undefined) continue;
      const waiting = activation.mailbox.drain();
      this.remove(activation, error);
      this.replace(
        activation,
        waiting.filter((message) => message.kind !== 'delivery' && message.kind !== 'timer'),
      );
    }
    for (const activation of this.activations.values()) {
      if (activation.stage === 'ready' && activation.ready.outbox.length > 0) this.listener.unsent(activation);
    }
    this.listener.lapsed(agents);
  }

  /**
   * The lane is no more: nothing held here counts any more; what was not acknowledged may or may not have taken effect, as `error` says
   * to those who wait. `refusal`: what is told to those who come now.
   */
  died(error: SkepError, refusal = error): void {
    this.closed = refusal;
    this.gate.abort(error);
    for (const activation of [...this.activations.values()]) this.dismiss(activation, error);
  }

  /** Takes an agent out of memory and answers everybody who waits for it. */
  dismiss(activation: Activation, error: SkepError, retry: 'later' | 'never' = error.retry === 'no' ? 'never' : 'later'): void {
    if (error.code === 'agent-corrupt' || error.code === 'corrupt') this.options.onAlarm(activation.agent, error);
    const waiting = activation.mailbox.drain();
    this.remove(activation, error);
    for (const { reject } of activation.waiting.splice(0)) reject(error);
    for (const message of waiting) this.reject(activation.agent, message, error);
    this.listener.gone(activation.agent, retry);
  }

  /** A bug was met: the actor dies, and the next message brings it back as its records say. */
  crash(activation: Activation, error: SkepError): void {
    const { agent, settled, tail, emptyBlob } = activation;
    const blob = settled.blob ?? emptyBlob;
    const snapshot = blob === undefined ? null : { position: settled.position, version: settled.version, blob };
    const records = tail.map((body, index) => ({ agent, epoch: 0, position: settled.position + index + 1, body }));
    if (activation.state !== undefined && this.options.lane.holds(agent)) this.unrevived.set(agent, { snapshot, records });
    this.dismiss(activation, error);
  }

  private reject(agent: AgentId, message: Message, error: SkepError): void {
    if (message.kind === 'call' || message.kind === 'command' || message.kind === 'mark') message.caller.reject(error);
    else if (message.kind === 'delivery') this.listener.returned(message.from, agent, error.code === 'elsewhere' ? 'elsewhere' : 'parked');
  }

  private remove(activation: Activation, error: SkepError): void {
    const { turn } = activation;
    turn?.abort(error);
    if (turn?.message.kind === 'call') turn.message.caller.reject(error);
    activation.turn = undefined;
    activation.cancelTimer?.();
    activation.endPause();
    activation.stage = 'freeing';
    this.drop(activation);
    activation.onGone?.();
    if (this.activations.get(activation.agent) === activation) this.activations.delete(activation.agent);
    this.listener.unsettled(activation);
  }

  /** Its state counts as the newest of its versions from now on; those before are not in memory. */
  hold(activation: Activation): void {
    this.drop(activation);
    const { version, tree, superpositions } = activation.ready;
    activation.versions = this.retained.open(activation.agent, version, tree);
    if (superpositions.size > 0) this.retained.putBeside(activation.versions, heldStates(superpositions));
  }

  private drop(activation: Activation): void {
    if (activation.versions !== undefined) this.retained.close(activation.versions);
    activation.versions = undefined;
  }

  /** Hands what waited for an activation that is gone to a new one. */
  private replace(activation: Activation, messages: readonly Message[]): void {
    const readers = activation.waiting.splice(0);
    if (messages.length === 0 && readers.length === 0) return;
    let again: Activation;
    try {
      again = this.activate(activation.agent, activation.kind);
    } catch (error) {
      const refusal = toSkepError(error);
      for (const { reject } of readers) reject(refusal);
      for (const message of messages) this.reject(activation.agent, message, refusal);
      return;
    }
    again.waiting.push(...readers);
    for (const message of messages) {
      // It had its place, and the new mailbox has as many.
      again.mailbox.force(message);
      if (message.kind === 'mark') again.marks += 1;
      if (message.kind === 'delivery') again.enqueued.set(message.from, message.sequence);
    }
    this.pump.schedule(again);
  }
}

function movedError(agent: AgentId): SkepError {
  return new SkepError('elsewhere', { message: 'the agent moved to another node', id: agent });
}

function refusalError(agent: AgentId, why: Refusal): SkepError {
  switch (why.kind) {
    case 'failed':
      return why.error;
    case 'damaged':
      return new SkepError('agent-corrupt', { message: `the log of the agent is damaged: ${why.message}`, id: agent });
    case 'elsewhere':
      return new SkepError('elsewhere', { message: `another node holds the agent (lane ${why.owner})`, id: agent });
  }
}
