/**
 * Messages between agents: outbox -> inbox.
 *
 * A send is part of its turn's record, with a number per (sender, receiver). The receiver takes numbers in order, records the one it
 * reached, and only then is the sender told. So every message takes effect exactly once and in order, whatever crashes.
 * On one node a message goes straight into the receiver's mailbox: its record comes later in the same lane, so it cannot outlive its cause.
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
      const { to, sequence, method, input, correlation } = item;
      const delivery: Delivery = { kind: 'delivery', from: sender.agent, sequence, method, input, correlation };
      // Behind a message that found no room, later ones to the same receiver must wait, or they would overtake it.
      if (!this.deliver(to, delivery)) blocked.add(to);
    }
    if (blocked.size > 0) this.later(sender);
    else if (!sender.redelivering) this.vain.delete(sender.agent);
  }

  /** The receiver's record is acknowledged. */
  taken({ from, to, sequence }: { readonly from: AgentId; readonly to: AgentId; readonly sequence: number }): void {
    const sender = this.host.find(from);
    if (sender !== undefined && sequence > (sender.taken.get(to) ?? 0)) sender.taken.set(to, sequence);
  }

  /** True when the message waits in the mailbox or needs no delivery any more. */
  private deliver(to: AgentId, delivery: Delivery): boolean {
    const receiver = this.host.activate(to);
    if (receiver === undefined) return false;
    const last = receiver.enqueued.get(delivery.from) ?? receiver.state?.cursors.get(delivery.from) ?? (receiver.state === undefined ? undefined : 0);
    if (last !== undefined && delivery.sequence <= last) {
      const committed = receiver.state?.cursors.get(delivery.from) ?? 0;
      if (delivery.sequence <= committed) this.host.find(delivery.from)?.taken.set(to, committed);
      return true;
    }
    if (last !== undefined && delivery.sequence > last + 1) return false;
    if (!receiver.mailbox.push(delivery)) return false;
    receiver.enqueued.set(delivery.from, delivery.sequence);
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
