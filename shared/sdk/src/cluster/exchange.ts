/**
 * A client's requests to the nodes: finds where an agent is, sends there what is asked of it, and asks again until it is answered.
 *
 * - E1 Requests to one node of one moment leave in one message. An agent's node is learned from its answers; what is not known yet is spread.
 * - E2 A frame may be lost, doubled or late, a node may die: a request that may be repeated is sent again under its slot, to another node
 *   if the first is silent; a command that changes something only to the same node under the same number, which does it once.
 * - E3 What is certainly not begun (`elsewhere`, `unavailable`) is sent again in any case.
 * - E4 Once an earlier attempt may have been begun, a refusal that may pass is no answer: it is asked again until time is up.
 */
import { Whereabouts } from '@skep/cluster';
import { type AgentId, fromErrorShape, type IncarnationId, SkepError, toSkepError, type Value } from '@skep/kernel';
import type { Bus, Clock, Random } from '@skep/ports';
import { encodePeerItem, type PeerItem, type Subjects } from '@skep/protocol';
import { overdue } from '../overdue.js';
import { decodeClientFrame, encodeClientFrame } from './client-frame.js';
import { Gatherer } from './gatherer.js';
import { LiveNodes } from './live-nodes.js';

export interface ExchangeOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  readonly subjects: Subjects;
  readonly tenant: string;
  /** Names this client to the nodes; no other one has it. */
  readonly client: string;
}

export interface Question {
  readonly agent: AgentId;
  readonly method: string;
  readonly parameters: readonly Value[];
  /** It reads, or carries a slot. */
  readonly repeatable: boolean;
  readonly waitMs: number;
  /** What it is, for messages. */
  readonly what: string;
  /** Set when an attempt that was not answered may have taken effect. */
  doubtful: boolean;
}

interface Pending {
  readonly question: Question;
  readonly resolve: (result: Value) => void;
  readonly reject: (error: SkepError) => void;
  readonly endMs: number;
  /** Of all attempts: an answer to any of them will do. */
  readonly numbers: number[];
  node: IncarnationId | undefined;
  /** It did not answer the last attempt. */
  silent: IncarnationId | undefined;
  /** Undefined while it waits to be sent. */
  sentMs: number | undefined;
  attempts: number;
  refusal: SkepError | undefined;
}

const PENDING_MAX = 65_536;
const TICK_MS = 50;
/** A node that says nothing for this long while something is asked of it may be dead: the others know. */
const SILENT_MS = 200;
const ATTEMPT_MS = 1_000;
const PAUSE_MS = 4;
const PAUSE_MS_MAX = 250;
const MOVES_ON = new Set(['elsewhere', 'unavailable']);
const DOUBTFUL = new Set(['outcome-unknown', 'timeout', 'sealed', 'closed']);

export class Exchange {
  private readonly pending = new Map<number, Pending>();
  private readonly open = new Set<Pending>();
  private readonly homeless = new Set<Pending>();
  private readonly places = new Whereabouts();
  private readonly nodes: LiveNodes;
  private readonly inbox: string;
  private readonly unsubscribe: () => void;
  private readonly gatherer: Gatherer<IncarnationId>;
  private number = 0;
  private cancelTick: (() => void) | undefined;
  private ended: SkepError | undefined;

  constructor(private readonly options: ExchangeOptions) {
    const { bus, clock, random, subjects, tenant } = options;
    this.inbox = bus.inbox();
    this.unsubscribe = bus.subscribe(this.inbox, ({ payload }) => this.onFrame(payload));
    this.gatherer = new Gatherer((node, items) => this.send(node, items));
    this.nodes = new LiveNodes({ bus, clock, random, subjects, tenant, onChange: () => this.onNodes(), isWanted: () => this.homeless.size > 0 });
  }

  /** Milliseconds since 1970 by the later of this clock and that of the nodes. */
  nowMs(): number {
    return this.nodes.nowMs();
  }

  ask(question: Question): Promise<Value> {
    return new Promise((resolve, reject) => {
      if (this.ended !== undefined) return reject(this.ended);
      if (this.open.size >= PENDING_MAX)
        return reject(new SkepError('overloaded', { message: `${PENDING_MAX} requests of this client wait already`, id: question.agent }));
      const endMs = this.options.clock.monotonicMs() + question.waitMs;
      const pending: Pending = {
        question,
        resolve,
        reject,
        endMs,
        numbers: [],
        node: undefined,
        silent: undefined,
        sentMs: undefined,
        attempts: 0,
        refusal: undefined,
      };
      this.open.add(pending);
      this.dispatch(pending);
      this.plan();
    });
  }

  close(error: SkepError): void {
    if (this.ended !== undefined) return;
    this.gatherer.flush();
    this.ended = error;
    this.unsubscribe();
    this.cancelTick?.();
    this.nodes.stop();
    for (const pending of [...this.open]) {
      const sent = pending.attempts > 0;
      this.settle(pending)?.reject(sent ? new SkepError('outcome-unknown', { message: 'the connection was closed before the answer came' }) : error);
    }
  }

