/**
 * The slots of a list of a draft. Only what differs from the tree's is kept at first; a list in which much is touched or something moves is
 * copied.
 */
import { isPart, type Slot, settled } from './draft-scope.js';
import { listGet, listItems, listLength, listPush, listSet, rebuilt } from './list.js';
import type { ListItem } from './node.js';

/** Lists up to this length are copied as soon as some items were touched; longer ones only when something moves. */
const COPIED_ITEMS_MAX = 1024;
const TOUCHED_ITEMS_MAX = 8;

export class SlotList {
  private copied: Slot[] | undefined = undefined;
  private changed: Map<number, Slot> | undefined = undefined;
  private appended: Slot[] = NONE;
  private readonly baseLength: number;

  constructor(private readonly base: ListItem) {
    this.baseLength = listLength(base);
  }

  get length(): number {
    return this.copied === undefined ? this.baseLength + this.appended.length : this.copied.length;
  }

  /** @param at within the list */
  get(at: number): Slot {
    if (this.copied !== undefined) return this.copied[at] as Slot;
    if (at >= this.baseLength) return this.appended[at - this.baseLength] as Slot;
    const changed = this.changed?.get(at);
    return changed === undefined ? listGet(this.base, at) : changed;
  }

  /** @param at within the list */
  set(at: number, slot: Slot): void {
    if (this.copied !== undefined) this.copied[at] = slot;
    else if (at >= this.baseLength) this.appended[at - this.baseLength] = slot;
    else {
      this.changed ??= new Map();
      this.changed.set(at, slot);
      if (this.changed.size > TOUCHED_ITEMS_MAX && this.baseLength <= COPIED_ITEMS_MAX) this.all();
    }
  }

  push(slots: readonly Slot[]): void {
    if (this.copied === undefined && this.appended === NONE) this.appended = slots.slice();
    else for (const slot of slots) (this.copied ?? this.appended).push(slot);
  }

  /** All slots, to be moved about at will. */
  all(): Slot[] {
    if (this.copied === undefined) {
      const copied: Slot[] = listItems(this.base);
      if (this.changed !== undefined) for (const [at, slot] of this.changed) copied[at] = slot;
      for (const slot of this.appended) copied.push(slot);
      this.copied = copied;
    }
    return this.copied;
  }

  placeOf(child: Slot): number | undefined {
    if (this.copied !== undefined) return found(this.copied.indexOf(child));
    if (this.changed !== undefined) for (const [at, slot] of this.changed) if (slot === child) return at;
    const at = this.appended.indexOf(child);
    return at < 0 ? undefined : this.baseLength + at;
  }

  settle(): ListItem {
    if (this.copied !== undefined) return rebuilt(this.copied.map(settled), this.base);
    let list = this.base;
    for (const [at, slot] of this.changed ?? NO_CHANGES) {
      const item = isPart(slot) ? slot.settle() : slot;
      if (item !== listGet(this.base, at)) list = listSet(list, at, item);
    }
    for (const slot of this.appended) list = listPush(list, settled(slot));
    return list;
  }
}

/** Never written to. */
const NONE: Slot[] = [];
const NO_CHANGES: ReadonlyMap<number, Slot> = new Map();

function found(at: number): number | undefined {
  return at < 0 ? undefined : at;
}
