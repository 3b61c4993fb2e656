/**
 * The writer of a node's own lane.
 *
 *   write, barrier -> queue -> batch in flight -> acknowledged -> released
 *                                 |  unknown, conflict
 *                                 v
 *                              settling: read the lane's last record (L8)
 *
 * W1 One batch in flight; batch n+1 names the hash of batch n (L1).
 * W2 An append whose outcome is unknown is repeated with the same bytes until it is known to be in, or the lane is sealed (L8).
 * W3 A batch is given up only if every attempt to write it was refused for certain; its number is used again.
 * W4 A lane whose last record cannot be read while an outcome is unknown is dead: nobody can say what is in it.
 * W5 A batch that is on its way for too long ends the lane, not the batch: it may still arrive, so nobody is told that it did not (L8).
 */
import { type AgentId, assert, hash, type LaneId, LIMITS, SkepError, type Value } from '@skep/kernel';
import type { Sequence } from '@skep/ports';
import { type Batch, decodeBatch, encodeBatch, type LaneRecord, NO_HASH, recordSize } from './batch.js';
import type { Answer, Death, RequestId, Ticket } from './outputs.js';
import type { Requests } from './requests.js';
import type { Rules } from './rules.js';

interface Queued {
  readonly ticket: Ticket;
  /** Undefined for a read's barrier. */
  readonly record: LaneRecord | undefined;
}

interface InFlight {
  readonly number: number;
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
  readonly items: readonly Queued[];
  readonly awaits: 'append' | 'last';
  /** An attempt has an unknown outcome. */
  readonly doubtful: boolean;
  readonly attempts: number;
  readonly request: RequestId;
}

/** Tickets after `after` up to `through`, and why. */
interface Voided {
  readonly after: Ticket;
  readonly through: Ticket;
  readonly why: SkepError;
}

/** Only a read that is under way can still name a ticket that was given up, so a few of the last times are enough. */
const VOIDED_MAX = 64;

export interface WriterListener {
  acknowledged(records: readonly LaneRecord[]): void;
  aborted(agents: readonly AgentId[]): void;
}

export class Writer {
  /** Number of the last acknowledged batch. */
  acknowledged = 0;
  lastSequence: Sequence = 0;
  dead = false;
  private lastHash: Uint8Array = NO_HASH;
  private queue: Queued[] = [];
  private inFlight: InFlight | undefined;
  private ticket: Ticket = 0;
  private released: Ticket = 0;
  /** Tickets that were given up. */
  private voided: readonly Voided[] = [];
  /** Sequences of the batches after `forgotten`, for trimming. */
  private sequences: Sequence[] = [];
  private forgotten = 0;

  constructor(
    readonly lane: LaneId,
    private readonly rules: Rules,
    private readonly requests: Requests,
    private readonly listener: WriterListener,
  ) {}

  /** The first batch that can hold a record queued from now on. */
  get nextNumber(): number {
    return this.rules.firstBatch(this.acknowledged, this.inFlight?.number);
  }

  get releasedTicket(): Ticket {
    return this.released;
  }

  get idle(): boolean {
    return this.inFlight === undefined && this.queue.length === 0;
  }

  /** @throws SkepError `sealed` */
  write(record: LaneRecord): Ticket {
    return this.push(record);
  }

  /** @throws SkepError `sealed` */
  barrier(): Ticket {
    return this.push(undefined);
  }

  /** @throws SkepError for the ticket of a record that was given up, with the code of the reason: who saw it saw what never was (W3) */
  checkNotVoided(ticket: Ticket): void {
    for (const { after, through, why } of this.voided) {
      if (ticket > after && ticket <= through) {
        throw new SkepError(why.code, {
          message: `the state that was read was given up: its records could not be written: ${why.message}`,
          id: this.lane,
        });
      }
    }
  }

  /** Sends what waits, unless a batch is in flight; acknowledgements send the next batch by themselves. */
  flush(): void {
    if (this.inFlight !== undefined || this.queue.length === 0 || this.dead) return;
    const items = this.takeBatch();
    this.compose(this.acknowledged + 1, items);
  }

