/**
 * What this incarnation and the other nodes say to each other. Items for a node are gathered and leave together, when everything that is
 * under way in this moment had its say.
 *
 * - F1 A frame may be lost. Messages are kept by their senders, requests are answered or time out: nothing waits for a frame for ever.
 * - F2 Whoever asked a node that is dead hears of it at once.
 * - F3 An item that is too large for the bus takes no other one with it, and whoever waits for it hears why.
 */
import { type AgentId, fromErrorShape, type IncarnationId, isSkepError, SkepError, type Value } from '@skep/kernel';
import type { Bus, Clock } from '@skep/ports';
import { decodeFrame, encodeFrame, encodePeerItem, type PeerItem, SeenNumbers, type Subjects } from '@skep/protocol';

export interface PeersOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly subjects: Subjects;
  readonly incarnation: IncarnationId;
  /** Told of everything but answers. Must not throw. */
  readonly onItem: (from: IncarnationId, item: Exclude<PeerItem, { kind: 'answer' | 'refusal' }>) => void;
}

interface Pending {
  readonly peer: IncarnationId;
  readonly resolve: (result: Value) => void;
  readonly reject: (error: SkepError) => void;
  readonly cancel: () => void;
}

interface Encoded {
  readonly item: PeerItem;
  readonly bytes: Uint8Array;
}

interface Outgoing {
  items: Encoded[];
  bytes: number;
}

/** A frame that grows beyond this leaves at once. */
const FRAME_BYTES = 256 * 1024;
/** Requests of one node that are remembered, so that none is done twice. */
const ASKED_MAX = 65_536;

export class Peers {
  private readonly outgoing = new Map<IncarnationId, Outgoing>();
  private readonly pending = new Map<number, Pending>();
  private readonly asked = new Map<IncarnationId, SeenNumbers>();
  private readonly unsubscribe: () => void;
  private flushing = false;
  private stopped = false;
  private number = 0;

  constructor(private readonly options: PeersOptions) {
    const { bus, subjects, incarnation } = options;
    this.unsubscribe = bus.subscribe(subjects.peer(incarnation), ({ payload }) => this.onFrame(payload));
  }

  send(peer: IncarnationId, item: PeerItem): void {
    if (this.stopped) return;
    const bytes = encodePeerItem(item);
    const outgoing = this.outgoing.get(peer) ?? { items: [], bytes: 0 };
    outgoing.items.push({ item, bytes });
    outgoing.bytes += bytes.length;
    this.outgoing.set(peer, outgoing);
    if (outgoing.bytes > FRAME_BYTES) return this.leave(peer, outgoing);
    if (this.flushing) return;
    this.flushing = true;
    queueMicrotask(() => this.flush());
  }

  /** Rejects with `timeout` after `waitMs`, with `outcome-unknown` when the node dies, and with what the node refused it for. */
  ask(peer: IncarnationId, agent: AgentId, method: string, parameters: readonly Value[], waitMs: number): Promise<Value> {
    return new Promise((resolve, reject) => {
      if (this.stopped) return reject(ended());
      this.number += 1;
      const { number } = this;
      const cancel = this.options.clock.setTimer(waitMs, () => {
        this.pending.delete(number);
        reject(new SkepError('timeout', { message: `node ${peer} did not answer within ${waitMs} ms`, id: agent }));
      });
      this.pending.set(number, { peer, resolve, reject, cancel });
      try {
        this.send(peer, { kind: 'ask', number, agent, method, parameters, waitMs });
      } catch (error) {
        this.settle(number)?.reject(error as SkepError);
      }
    });
  }

  /** Nobody waits for this node any more. */
  dead(peer: IncarnationId): void {
    this.outgoing.delete(peer);
    this.asked.delete(peer);
    for (const [number, waiting] of [...this.pending]) {
      if (waiting.peer === peer) this.settle(number)?.reject(new SkepError('outcome-unknown', { message: `node ${peer} is gone`, id: peer }));
    }
  }

  stop(): void {
    if (this.stopped) return;
    this.flush();
    this.stopped = true;
    this.unsubscribe();
    for (const number of [...this.pending.keys()]) this.settle(number)?.reject(ended());
  }

  private flush(): void {
    this.flushing = false;
    for (const [peer, outgoing] of this.outgoing) this.leave(peer, outgoing);
  }

  private leave(peer: IncarnationId, { items }: Outgoing): void {
    this.outgoing.delete(peer);
    const { bus, subjects, incarnation } = this.options;
    try {
      const frame = encodeFrame(
        incarnation,
        items.map(({ bytes }) => bytes),
      );
      bus.publish(subjects.peer(peer), frame);
    } catch (error) {
      // F1: no way out for now; whoever waits for it tries again or hears that time is up.
      if (isSkepError(error, 'payload-too-large')) this.tooLarge(peer, items, error);
    }
  }

  /** F3 */
  private tooLarge(peer: IncarnationId, items: readonly Encoded[], error: SkepError): void {
    const [first] = items;
    if (first === undefined) return;
    if (items.length > 1) {
      for (const each of items) this.leave(peer, { items: [each], bytes: each.bytes.length });
    } else if (first.item.kind === 'ask') {
      this.settle(first.item.number)?.reject(error);
    } else if (first.item.kind === 'answer') {
      this.send(peer, { kind: 'refusal', number: first.item.number, error: error.toJSON() });
    }
  }

  private settle(number: number): Pending | undefined {
    const waiting = this.pending.get(number);
    waiting?.cancel();
    this.pending.delete(number);
    return waiting;
  }

  /** A frame may come twice; what is asked in it is done once. */
  private isNew(peer: IncarnationId, number: number): boolean {
    const asked = this.asked.get(peer) ?? new SeenNumbers(ASKED_MAX);
    this.asked.set(peer, asked);
    return asked.isNew(number);
  }

  private onFrame(payload: Uint8Array): void {
    if (this.stopped) return;
    let frame: ReturnType<typeof decodeFrame>;
    try {
      frame = decodeFrame(payload);
    } catch {
      return;
    }
    for (const item of frame.items) {
      if (item.kind === 'answer') this.settle(item.number)?.resolve(item.result);
      else if (item.kind === 'refusal') this.settle(item.number)?.reject(fromErrorShape(item.error));
      else if (item.kind !== 'ask' || this.isNew(frame.from, item.number)) this.options.onItem(frame.from, item);
    }
  }
}

function ended(): SkepError {
  return new SkepError('closed', { message: 'this node was closed' });
}
