/** What the parts of one draft share, and the slots they are made of. */
import { type Path, SkepError } from '@skep/kernel';
import { ListPart } from './list-part.js';
import { MapPart } from './map-part.js';
import { type Item, loadedItem } from './node.js';
import type { Space } from './space.js';

/** A place in a draft: an item as the tree has it, or a part that was opened. */
export type Slot = Item | DraftPart;
export type DraftPart = MapPart | ListPart;

export class DraftScope {
  private isOpen = true;

  constructor(readonly space: Space) {}

  checkOpen(): void {
    if (!this.isOpen) {
      throw new SkepError('closed', {
        message: 'this draft of a state has ended; nothing of it can be read or changed any more',
        remedy: 'Use the state only while the handler runs, and await what it starts; copy what is needed later.',
      });
    }
  }

  close(): void {
    this.isOpen = false;
  }
}

export function isPart(slot: Slot): slot is DraftPart {
  return typeof slot === 'object' && slot !== null && (slot.kind === 'map-part' || slot.kind === 'list-part');
}

export interface Opened {
  /** What a reader gets: a scalar, a copy of a date or of bytes, or a proxy. */
  readonly value: unknown;
  /** The part behind the proxy, to be kept in the slot. */
  readonly part: DraftPart | undefined;
}

export function openSlot(slot: Slot, scope: DraftScope, parent: DraftPart | undefined, depth: number): Opened {
  if (isPart(slot)) return { value: slot.proxy, part: slot };
  const item = loadedItem(slot);
  if (typeof item !== 'object' || item === null) return { value: item, part: undefined };
  switch (item.kind) {
    case 'text':
      return { value: item.text, part: undefined };
    case 'date':
      return { value: new Date(item.ms), part: undefined };
    case 'bytes':
      return { value: item.bytes.slice(), part: undefined };
    default: {
      const part = item.kind === 'map' || item.kind === 'wide' ? new MapPart(item, scope, parent, depth) : new ListPart(item, scope, parent, depth);
      return { value: part.proxy, part };
    }
  }
}

/** The item that a slot comes down to. */
export function settled(slot: Slot): Item {
  return isPart(slot) ? slot.settle() : slot;
}

/** Where a part stands now, for messages only; what was taken out of the draft stands at the top. */
export function pathOf(part: DraftPart | undefined): Path {
  const path: (string | number)[] = [];
  for (let child = part; child?.parent !== undefined; child = child.parent) {
    const step: string | number | undefined = child.parent.placeOf(child);
    if (step === undefined) return path;
    path.unshift(step);
  }
  return path;
}