  answer(answer: Answer): void {
    const flight = this.inFlight;
    if (flight === undefined || this.dead) return;
    switch (answer.kind) {
      case 'appended':
        return this.commit(flight, answer.sequence);
      case 'conflict':
        return this.askLast(flight);
      case 'unknown':
        this.inFlight = { ...flight, doubtful: true };
        return this.askLast(this.inFlight);
      case 'failed':
        if (this.rules.givesUp(flight)) return this.abort(flight, answer.error);
        // A lane whose last record cannot be read leaves the doubt for ever.
        return flight.awaits === 'append' ? this.askLast(flight) : this.die('corrupt');
      case 'last':
        return this.settle(flight, answer.entry);
      default:
        throw new SkepError('internal', { message: `a lane's writer got the answer ${answer.kind}`, id: this.lane });
    }
  }

  owns(request: RequestId): boolean {
    return this.inFlight?.request === request;
  }

  /** The last ticket of the batch on its way: another one, another batch. */
  get inFlightTicket(): Ticket | undefined {
    return this.inFlight?.items[this.inFlight.items.length - 1]?.ticket;
  }

  /** Time is up for the batch on its way (W5). */
  expire(): void {
    const flight = this.inFlight;
    if (flight === undefined) return;
    if (this.rules.endsInDoubt()) return this.die('in-doubt');
    this.abort(flight, new SkepError('unavailable', { message: 'the log did not answer', id: this.lane }));
  }

  /** A sequence before batch `number`: where a reader of that batch may start. */
  sequenceBefore(number: number): Sequence {
    const index = number - 2 - this.forgotten;
    return index >= 0 ? (this.sequences[index] ?? this.lastSequence) : 0;
  }

  /** Everything below batch `number` may go, except the lane's last record (L10). */
  trimBelow(number: number): void {
    const keep = this.rules.keepsLast() ? Math.min(number, this.acknowledged) : number;
    if (keep <= this.forgotten + 1) return;
    const below = this.sequenceBefore(keep) + 1;
    this.sequences = this.sequences.slice(keep - 1 - this.forgotten);
    this.forgotten = keep - 1;
    this.requests.tell({ kind: 'trim', lane: this.lane, below });
  }

  die(why: Death): void {
    if (this.dead) return;
    this.dead = true;
    this.queue = [];
    this.inFlight = undefined;
    this.requests.tell({ kind: 'dead', why });
  }

  clone(requests: Requests, listener: WriterListener): Writer {
    const copy = new Writer(this.lane, this.rules, requests, listener);
    copy.acknowledged = this.acknowledged;
    copy.lastSequence = this.lastSequence;
    copy.dead = this.dead;
    copy.lastHash = this.lastHash;
    copy.queue = [...this.queue];
    copy.inFlight = this.inFlight;
    copy.ticket = this.ticket;
    copy.released = this.released;
    copy.voided = this.voided;
    copy.sequences = [...this.sequences];
    copy.forgotten = this.forgotten;
    return copy;
  }

  /** Tickets are counted from the last released one: only their order matters. */
  inspect(): Value {
    const items = (list: readonly Queued[]) =>
      list.map(({ ticket, record }): Value => {
        if (record === undefined) return [ticket - this.released];
        return [ticket - this.released, record.agent, record.epoch, record.position, record.body];
      });
    const { inFlight } = this;
    return [
      this.dead,
      this.acknowledged,
      this.lastSequence,
      this.lastHash,
      this.ticket - this.released,
      items(this.queue),
      inFlight === undefined
        ? null
        : [inFlight.number, inFlight.hash, inFlight.awaits, inFlight.doubtful, inFlight.attempts > 1, items(inFlight.items)],
      this.voided.map(({ after, through }) => [after - this.released, through - this.released]),
      this.forgotten,
      this.sequences,
    ];
  }

