/**
 * Who is in memory: brings agents to life through the lane's claims, and takes down those that the lane took back.
 *
 * R1 An agent has one activation at most; it takes messages from the moment it exists, and turns from the moment it is owned.
 * R2 What an activation held when it goes is answered: with an error, or by the next activation.
 */
import { type AgentId, parseAgentId, SkepError, toSkepError } from '@skep/kernel';
import type { LaneRecord, Refusal, SnapshotReference } from '@skep/lane';
import { type Tree, treeOf } from '@skep/state';
import { Activation } from './activation.js';
import type { Gate } from './gate.js';
import type { HostOptions } from './host-options.js';
import type { AnyKind } from './kind.js';
import type { Message } from './message.js';
import type { Pump } from './pump.js';
import { revive } from './revival.js';

export interface RosterListener {
  /** The agent has its state: resume its turn, arm its timers, send what it has not sent. */
  revived(activation: Activation): void;
  /** A snapshot that was on its way is given up. */
  unsettled(activation: Activation): void;
}

export class Roster {
  private readonly activations = new Map<AgentId, Activation>();
  private closed: SkepError | undefined;

  constructor(
    private readonly options: HostOptions,
    private readonly gate: Gate,
    private readonly pump: Pump,
    private readonly listener: RosterListener,
  ) {}

  find(agent: AgentId): Activation | undefined {
    return this.activations.get(agent);
  }

  all(): IterableIterator<Activation> {
    return this.activations.values();
  }

  /** @throws SkepError `unknown-kind`, `invalid-id` */
  kindOf(agent: AgentId): AnyKind {
    const found = this.options.kinds.get(parseAgentId(agent).kind);
    if (found !== undefined) return found;
    const names = [...this.options.kinds.keys()].sort().join(', ');
    throw new SkepError('unknown-kind', { message: `no kind ${parseAgentId(agent).kind} is loaded; there are ${names}`, id: agent });
  }

  initialTree(kind: AnyKind, name: string): Tree {
    return treeOf(kind.initialOf(name));
  }

  /** @throws SkepError `closed`, `sealed` */
  activate(agent: AgentId, kind: AnyKind): Activation {
    const known = this.activations.get(agent);
    if (known !== undefined) return known;
    if (this.closed !== undefined) throw this.closed;
    const activation = new Activation(agent, kind, kind.mailboxMessages ?? this.options.limits.mailboxMessages, this.options.clock.nowMs());
    this.options.lane.claim(agent);
    this.activations.set(agent, activation);
    this.pump.start();
    return activation;
  }

  /** Undefined when the agent's kind is not loaded, or nothing is activated any more. */
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
    if (activation === undefined) return;
    try {
      const initial = this.initialTree(activation.kind, activation.address.name);
      await revive(activation, { snapshot, records, initial, blob: this.options.blob });
    } catch (error) {
      return this.dismiss(activation, toSkepError(error));
    }
    if (this.activations.get(agent) !== activation) return;
    activation.stage = 'ready';
    for (const { resolve } of activation.waiting.splice(0)) resolve(activation);
    this.listener.revived(activation);
    this.pump.schedule(activation);
  }

  refused(agent: AgentId, why: Refusal): void {
    const activation = this.activations.get(agent);
    if (activation !== undefined) this.dismiss(activation, refusalError(agent, why));
  }

  lost(agent: AgentId): void {
    const activation = this.activations.get(agent);
    if (activation !== undefined) this.dismiss(activation, new SkepError('sealed', { message: 'another node took the agent over', id: agent }));
  }

  /** The agent rests; who came for it meanwhile brings it back. */
  freed(agent: AgentId): void {
    const activation = this.activations.get(agent);
    if (activation === undefined) return;
    this.activations.delete(agent);
    this.replace(activation, activation.mailbox.drain());
  }

  /** Records after the last release are certainly not written: those agents go back to what is in the log. */
  aborted(error: SkepError, agents: readonly AgentId[]): void {
    const lapsed = new Set(agents);
    this.gate.abort(error);
    for (const activation of this.activations.values()) {
      // What a lapsed agent sent is not committed either; it sends it again when that is in its log.
      const kept = activation.mailbox.drain().filter((message) => !(message.kind === 'delivery' && lapsed.has(message.from)));
      for (const message of kept) activation.mailbox.push(message);
      for (const agent of lapsed) {
        activation.enqueued.delete(agent);
        activation.taken.delete(agent);
      }
    }
    for (const agent of agents) {
      const activation = this.activations.get(agent);
      if (activation === undefined) continue;
      const waiting = activation.mailbox.drain();
      this.remove(activation, error);
      this.replace(
        activation,
        waiting.filter((message) => message.kind !== 'delivery' && message.kind !== 'timer'),
      );
    }
  }

  /** The lane is sealed: nothing held here counts any more; what was not acknowledged may or may not have taken effect. */
  died(error: SkepError): void {
    this.gate.abort(error);
    for (const activation of [...this.activations.values()]) this.dismiss(activation, error);
  }

  /** Takes an agent out of memory and answers everybody who waits for it. */
  private dismiss(activation: Activation, error: SkepError): void {
    if (error.code === 'agent-corrupt' || error.code === 'corrupt') this.options.onAlarm(activation.agent, error);
    for (const { reject } of activation.waiting.splice(0)) reject(error);
    for (const message of activation.mailbox.drain()) {
      if (message.kind === 'call' || message.kind === 'command' || message.kind === 'mark') message.caller.reject(error);
    }
    this.remove(activation, error);
  }

  private remove(activation: Activation, error: SkepError): void {
    const { turn } = activation;
    turn?.abort(error);
    if (turn?.message.kind === 'call') turn.message.caller.reject(error);
    activation.turn = undefined;
    activation.cancelTimer?.();
    activation.stage = 'freeing';
    if (this.activations.get(activation.agent) === activation) this.activations.delete(activation.agent);
    this.listener.unsettled(activation);
  }

  /** Hands what waited for an activation that is gone to a new one. */
  private replace(activation: Activation, messages: readonly Message[]): void {
    const readers = activation.waiting.splice(0);
    if (messages.length === 0 && readers.length === 0) return;
    const again = this.activate(activation.agent, activation.kind);
    again.waiting.push(...readers);
    for (const message of messages) this.enqueue(again, message);
  }
}

function refusalError(agent: AgentId, why: Refusal): SkepError {
  switch (why.kind) {
    case 'failed':
      return why.error;
    case 'damaged':
      return new SkepError('agent-corrupt', { message: `the log of the agent is damaged: ${why.message}`, id: agent });
    case 'elsewhere':
      return new SkepError('unavailable', { message: `another node holds the agent (lane ${why.owner})`, id: agent });
  }
}
