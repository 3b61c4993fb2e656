/**
 * Messages between agents: outbox -> inbox.
 *
 * A send is part of its turn's record, with a number per (sender, receiver). The receiver takes numbers in order, records the one it
 * reached, and only then is the sender told. So every message takes effect exactly once and in order, whatever crashes.
 * On one node a message goes straight into the receiver's mailbox: its record comes later in the same lane, so it cannot outlive its cause.
 * To another node it is posted when its record is acknowledged (L6).
 *
 * N1 A message that its receiver did not take is handed out again: when there is room, when the receiver is resumed, or after a pause.
 * N2 Behind a message that found no room, later ones to the same receiver wait.
 * N3 What was posted and not taken is posted again after a pause that grows: a post may be lost.
 */
import type { AgentId } from '@skep/kernel';
import type { Clock } from '@skep/ports';
import type { NotTaken, SendItem } from '@skep/protocol';
import type { Activation } from './activation.js';
import type { Gate } from './gate.js';
import type { Delivery } from './message.js';
import type { OtherNodes } from './other-nodes.js';

export interface MessengerHost {
  /** The activation of an agent of this node, brought to life if need be; undefined when its kind is not known. */
  activate(agent: AgentId): Activation | undefined;
  find(agent: AgentId): Activation | undefined;
  schedule(activation: Activation): void;
}

const REDELIVER_AFTER_MS = 50;
const REDELIVER_AFTER_MS_MAX = 10_000;
const REPOST_AFTER_MS = 500;

type Delivered = 'yes' | NotTaken;

export class Messenger {
  /** Consecutive vain attempts per sender. */
  private readonly vain = new Map<AgentId, number>();

  constructor(
    private readonly host: MessengerHost,
    private readonly clock: Clock,
    private readonly gate: Gate,
    private readonly others: OtherNodes | undefined,
  ) {}

  /** Hands out what the agent's outbox holds; what a receiver has no room for is tried again later. */
  dispatch(sender: Activation, items: readonly SendItem[] = sender.ready.outbox): void {
    let blocked: Set<AgentId> | undefined;
    for (const item of items) {
      if (item.sequence <= (sender.taken.get(item.to) ?? 0) || blocked?.has(item.to) === true) continue;
      const sent = this.others?.isAway(item.to) === true ? this.post(sender, item) : this.handOver(sender, item);
      if (!sent) blocked = (blocked ?? new Set()).add(item.to);
    }
    if (blocked !== undefined) this.later(sender);
    else if (!sender.redelivering) this.vain.delete(sender.agent);
  }

  /** A message from another node. */
  receive(from: AgentId, item: SendItem): void {
    const { to, sequence } = item;
    const receiver = this.host.activate(to);
    if (receiver === undefined) return this.others?.returned(from, to, 'elsewhere');
    const cursor = receiver.state?.cursors.get(from) ?? 0;
    if (sequence <= cursor) return this.known({ from, to, sequence: cursor });
    const delivered = this.deliver(receiver, from, item, sequence);
    if (delivered !== 'yes') this.others?.returned(from, to, delivered);
  }

  /** The receiver's record is acknowledged. */
  taken({ from, to, sequence }: { readonly from: AgentId; readonly to: AgentId; readonly sequence: number }): void {
    const sender = this.host.find(from);
    if (sender === undefined) return this.others?.taken(from, to, sequence);
    if (sequence > (sender.taken.get(to) ?? 0)) sender.taken.set(to, sequence);
    // Nothing is under way any more: what was posted need not be remembered.
    if (sequence >= (sender.posted.get(to) ?? 0)) sender.posted.delete(to);
  }

  /** The message was taken before; its record may still be on its way. */
  known(delivery: { readonly from: AgentId; readonly to: AgentId; readonly sequence: number }): void {
    // On one node the sender's record that says so lies behind the receiver's.
    if (this.host.find(delivery.from) !== undefined) return this.taken(delivery);
    const ticket = this.host.find(delivery.to)?.lastTicket ?? 0;
    this.gate.hold(ticket, { release: () => this.taken(delivery), abort: () => {} });
  }

