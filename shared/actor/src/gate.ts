/**
 * The output gate (rule L6): what a turn wants to send out waits here until the record that causes it is acknowledged.
 * Tickets arrive in ascending order, so the gate is a queue.
 *
 * A1 What depends on a ticket that was given up is never released, not even when later tickets are.
 */
import type { SkepError } from '@skep/kernel';
import type { Ticket } from '@skep/lane';

export interface Gated {
  release(): void;
  abort(error: SkepError): void;
}

interface Waiting {
  readonly ticket: Ticket;
  readonly gated: Gated;
}

/** Tickets after `after` up to `through` were given up. */
interface GivenUp {
  readonly after: Ticket;
  readonly through: Ticket;
  readonly error: SkepError;
}

/** Failures of the log that are remembered; whoever still holds an older ticket has waited through as many failures. */
const GIVEN_UP_MAX = 1024;

export class Gate {
  private waiting: Waiting[] = [];
  private head = 0;
  private through: Ticket = 0;
  private drawn: Ticket = 0;
  private givenUp: GivenUp[] = [];

  get size(): number {
    return this.waiting.length - this.head;
  }

  /** A record got this ticket; a failure of the log gives up everything up to the last one drawn. */
  draw(ticket: Ticket): void {
    this.drawn = ticket;
  }

  /** Releases at once what is acknowledged already. */
  hold(ticket: Ticket, gated: Gated): void {
    const lost = this.givenUp.length === 0 ? undefined : this.lossOf(ticket);
    if (lost !== undefined) return gated.abort(lost.error);
    if (ticket <= this.through) return gated.release();
    const last = this.waiting[this.waiting.length - 1];
    if (last === undefined || last.ticket <= ticket) this.waiting.push({ ticket, gated });
    else this.insert({ ticket, gated });
  }

  /** Resolves when everything up to the ticket is acknowledged, rejects when it never will be. */
  passed(ticket: Ticket): Promise<void> {
    return new Promise((resolve, reject) => this.hold(ticket, { release: resolve, abort: reject }));
  }

  /** Resolves when nothing is under way that could still be given up. What was given up holds nobody back: nothing rests on it any more. */
  quiet(): Promise<void> {
    return this.lossOf(this.drawn) === undefined ? this.passed(this.drawn) : Promise.resolve();
  }

  release(through: Ticket): void {
    this.through = through;
    while (this.head < this.waiting.length) {
      const next = this.waiting[this.head] as Waiting;
      if (next.ticket > through) break;
      this.head += 1;
      next.gated.release();
    }
    if (this.head > 256 && this.head * 2 > this.waiting.length) {
      this.waiting = this.waiting.slice(this.head);
      this.head = 0;
    }
  }

  /** Everything that waits will never be acknowledged. */
  abort(error: SkepError): void {
    const waiting = this.waiting.slice(this.head);
    this.waiting = [];
    this.head = 0;
    this.remember({ after: this.through, through: Math.max(this.drawn, waiting[waiting.length - 1]?.ticket ?? 0), error });
    for (const { gated } of waiting) gated.abort(error);
  }

  private remember(loss: GivenUp): void {
    if (loss.through <= loss.after) return;
    // Two failures without a success between them are one.
    if (this.givenUp[this.givenUp.length - 1]?.after === loss.after) this.givenUp.pop();
    this.givenUp.push(loss);
    if (this.givenUp.length > GIVEN_UP_MAX) this.givenUp.shift();
  }

  private lossOf(ticket: Ticket): GivenUp | undefined {
    return this.givenUp.find(({ after, through }) => ticket > after && ticket <= through);
  }

  private insert(item: Waiting): void {
    let at = this.waiting.length;
    while (at > this.head && (this.waiting[at - 1] as Waiting).ticket > item.ticket) at -= 1;
    this.waiting.splice(at, 0, item);
  }
}
