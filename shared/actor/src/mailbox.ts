/** A bounded first-in first-out queue. Full means refused, never dropped. */
export class Mailbox<Message> {
  private items: (Message | undefined)[] = [];
  private head = 0;

  constructor(readonly limit: number) {}

  get size(): number {
    return this.items.length - this.head;
  }

  /** False when the mailbox is full. */
  push(message: Message): boolean {
    if (this.size >= this.limit) return false;
    this.items.push(message);
    return true;
  }

  /** Accepts it even when the mailbox is full: for what is bounded by a limit of its own. */
  force(message: Message): void {
    this.items.push(message);
  }

  /** Puts a message back before all others; always accepted, since it had its place. */
  unshift(message: Message): void {
    if (this.head > 0) {
      this.head -= 1;
      this.items[this.head] = message;
    } else this.items.unshift(message);
  }

  peek(): Message | undefined {
    return this.items[this.head];
  }

  shift(): Message | undefined {
    const message = this.items[this.head];
    if (message === undefined) return undefined;
    this.items[this.head] = undefined;
    this.head += 1;
    if (this.head > 64 && this.head * 2 > this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return message;
  }

  /** Takes out those that match, and leaves the others in their order. */
  take(matches: (message: Message) => boolean): readonly Message[] {
    const taken: Message[] = [];
    const kept: Message[] = [];
    for (const message of this.drain()) (matches(message) ? taken : kept).push(message);
    this.items = kept;
    return taken;
  }

  /** Takes everything out. */
  drain(): readonly Message[] {
    const all = this.items.slice(this.head).filter((message) => message !== undefined);
    this.items = [];
    this.head = 0;
    return all;
  }
}
