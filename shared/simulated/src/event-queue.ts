/**
 * `inner`: moves the world, calls nobody. `outer`: calls code of a node, whose promises have to settle before the next event.
 * `background`: a fault that comes by the plan; a world in which nothing else is left to do is idle.
 */
export type EventKind = 'inner' | 'outer' | 'background';

export interface SimulatedEvent {
  atUs: number;
  /** Breaks ties: what was scheduled first happens first. */
  readonly order: number;
  readonly kind: EventKind;
  /** Undefined once it was cancelled. */
  run: (() => void) | undefined;
}

/** Events by time, then by the order in which they were scheduled: a binary heap. */
export class EventQueue {
  readonly #heap: SimulatedEvent[] = [];
  /** Events that are neither cancelled nor in the background. */
  #due = 0;
  #order = 0;

  get isIdle(): boolean {
    return this.#due === 0;
  }

  add(atUs: number, kind: EventKind, run: () => void): SimulatedEvent {
    this.#order += 1;
    const event: SimulatedEvent = { atUs, order: this.#order, kind, run };
    if (kind !== 'background') this.#due += 1;
    this.#heap.push(event);
    this.#rise(this.#heap.length - 1);
    return event;
  }

  cancel(event: SimulatedEvent): void {
    if (event.run === undefined) return;
    event.run = undefined;
    if (event.kind !== 'background') this.#due -= 1;
  }

  /** The next event, still in the queue; undefined when there is none. */
  peek(): SimulatedEvent | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.run !== undefined) return first;
      this.#removeFirst();
    }
  }

  /** Takes the next event out. Whoever takes it runs it. */
  take(): SimulatedEvent | undefined {
    const first = this.peek();
    if (first === undefined) return undefined;
    this.#removeFirst();
    if (first.kind !== 'background') this.#due -= 1;
    return first;
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #rise(from: number): void {
    let at = from;
    const event = this.#heap[at] as SimulatedEvent;
    while (at > 0) {
      const parentAt = (at - 1) >>> 1;
      const parent = this.#heap[parentAt] as SimulatedEvent;
      if (isBefore(parent, event)) break;
      this.#heap[at] = parent;
      at = parentAt;
    }
    this.#heap[at] = event;
  }

  #sink(from: number): void {
    let at = from;
    const event = this.#heap[at] as SimulatedEvent;
    for (;;) {
      let childAt = 2 * at + 1;
      let child = this.#heap[childAt];
      if (child === undefined) break;
      const right = this.#heap[childAt + 1];
      if (right !== undefined && isBefore(right, child)) {
        child = right;
        childAt += 1;
      }
      if (isBefore(event, child)) break;
      this.#heap[at] = child;
      at = childAt;
    }
    this.#heap[at] = event;
  }
}

function isBefore(one: SimulatedEvent, two: SimulatedEvent): boolean {
  return one.atUs < two.atUs || (one.atUs === two.atUs && one.order < two.order);
}
