/** Items that go to one place are gathered and leave in one frame, when everything that is under way in this moment had its say. */

import { FRAME_ITEMS_MAX } from './client-frame.js';

/** A frame that grows beyond this leaves at once. */
const FRAME_BYTES = 256 * 1024;

interface Gathered {
  readonly items: Uint8Array[];
  bytes: number;
}

export class Gatherer<Place> {
  private readonly gathered = new Map<Place, Gathered>();
  private flushing = false;

  /** @param leave takes the frame's items away; must not throw */
  constructor(private readonly leave: (place: Place, items: readonly Uint8Array[]) => void) {}

  add(place: Place, item: Uint8Array): void {
    const gathered = this.gathered.get(place) ?? { items: [], bytes: 0 };
    if (gathered.items.length > 0 && (gathered.bytes + item.length > FRAME_BYTES || gathered.items.length >= FRAME_ITEMS_MAX)) {
      this.gathered.delete(place);
      this.leave(place, gathered.items);
      return this.add(place, item);
    }
    gathered.items.push(item);
    gathered.bytes += item.length;
    this.gathered.set(place, gathered);
    if (this.flushing) return;
    this.flushing = true;
    queueMicrotask(() => this.flush());
  }

  flush(): void {
    this.flushing = false;
    for (const [place, { items }] of this.gathered) {
      this.gathered.delete(place);
      this.leave(place, items);
    }
  }
}
