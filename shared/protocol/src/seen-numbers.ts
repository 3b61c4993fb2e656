/**
 * Which of a sender's numbers came already: a bus may deliver a message twice. Bounded; a number that is lower than all that are
 * remembered counts as seen, so that what was forgotten is never taken for new.
 */
export class SeenNumbers {
  private readonly seen = new Set<number>();
  private floor = 0;

  constructor(private readonly numbersMax: number) {}

  /** True the first time. Numbers count from 1. */
  isNew(number: number): boolean {
    if (number <= this.floor || this.seen.has(number)) return false;
    this.seen.add(number);
    if (this.seen.size > this.numbersMax) {
      const [oldest] = this.seen;
      this.seen.delete(oldest as number);
      this.floor = Math.max(this.floor, oldest as number);
    }
    return true;
  }
}
