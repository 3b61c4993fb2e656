/**
 * The operations that an agent remembers, in the order of their ids. A UUIDv7 begins with its time, so the order is that of time, and what
 * goes first is the oldest by its own clock: a client whose clock is ahead cannot push out those of others.
 */
import { LIMITS, parseOperationId, type Value } from '@skep/kernel';
import type { Answered } from './dedupe.js';

export class RememberedOperations {
  private readonly answers = new Map<string, Answered>();
  /** Ids, ascending, from `first` on. */
  private order: string[] = [];
  private first = 0;
  /** Every operation that was forgotten has an id up to this one. */
  private floor = '';

  get(id: string): Answered | undefined {
    return this.answers.get(id);
  }

  mayHaveForgotten(id: string): boolean {
    return id <= this.floor;
  }

  /** Remembers one and forgets what no longer fits, or is older than the window at `recordMs`. */
  add(id: string, answer: Answered, recordMs: number): void {
    if (!this.answers.has(id)) this.place(id);
    this.answers.set(id, answer);
    const oldestMs = recordMs - LIMITS.operationWindowMs;
    while (this.first < this.order.length) {
      const oldest = this.order[this.first] as string;
      if (this.answers.size <= LIMITS.operationsPerAgent && parseOperationId(oldest).timeMs >= oldestMs) break;
      this.first += 1;
      this.answers.delete(oldest);
      if (oldest > this.floor) this.floor = oldest;
    }
    if (this.first > 256 && this.first * 2 > this.order.length) {
      this.order = this.order.slice(this.first);
      this.first = 0;
    }
  }

  toValue(): { readonly floor: string; readonly operations: Value } {
    const operations = this.order.slice(this.first).map((id) => {
      const { body, value, version } = this.answers.get(id) as Answered;
      return [id, body, value, version];
    });
    return { floor: this.floor, operations };
  }

  static fromValue(value: Value): RememberedOperations {
    const fields = value as { readonly floor: string; readonly operations: readonly [string, Uint8Array, Value, number][] };
    const remembered = new RememberedOperations();
    remembered.floor = fields.floor;
    for (const [id, body, answer, version] of fields.operations) {
      remembered.order.push(id);
      remembered.answers.set(id, { body, value: answer, version });
    }
    return remembered;
  }

  /** New ids nearly always belong at the end. */
  private place(id: string): void {
    let at = this.order.length;
    while (at > this.first && (this.order[at - 1] as string) > id) at -= 1;
    if (at === this.order.length) this.order.push(id);
    else this.order.splice(at, 0, id);
  }
}
