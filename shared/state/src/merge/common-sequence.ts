/**
 * The longest common subsequence of two short sequences (Myers: An O(ND) Difference Algorithm and Its Variations, 1986), given up where they
 * differ too much, so that neither time nor memory grows with the square of the lengths.
 */

/** Members inserted and removed. With it, time is at most this times the lengths, memory 4 MiB. */
const DIFFERENCES_MAX = 1_024;

/** For each member of `base` its place in `side`, -1 for none; ascending. Undefined where they differ in more than `DIFFERENCES_MAX` members. */
export function commonPlaces(base: readonly string[], side: readonly string[]): Int32Array | undefined {
  const places = new Int32Array(base.length).fill(-1);
  const most = Math.min(base.length, side.length);
  let start = 0;
  while (start < most && base[start] === side[start]) {
    places[start] = start;
    start += 1;
  }
  let tail = 0;
  while (tail < most - start && base[base.length - 1 - tail] === side[side.length - 1 - tail]) {
    tail += 1;
    places[base.length - tail] = side.length - tail;
  }
  return new Search(base, side, { start, baseEnd: base.length - tail, sideEnd: side.length - tail }).fill(places) ? places : undefined;
}

interface Bounds {
  readonly start: number;
  readonly baseEnd: number;
  readonly sideEnd: number;
}

class Search {
  /** For each number of differences: how far every diagonal was reached in `base`; diagonal k at index k + differences. */
  private readonly reached: Int32Array[] = [];

  constructor(
    private readonly base: readonly string[],
    private readonly side: readonly string[],
    private readonly bounds: Bounds,
  ) {}

  fill(places: Int32Array): boolean {
    const { start, baseEnd, sideEnd } = this.bounds;
    const [width, height] = [baseEnd - start, sideEnd - start];
    for (let differences = 0; differences <= Math.min(DIFFERENCES_MAX, width + height); differences += 1) {
      const row = new Int32Array(2 * differences + 1).fill(-1);
      this.reached.push(row);
      for (let diagonal = -differences; diagonal <= differences; diagonal += 2) {
        let at = this.stepTo(diagonal, differences);
        while (at < width && at - diagonal < height && this.base[start + at] === this.side[start + at - diagonal]) at += 1;
        row[diagonal + differences] = at;
        if (at >= width && at - diagonal >= height) {
          this.trace(places, diagonal, differences);
          return true;
        }
      }
    }
    return false;
  }

  /** Where a diagonal begins: one step right of, or below, the farther of its neighbours. */
  private stepTo(diagonal: number, differences: number): number {
    if (differences === 0) return 0;
    return this.comesFromLeft(diagonal, differences)
      ? this.reachedBefore(diagonal - 1, differences) + 1
      : this.reachedBefore(diagonal + 1, differences);
  }

  private comesFromLeft(diagonal: number, differences: number): boolean {
    if (diagonal === -differences) return false;
    return diagonal === differences || this.reachedBefore(diagonal - 1, differences) >= this.reachedBefore(diagonal + 1, differences);
  }

  private reachedBefore(diagonal: number, differences: number): number {
    return (this.reached[differences - 1] as Int32Array)[diagonal + differences - 1] as number;
  }

  /** Goes back from the end and notes the members that both have. */
  private trace(places: Int32Array, lastDiagonal: number, lastDifferences: number): void {
    const { start } = this.bounds;
    let diagonal = lastDiagonal;
    for (let differences = lastDifferences; differences >= 0; differences -= 1) {
      const end = (this.reached[differences] as Int32Array)[diagonal + differences] as number;
      for (let at = this.stepTo(diagonal, differences); at < end; at += 1) places[start + at] = start + at - diagonal;
      if (differences > 0) diagonal += this.comesFromLeft(diagonal, differences) ? -1 : 1;
    }
  }
}
