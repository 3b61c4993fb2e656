/**
 * The output gate (rule L6): what a turn wants to send out waits here until the record that causes it is acknowledged.
 * Tickets arrive in ascending order, so the gate is a queue.
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

export class Gate {
  private waiting: Waiting[] = [];
  private head = 0;
  private through: Ticket = 0;

  get size(): number {
    return this.waiting.length - this.head;
  }

  /** Releases at once what is acknowledged already. */
  hold(ticket: Ticket, gated: Gated): void {
    if (ticket <= this.through) return gated.release();
    const last = this.waiting[this.waiting.length - 1];
    if (last === undefined || last.ticket <= ticket) this.waiting.push({ ticket, gated });
    else this.insert({ ticket, gated });
  }

  /** Resolves when everything up to the ticket is acknowledged, rejects when it never will be. */
  passed(ticket: Ticket): Promise<void> {
    return new Promise((resolve, reject) => this.hold(ticket, { release: resolve, abort: reject }));
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
    for (const { gated } of waiting) gated.abort(error);
  }

  private insert(item: Waiting): void {
    let at = this.waiting.length;
    while (at > this.head && (this.waiting[at - 1] as Waiting).ticket > item.ticket) at -= 1;
    this.waiting.splice(at, 0, item);
  }
}
