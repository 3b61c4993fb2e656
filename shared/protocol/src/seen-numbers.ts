/**
 * Which of a sender's numbers came already: a bus may deliver a message twice. Bounded; a number that is lower than some that were
 * forgotten counts as seen, so that what was forgotten is never taken for new.
 */
export class SeenNumbers {
  private newer = new Set<number>();
  private older = new Set<number>();
  private highest = 0;
  /** The highest of the numbers in `older`. */
  private olderHighest = 0;
  /** Every number that was forgotten is at most this. */
  private floor = 0;

  /** @param numbersMax how many are remembered at least, once there were so many; twice as many at most */
  constructor(private readonly numbersMax: number) {}

  /** True the first time. Numbers count from 1. */
  isNew(number: number): boolean {
    if (number <= this.floor || this.newer.has(number) || this.older.has(number)) return false;
    this.newer.add(number);
    if (number > this.highest) this.highest = number;
    if (this.newer.size >= this.numbersMax) this.forget();
    return true;
  }

  private forget(): void {
    this.floor = this.olderHighest;
    this.older = this.newer;
    this.olderHighest = this.highest;
    this.newer = new Set();
  }
}
