/** mulberry32: small, and the same from the same seed for ever. The seed is drawn when it is first needed. */
export class SeededChance {
  private drawn: number | undefined;
  private state: number | undefined;

  constructor(private readonly draw: () => number) {}

  get seed(): number {
    this.drawn ??= this.draw();
    return this.drawn;
  }

  /** From 0 up to and not including 1. */
  next(): number {
    let mixed = ((this.state ?? this.seed) + 0x6d2b79f5) | 0;
    this.state = mixed;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }
}
