/**
 * The slots of a list of a draft. Short lists are copied once when they are first touched; of long ones only what differs from the tree's is
 * kept, until something moves.
 */
import { isPart, type Slot, settled } from './draft-scope.js';
import { listGet, listItems, listLength, listPush, listSet, rebuilt } from './list.js';
import type { ListItem } from './node.js';

const COPIED_ITEMS_MAX = 1024;

export class SlotList {
  private copied: Slot[] | undefined = undefined;
  private readonly changed = new Map<number, Slot>();
  private readonly appended: Slot[] = [];
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
    const changed = this.changed.get(at);
    return changed === undefined ? listGet(this.base, at) : changed;
  }

  /** @param at within the list */
  set(at: number, slot: Slot): void {
    if (this.copied === undefined && this.baseLength <= COPIED_ITEMS_MAX) this.all();
    if (this.copied !== undefined) this.copied[at] = slot;
    else if (at >= this.baseLength) this.appended[at - this.baseLength] = slot;
    else this.changed.set(at, slot);
  }

  push(slots: readonly Slot[]): void {
    const target = this.copied ?? this.appended;
    for (const slot of slots) target.push(slot);
  }

  /** All slots, to be moved about at will. */
  all(): Slot[] {
    if (this.copied === undefined) {
      const copied: Slot[] = listItems(this.base);
      for (const [at, slot] of this.changed) copied[at] = slot;
      for (const slot of this.appended) copied.push(slot);
      this.copied = copied;
    }
    return this.copied;
  }

  placeOf(child: Slot): number | undefined {
    if (this.copied !== undefined) return found(this.copied.indexOf(child));
    for (const [at, slot] of this.changed) if (slot === child) return at;
    const at = this.appended.indexOf(child);
    return at < 0 ? undefined : this.baseLength + at;
  }

  settle(): ListItem {
    if (this.copied !== undefined) return rebuilt(this.copied.map(settled), this.base);
    let list = this.base;
    for (const [at, slot] of this.changed) {
      const item = isPart(slot) ? slot.settle() : slot;
      if (item !== listGet(this.base, at)) list = listSet(list, at, item);
    }
    for (const slot of this.appended) list = listPush(list, settled(slot));
    return list;
  }
}

function found(at: number): number | undefined {
  return at < 0 ? undefined : at;
}
