/** The newest sequence known of each of many subjects; the least recently changed ones are forgotten. */
export class MemoryOfLast {
  readonly #known = new Map<string, number>();

  constructor(private readonly entriesMax: number) {}

  /** A lower bound; 0 for what is not known. */
  get(subject: string): number {
    return this.#known.get(subject) ?? 0;
  }

  note(subject: string, sequence: number): void {
    if (sequence <= this.get(subject)) return;
    this.#known.delete(subject);
    this.#known.set(subject, sequence);
    if (this.#known.size <= this.entriesMax) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      return;
    }
  }
}
