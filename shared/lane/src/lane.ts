/**
 * The lane of one incarnation of a node in one universe: the protocol of rules L1-L8, L10 and L11 as pure code. It decides; its driver
 * performs what `take` returns, in order, and reports each outcome through `answer`. No I/O, no clock, no chance.
 *
 * It owns: the batches and their order, which agents this node holds, which lanes are known to be sealed.
 * It does not own: what records mean (the actor room), who is believed dead (the cluster room), when to flush and settle (the driver).
 */
import { type AgentId, type LaneId, SkepError, type Value } from '@skep/kernel';
import type { Answer, LaneOutput, RequestId, Ticket } from './outputs.js';
import { Ownership } from './ownership.js';
import { Requests } from './requests.js';
import { RULES, type Rules } from './rules.js';
import { Sealer } from './sealer.js';
import type { Settling } from './stage.js';
import { Writer } from './writer.js';

export interface LaneOptions {
  readonly lane: LaneId;
  /** Whether the log proves that nobody else writes to it (see `Log.exclusive`). */
  readonly exclusive: boolean;
  /** Test-only: the decisions, one of them replaced by a mistake. */
  readonly rules?: Rules;
}

interface Parts {
  readonly requests: Requests;
  readonly writer: Writer;
  readonly sealer: Sealer;
  readonly ownership: Ownership;
}

export class Lane {
  private readonly parts: Parts;

  constructor(
    readonly options: LaneOptions,
    parts?: (listener: Lane) => Parts,
  ) {
    this.parts = parts === undefined ? this.freshParts() : parts(this);
  }

  get id(): LaneId {
    return this.options.lane;
  }

  get dead(): boolean {
    return this.parts.writer.dead;
  }

  /** No batch in flight, nothing queued. */
  get idle(): boolean {
    return this.parts.writer.idle;
  }

  /** Everything up to this ticket may leave the node (L6). */
  get released(): Ticket {
    return this.parts.writer.releasedTicket;
  }

  get acknowledgedBatch(): number {
    return this.parts.writer.acknowledged;
  }

  holds(agent: AgentId): boolean {
    return !this.dead && this.parts.ownership.holds(agent);
  }

  standing(agent: AgentId): { readonly epoch: number; readonly position: number; readonly acknowledged: number } {
    return this.parts.ownership.standing(agent);
  }

  /** Starts to take an agent; ends with `owned` or `refused`. Idempotent while it goes on and while the agent is held. */
  claim(agent: AgentId): void {
    if (this.dead) throw new SkepError('sealed', { message: 'the lane of this node is sealed', id: this.id });
    this.parts.ownership.claim(agent);
  }

  /** Queues a record of a held agent for the next batch. @throws SkepError `sealed` */
  write(agent: AgentId, body: Uint8Array): Ticket {
    return this.parts.ownership.write(agent, body);
  }

  /**
   * The ticket that a strong read waits for (L7). `written`: the ticket of the last record that it saw.
   * @throws SkepError `sealed`; the reason when that record was given up meanwhile
   */
  barrier(written: Ticket): Ticket {
    const { writer } = this.parts;
    if (!writer.dead) writer.checkNotVoided(written);
    return writer.dead || this.rules.readAppends(this.options) ? writer.barrier() : written;
  }

  flush(): void {
    this.parts.writer.flush();
  }

  /** The last ticket of the batch on its way; undefined when there is none. */
  get inFlight(): Ticket | undefined {
    return this.parts.writer.inFlightTicket;
  }

  /** The batch on its way was neither acknowledged nor refused within the limit: the lane ends with `dead`, and seals under way go on (L8). */
  expire(): void {
    this.parts.writer.expire();
  }

  /** A bug was met, here or in who is told of events: takes nothing any more. */
  abandon(): void {
    this.parts.writer.die('broken');
  }

  /** Names a snapshot in the directory (L5). False while another settling is under way, and on a dead lane. */
  settle(agent: AgentId, task: Settling): boolean {
    return !this.dead && this.parts.ownership.settle(agent, task);
  }

  /** Lets go of an agent (L4); ends with `freed`. False while records or a settling are under way, and on a dead lane. */
  free(agent: AgentId, task: Settling): boolean {
    return !this.dead && this.parts.ownership.free(agent, task);
  }

  /** Seals another lane (L2); ends with `sealed` or `unsealed`, whatever becomes of this lane. */
  seal(lane: LaneId): void {
    this.parts.sealer.seal(lane);
  }

  sealOf(lane: LaneId): number | undefined {
    return this.parts.sealer.sealOf(lane);
  }

  /** Drops what a sealed lane holds, but its seal; only for a lane that no trail names any more. */
  retire(lane: LaneId): void {
    this.parts.sealer.retire(lane);
  }

  /** Drops the batches of this lane that nobody needs any more (L10). */
  trim(): void {
    if (!this.dead) this.parts.writer.trimBelow(this.parts.ownership.floor());
  }

  answer(request: RequestId, answer: Answer): void {
    const { writer, sealer, ownership } = this.parts;
    if (writer.owns(request)) return writer.answer(answer);
    const lane = sealer.laneOf(request);
    if (lane !== undefined) return sealer.answer(lane, answer);
    if (!this.dead) ownership.answer(request, answer);
  }

  /** Whether an answer to the request would still change anything. */
  awaits(request: RequestId): boolean {
    const { writer, sealer, ownership } = this.parts;
    return writer.owns(request) || sealer.laneOf(request) !== undefined || (!this.dead && ownership.awaits(request));
  }

  /** What is to be done now, in order. */
  take(): readonly LaneOutput[] {
    return this.parts.requests.take();
  }

  /** An independent copy in the same state. */
  clone(): Lane {
    return new Lane(this.options, () => {
      const requests = this.parts.requests.clone();
      const sealer = this.parts.sealer.clone(requests);
      const listener = { ownership: undefined as Ownership | undefined };
      const writer = this.parts.writer.clone(requests, {
        acknowledged: (records) => listener.ownership?.acknowledged(records),
        aborted: (agents) => listener.ownership?.aborted(agents),
      });
      const ownership = this.parts.ownership.clone({ writer, sealer, requests });
      listener.ownership = ownership;
      return { requests, writer, sealer, ownership };
    });
  }

  /** The whole state as a value: equal values behave alike. */
  inspect(): Value {
    return [this.parts.writer.inspect(), this.parts.sealer.inspect(), this.parts.ownership.inspect()];
  }

  private get rules(): Rules {
    return this.options.rules ?? RULES;
  }

  private freshParts(): Parts {
    const requests = new Requests();
    const sealer = new Sealer(this.rules, requests);
    const writer = new Writer(this.options.lane, this.rules, requests, {
      acknowledged: (records) => this.parts.ownership.acknowledged(records),
      aborted: (agents) => this.parts.ownership.aborted(agents),
    });
    return { requests, writer, sealer, ownership: new Ownership(writer, sealer, this.rules, requests) };
  }
}