  private push(record: LaneRecord | undefined): Ticket {
    if (this.dead) throw new SkepError('sealed', { message: 'the lane of this node is sealed', id: this.lane });
    this.ticket += 1;
    this.queue.push({ ticket: this.ticket, record });
    return this.ticket;
  }

  private takeBatch(): readonly Queued[] {
    let bytes = 0;
    let count = 0;
    for (const { record } of this.queue) {
      bytes += record === undefined ? 0 : recordSize(record);
      if (count > 0 && (bytes > LIMITS.batchBytes || count >= LIMITS.batchRecords)) break;
      count += 1;
    }
    if (count === this.queue.length) {
      const all = this.queue;
      this.queue = [];
      return all;
    }
    return this.queue.splice(0, count);
  }

  private compose(number: number, items: readonly Queued[], attempts = 0): void {
    const records: LaneRecord[] = [];
    for (const { record } of items) if (record !== undefined) records.push(record);
    const encoded = encodeBatch({ kind: 'records', lane: this.lane, number, previous: this.lastHash, records });
    this.inFlight = { number, ...encoded, items, awaits: 'append', doubtful: attempts > 0, attempts, request: 0 };
    this.send(this.inFlight);
  }

  private send(flight: InFlight): void {
    const request = this.requests.ask({
      kind: 'append',
      lane: this.lane,
      bytes: flight.bytes,
      expected: this.lastSequence,
      attempt: flight.attempts,
    });
    this.inFlight = { ...flight, awaits: 'append', attempts: flight.attempts + 1, request };
  }

  private askLast(flight: InFlight): void {
    const request = this.requests.ask({ kind: 'last', lane: this.lane });
    this.inFlight = { ...flight, awaits: 'last', request };
  }

  private settle(flight: InFlight, entry: { readonly sequence: Sequence; readonly bytes: Uint8Array } | undefined): void {
    let last: { readonly batch: Batch; readonly hash: Uint8Array } | undefined;
    try {
      last = entry === undefined ? undefined : { batch: decodeBatch(entry.bytes), hash: hash(entry.bytes) };
    } catch {
      return this.die('corrupt');
    }
    switch (this.rules.settle({ number: flight.number, hash: flight.hash, previous: this.lastHash }, last)) {
      case 'committed':
        assert(entry !== undefined, 'a committed batch is the last entry');
        return this.commit(flight, entry.sequence);
      case 'resend':
        if (this.rules.resendsSameBytes()) return this.send(flight);
        return this.compose(flight.number, [...flight.items, ...this.queue.splice(0)], flight.attempts);
      case 'dead':
        return this.die('sealed');
      case 'corrupt':
        return this.die('corrupt');
    }
  }

  private commit(flight: InFlight, sequence: Sequence): void {
    this.acknowledged = flight.number;
    this.lastSequence = sequence;
    this.lastHash = flight.hash;
    this.sequences.push(sequence);
    this.inFlight = undefined;
    const records: LaneRecord[] = [];
    for (const { record } of flight.items) if (record !== undefined) records.push(record);
    this.listener.acknowledged(records);
    this.release(flight.items[flight.items.length - 1]?.ticket ?? this.released);
    this.flush();
  }

  private release(through: Ticket): void {
    this.released = through;
    this.requests.tell({ kind: 'released', through, batch: this.acknowledged });
  }

  private abort(flight: InFlight, error: SkepError): void {
    const agents = new Set<AgentId>();
    for (const { record } of [...flight.items, ...this.queue]) if (record !== undefined) agents.add(record.agent);
    this.inFlight = undefined;
    this.queue = [];
    // Nothing was released since the last time: it is one stretch with that one.
    const earlier = this.voided.filter(({ after }) => after !== this.released);
    this.voided = [...earlier, { after: this.released, through: this.ticket, why: error }].slice(-VOIDED_MAX);
    this.listener.aborted([...agents]);
    this.requests.tell({ kind: 'aborted', error, agents: [...agents] });
  }
}
