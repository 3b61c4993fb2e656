/**
 * Messages between agents: outbox -> inbox.
 *
 * A send is part of its turn's record, with a number per (sender, receiver). The receiver takes numbers in order, records the one it
 * reached, and only then is the sender told. So every message takes effect exactly once and in order, whatever crashes.
 * On one node a message goes straight into the receiver's mailbox: its record comes later in the same lane, so it cannot outlive its cause.
 *
 * N1 A message that its receiver did not take is handed out again: when there is room, when the receiver is resumed, or after a pause.
 * N2 Behind a message that found no room, later ones to the same receiver wait.
 */
import type { AgentId } from '@skep/kernel';
import type { Clock } from '@skep/ports';
import type { SendItem } from '@skep/protocol';
import type { Activation } from './activation.js';
import type { Delivery } from './message.js';

export interface MessengerHost {
  /** The activation of an agent of this node, brought to life if need be; undefined when its kind is not known. */
  activate(agent: AgentId): Activation | undefined;
  find(agent: AgentId): Activation | undefined;
  schedule(activation: Activation): void;
}

const REDELIVER_AFTER_MS = 50;
const REDELIVER_AFTER_MS_MAX = 10_000;

export class Messenger {
  /** Consecutive vain attempts per sender. */
  private readonly vain = new Map<AgentId, number>();

  constructor(
    private readonly host: MessengerHost,
    private readonly clock: Clock,
  ) {}

  /** Hands out what the agent's outbox holds; what a receiver has no room for is tried again later. */
  dispatch(sender: Activation, items: readonly SendItem[] = sender.ready.outbox): void {
    const blocked = new Set<AgentId>();
    for (const item of items) {
      if (item.sequence <= (sender.taken.get(item.to) ?? 0) || blocked.has(item.to)) continue;
      if (!this.deliver(sender, item)) blocked.add(item.to);
    }
    if (blocked.size > 0) this.later(sender);
    else if (!sender.redelivering) this.vain.delete(sender.agent);
  }

  /** The receiver's record is acknowledged. */
  taken({ from, to, sequence }: { readonly from: AgentId; readonly to: AgentId; readonly sequence: number }): void {
    const sender = this.host.find(from);
    if (sender !== undefined && sequence > (sender.taken.get(to) ?? 0)) sender.taken.set(to, sequence);
  }

  /** A message of this agent was not taken. */
  returned(from: AgentId): void {
    const sender = this.host.find(from);
    if (sender?.stage === 'ready') this.later(sender);
  }

  /** The receiver has room again. */
  room(receiver: Activation): void {
    const senders = [...receiver.starved];
    receiver.starved.clear();
    for (const agent of senders) {
      const sender = this.host.find(agent);
      if (sender?.stage === 'ready') this.dispatch(sender);
    }
  }

  /** True when the message waits in the mailbox, waits for its receiver to be resumed, or needs no delivery any more. */
  private deliver(sender: Activation, { to, sequence, method, input, correlation }: SendItem): boolean {
    const from = sender.agent;
    const receiver = this.host.activate(to);
    if (receiver === undefined) return false;
    const { state } = receiver;
    const cursor = state?.cursors.get(from) ?? 0;
    if (sequence <= cursor) {
      this.taken({ from, to, sequence: cursor });
      return true;
    }
    if (state !== undefined && state.status !== 'active' && state.status !== 'terminated') return true;
    const last = Math.max(receiver.enqueued.get(from) ?? 0, cursor);
    if (sequence <= last) return true;
    // Of an agent that is only being claimed nothing is known: the first message that was not taken leads.
    const next = last === 0 && state === undefined ? firstUntaken(sender, to) : last + 1;
    if (sequence !== next) return false;
    const delivery: Delivery = { kind: 'delivery', from, sequence, method, input, correlation };
    if (!receiver.mailbox.push(delivery)) {
      receiver.starved.add(from);
      return false;
    }
    receiver.enqueued.set(from, sequence);
    this.host.schedule(receiver);
    return true;
  }

  private later(sender: Activation): void {
    if (sender.redelivering) return;
    sender.redelivering = true;
    const attempt = (this.vain.get(sender.agent) ?? 0) + 1;
    this.vain.set(sender.agent, attempt);
    this.clock.setTimer(Math.min(REDELIVER_AFTER_MS * 2 ** (attempt - 1), REDELIVER_AFTER_MS_MAX), () => {
      sender.redelivering = false;
      if (this.host.find(sender.agent) === sender && sender.stage === 'ready') this.dispatch(sender);
    });
  }
}

function firstUntaken(sender: Activation, to: AgentId): number | undefined {
  const taken = sender.taken.get(to) ?? 0;
  return sender.ready.outbox.find((item) => item.to === to && item.sequence > taken)?.sequence;
}