  /** A message of an agent was not taken by another one. */
  returned(from: AgentId, to: AgentId, why: NotTaken): void {
    const sender = this.host.find(from);
    if (sender === undefined) return this.others?.returned(from, to, why);
    sender.posted.delete(to);
    if (sender.stage === 'ready') this.later(sender);
  }

  /** What its outbox holds is handed out again, after a pause. */
  dispatchLater(sender: Activation): void {
    sender.posted.clear();
    this.later(sender);
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
  private handOver(sender: Activation, item: SendItem): boolean {
    const { to, sequence } = item;
    const from = sender.agent;
    const receiver = this.host.activate(to);
    if (receiver === undefined) return false;
    const cursor = receiver.state?.cursors.get(from) ?? 0;
    if (sequence <= cursor) {
      this.taken({ from, to, sequence: cursor });
      return true;
    }
    // Of an agent that is only being claimed nothing is known: the first message that was not taken leads.
    const delivered = this.deliver(receiver, from, item, firstUntaken(sender, to));
    if (delivered === 'full') receiver.starved.add(from);
    return delivered === 'yes' || delivered === 'parked';
  }

  /** `first`: the sequence that may lead where the receiver's cursor is not known. */
  private deliver(receiver: Activation, from: AgentId, item: SendItem, first: number | undefined): Delivered {
    const { sequence, method, input, correlation } = item;
    const { state } = receiver;
    if (state !== undefined && state.status !== 'active' && state.status !== 'terminated') return 'parked';
    const last = Math.max(receiver.enqueued.get(from) ?? 0, state?.cursors.get(from) ?? 0);
    if (sequence <= last) return 'yes';
    if (sequence !== (last === 0 && state === undefined ? first : last + 1)) return 'gap';
    const delivery: Delivery = { kind: 'delivery', from, sequence, method, input, correlation };
    if (!receiver.mailbox.push(delivery)) return 'full';
    receiver.enqueued.set(from, sequence);
    this.host.schedule(receiver);
    return 'yes';
  }

  private post(sender: Activation, item: SendItem): boolean {
    const { to, sequence } = item;
    if (sequence <= (sender.posted.get(to) ?? 0)) return true;
    sender.posted.set(to, sequence);
    this.gate.hold(sender.lastTicket, { release: () => this.others?.deliver(sender.agent, item), abort: () => {} });
    this.postAgainLater(sender, 1);
    return true;
  }

  /** Posts again what no receiver took since. */
  private postAgainLater(sender: Activation, attempt: number): void {
    if (sender.reposting) return;
    sender.reposting = true;
    const before = firstUntakenOfAll(sender);
    const waitMs = Math.min(REPOST_AFTER_MS * 2 ** (attempt - 1), REDELIVER_AFTER_MS_MAX);
    this.clock.setTimer(waitMs, () => {
      sender.reposting = false;
      if (this.host.find(sender.agent) !== sender || sender.stage !== 'ready') return;
      const waiting = firstUntakenOfAll(sender);
      let stuck = false;
      for (const [to, sequence] of waiting) {
        // By the message itself: what was taken is forgotten as soon as the sender's own record says it.
        if (before.get(to) !== sequence || !sender.posted.delete(to)) continue;
        stuck = true;
      }
      if (stuck) this.dispatch(sender);
      if (waiting.size > 0) this.postAgainLater(sender, stuck ? attempt + 1 : 1);
    });
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

/** The first message to each receiver that is not known to be taken. */
function firstUntakenOfAll({ ready, taken }: Activation): ReadonlyMap<AgentId, number> {
  const first = new Map<AgentId, number>();
  for (const { to, sequence } of ready.outbox) if (!first.has(to) && sequence > (taken.get(to) ?? 0)) first.set(to, sequence);
  return first;
}