  private dispatch(pending: Pending): void {
    const { question, endMs } = pending;
    const { agent, method, parameters, repeatable } = question;
    const first = pending.numbers.length === 0;
    const node = repeatable || first || pending.node === undefined ? this.choose(pending) : pending.node;
    pending.sentMs = undefined;
    if (node === undefined) {
      this.homeless.add(pending);
      return this.nodes.refresh();
    }
    this.homeless.delete(pending);
    if (repeatable || first || node !== pending.node) {
      this.number += 1;
      pending.numbers.push(this.number);
      this.pending.set(this.number, pending);
    }
    pending.node = node;
    pending.attempts += 1;
    const nowMs = this.options.clock.monotonicMs();
    pending.sentMs = nowMs;
    const number = pending.numbers[pending.numbers.length - 1] as number;
    const waitMs = Math.max(1, Math.ceil(endMs - nowMs));
    try {
      this.gatherer.add(node, encodePeerItem({ kind: 'ask', number, agent, method, parameters, waitMs }));
    } catch (error) {
      this.settle(pending)?.reject(toSkepError(error));
    }
  }

  private choose({ question, silent }: Pending): IncarnationId | undefined {
    const known = this.places.find(question.agent);
    if (known !== undefined && known !== silent && this.nodes.has(known)) return known;
    return this.nodes.next(silent);
  }

  private send(node: IncarnationId, items: readonly Uint8Array[]): void {
    const { bus, subjects, tenant, client } = this.options;
    try {
      bus.publish(subjects.node(tenant, node), encodeClientFrame(client, items), { replyTo: this.inbox });
    } catch {
      // No way out for now; it is sent again.
    }
  }

  private onFrame(payload: Uint8Array): void {
    let frame: ReturnType<typeof decodeClientFrame>;
    try {
      frame = decodeClientFrame(payload);
    } catch {
      return;
    }
    const from = frame.from as IncarnationId;
    this.nodes.heard(from);
    for (const item of frame.items) this.onItem(from, item);
  }

  private onItem(from: IncarnationId, item: PeerItem): void {
    if (item.kind === 'whereabouts') return this.places.learn(item.agent, item.incarnation);
    if (item.kind !== 'answer' && item.kind !== 'refusal') return;
    const pending = this.pending.get(item.number);
    if (pending === undefined) return;
    if (item.kind === 'refusal') {
      if (item.number === pending.numbers[pending.numbers.length - 1]) this.onRefusal(pending, fromErrorShape(item.error), from);
      return;
    }
    if (this.places.find(pending.question.agent) !== from) this.places.learn(pending.question.agent, from);
    this.settle(pending)?.resolve(item.result);
  }

  private onRefusal(pending: Pending, error: SkepError, from: IncarnationId): void {
    const { question } = pending;
    const doubtful = DOUBTFUL.has(error.code);
    const moves = MOVES_ON.has(error.code);
    if (moves && this.places.find(question.agent) === from) this.places.forget(question.agent);
    if (doubtful) question.doubtful = true;
    const again = moves || (question.repeatable && (doubtful || (question.doubtful && error.retry === 'later')));
    if (!again) {
      this.settle(pending)?.reject(error);
      return;
    }
    pending.refusal = error;
    this.pause(pending);
  }

  private pause(pending: Pending): void {
    pending.sentMs = undefined;
    // A refusal ended the attempt: what comes next is a new one, even for what must not be sent twice.
    if (!pending.question.repeatable) pending.node = undefined;
    const pauseMs = Math.min(PAUSE_MS * 2 ** Math.min(pending.attempts, 10), PAUSE_MS_MAX);
    this.options.clock.setTimer(pauseMs, () => {
      if (this.open.has(pending) && pending.sentMs === undefined) this.dispatch(pending);
    });
  }

  private settle(pending: Pending): Pending | undefined {
    if (!this.open.delete(pending)) return undefined;
    this.homeless.delete(pending);
    for (const number of pending.numbers) this.pending.delete(number);
    return pending;
  }

  private plan(): void {
    if (this.cancelTick !== undefined || this.ended !== undefined) return;
    this.cancelTick = this.options.clock.setTimer(TICK_MS, () => {
      this.cancelTick = undefined;
      this.tick();
      if (this.open.size > 0) this.plan();
    });
  }

  private tick(): void {
    const nowMs = this.options.clock.monotonicMs();
    let silent = false;
    for (const pending of this.open) {
      const { sentMs, node, endMs, attempts } = pending;
      if (nowMs >= endMs) this.giveUp(pending);
      else if (sentMs !== undefined && node !== undefined) {
        const quietMs = nowMs - Math.max(sentMs, this.nodes.heardMs(node));
        if (quietMs >= SILENT_MS) silent = true;
        if (nowMs - sentMs < ATTEMPT_MS * 2 ** Math.min(attempts - 1, 4)) continue;
        pending.question.doubtful = true;
        pending.silent = quietMs >= ATTEMPT_MS ? node : undefined;
        this.dispatch(pending);
      }
    }
    if (silent) this.nodes.probe();
    else this.nodes.calm();
  }

  private giveUp(pending: Pending): void {
    const { question, sentMs, refusal } = pending;
    const begun = question.doubtful || sentMs !== undefined;
    const never =
      refusal ?? new SkepError('unavailable', { message: 'no node answers', remedy: 'See that the nodes run, and that this client may reach them.' });
    this.settle(pending)?.reject(begun ? overdue(question.what, question.waitMs) : never);
  }

  /** The list of nodes is new: sends what waited for one, and what was asked of those that are gone. */
  private onNodes(): void {
    for (const pending of [...this.homeless]) this.dispatch(pending);
    for (const pending of [...this.open]) {
      const { node, sentMs, question } = pending;
      if (node === undefined || sentMs === undefined || this.nodes.has(node)) continue;
      question.doubtful = true;
      if (question.repeatable) this.dispatch(pending);
      else if (this.nodes.isGone(node))
        this.settle(pending)?.reject(new SkepError('outcome-unknown', { message: `node ${node} is gone`, id: question.agent }));
    }
  }
}
