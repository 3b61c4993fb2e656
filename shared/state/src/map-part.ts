/**
 * An object of a draft. Its entries are those of the tree until one is touched; then a list of its own while they are few, and what differs
 * from the tree's when they are many.
 */
import { formatPath, invalidValue, Refusal, SkepError, sortKeys } from '@skep/kernel';
import { build } from './build.js';
import { type DraftPart, type DraftScope, openSlot, pathOf, type Slot, settled } from './draft-scope.js';
import { succeed } from './encoding.js';
import { MapTarget } from './inspect.js';
import { mapDelete, mapGet, mapOf, mapSet, placeFor, sortedEntries } from './map.js';
import { type Item, type MapItem, MapNode } from './node.js';
import { PART } from './part.js';
import type { Space } from './space.js';

/** Objects that grow beyond this in a draft are kept as what differs from the tree's. */
const LISTED_ENTRIES_MAX = 64;
const DELETED = Symbol('deleted');

export class MapPart implements ProxyHandler<object> {
  readonly kind = 'map-part';
  readonly isDraftPart = true;
  readonly proxy: object;
  /** True once anything in or below may differ from the base. */
  touched = false;
  private keys: readonly string[];
  /** One for each key. Those of the base until `isOwn`. */
  private slots: readonly Slot[];
  private isOwn = false;
  private overlay: Map<string, Slot | typeof DELETED> | undefined = undefined;

  constructor(
    private readonly base: MapItem,
    private readonly scope: DraftScope,
    readonly parent: DraftPart | undefined,
    private readonly depth: number,
  ) {
    this.keys = base.kind === 'map' ? base.keys : [];
    this.slots = base.kind === 'map' ? base.items : [];
    if (base.kind === 'wide') this.overlay = new Map();
    this.proxy = new Proxy(new MapTarget(), this);
  }

  get space(): Space {
    return this.scope.space;
  }

  current(): Item {
    this.scope.checkOpen();
    return this.settle();
  }

  /** What the part holds now, the base if nothing differs. */
  settle(): MapItem {
    if (!this.touched) return this.base;
    if (this.overlay !== undefined) return this.settleOverlay(this.overlay);
    const { keys, slots, base } = this;
    const like = base.kind === 'map' && base.keys === keys ? base : undefined;
    const items = new Array<Item>(slots.length);
    let isSame = true;
    for (let at = 0; at < slots.length; at += 1) {
      const item = settled(slots[at] as Slot);
      if (like !== undefined && like.items[at] !== item) isSame = false;
      items[at] = item;
    }
    if (like === undefined) return mapOf(keys, items, this.space);
    return isSame ? like : succeed(new MapNode(keys, items), like);
  }

  placeOf(child: DraftPart): string | undefined {
    if (this.overlay !== undefined) for (const [key, slot] of this.overlay) if (slot === child) return key;
    return this.keys[this.slots.indexOf(child)];
  }

  get(_target: object, key: string | symbol): unknown {
    if (typeof key === 'symbol') return key === PART ? this : Reflect.get(Object.prototype, key);
    this.scope.checkOpen();
    const slot = this.slotOf(key);
    if (slot === undefined) return Reflect.get(Object.prototype, key);
    if (typeof slot !== 'object' || slot === null) return slot;
    const { value, part } = openSlot(slot, this.scope, this, this.depth + 1);
    if (part !== undefined && part !== slot) this.put(key, part);
    return value;
  }

  set(_target: object, key: string | symbol, value: unknown): boolean {
    this.scope.checkOpen();
    if (typeof key === 'symbol') throw new SkepError('invalid-value', { message: `a symbol cannot be a key, at ${formatPath(pathOf(this))}` });
    if (value === undefined) return this.deleteProperty(_target, key);
    const item = this.itemOf(value, key);
    if (this.slotOf(key) === item) return true;
    this.touch();
    this.put(key, item);
    return true;
  }

  deleteProperty(_target: object, key: string | symbol): boolean {
    this.scope.checkOpen();
    if (typeof key === 'symbol' || this.slotOf(key) === undefined) return true;
    this.touch();
    if (this.overlay !== undefined) this.overlay.set(key, DELETED);
    else {
      const at = this.keys.indexOf(key);
      this.keys = this.keys.toSpliced(at, 1);
      this.slots = this.slots.toSpliced(at, 1);
      this.isOwn = true;
    }
    return true;
  }

  has(_target: object, key: string | symbol): boolean {
    this.scope.checkOpen();
    return (typeof key === 'string' && this.slotOf(key) !== undefined) || key in Object.prototype;
  }

  ownKeys(): string[] {
    this.scope.checkOpen();
    const { overlay } = this;
    if (overlay === undefined) return this.keys as string[];
    const added: string[] = [];
    for (const [key, slot] of overlay) if (slot !== DELETED && mapGet(this.base, key, this.space) === undefined) added.push(key);
    const kept = sortedEntries(this.base).map((entry) => entry.key);
    return sortKeys([...kept.filter((key) => overlay.get(key) !== DELETED), ...added]);
  }

  getOwnPropertyDescriptor(target: object, key: string | symbol): PropertyDescriptor | undefined {
    this.scope.checkOpen();
    if (typeof key === 'symbol' || this.slotOf(key) === undefined) return undefined;
    return { value: this.get(target, key), writable: true, enumerable: true, configurable: true };
  }

  defineProperty(target: object, key: string | symbol, descriptor: PropertyDescriptor): boolean {
    if (!('value' in descriptor))
      throw new SkepError('invalid-value', { message: `a getter or setter cannot be kept, at ${formatPath(pathOf(this))}` });
    return this.set(target, key, descriptor.value);
  }

  getPrototypeOf(): object {
    return Object.prototype;
  }

  setPrototypeOf(): boolean {
    return false;
  }

  preventExtensions(): boolean {
    return false;
  }

  /** Marks this and everything around it. */
  touch(): void {
    for (let part: DraftPart | undefined = this; part !== undefined && !part.touched; part = part.parent) part.touched = true;
  }

  private itemOf(value: unknown, key: string): Item {
    try {
      if (!key.isWellFormed())
        throw new SkepError('invalid-value', { message: `a key with a lone surrogate cannot be kept, at ${formatPath(pathOf(this))}` });
      return build(value, this.depth + 1, this.space);
    } catch (error) {
      throw error instanceof Refusal ? invalidValue(value, [...pathOf(this), key]) : error;
    }
  }

  private slotOf(key: string): Slot | undefined {
    if (this.overlay !== undefined) {
      const slot = this.overlay.get(key);
      if (slot === undefined) return mapGet(this.base, key, this.space);
      return slot === DELETED ? undefined : slot;
    }
    const at = this.keys.indexOf(key);
    return at < 0 ? undefined : this.slots[at];
  }

  private put(key: string, slot: Slot): void {
    if (this.overlay !== undefined) {
      this.overlay.set(key, slot);
      return;
    }
    const slots = this.isOwn ? (this.slots as Slot[]) : this.slots.slice();
    this.slots = slots;
    this.isOwn = true;
    const at = this.keys.indexOf(key);
    if (at >= 0) slots[at] = slot;
    else {
      const to = placeFor(this.keys, key);
      this.keys = this.keys.toSpliced(to, 0, key);
      slots.splice(to, 0, slot);
      if (slots.length > LISTED_ENTRIES_MAX) this.toOverlay();
    }
  }

  private toOverlay(): void {
    const overlay = new Map<string, Slot | typeof DELETED>();
    for (const { key } of sortedEntries(this.base)) overlay.set(key, DELETED);
    for (const [at, key] of this.keys.entries()) overlay.set(key, this.slots[at] as Slot);
    this.overlay = overlay;
    this.keys = [];
    this.slots = [];
  }

  private settleOverlay(overlay: ReadonlyMap<string, Slot | typeof DELETED>): MapItem {
    let map = this.base;
    for (const [key, slot] of overlay) {
      if (slot !== DELETED) map = mapSet(map, key, settled(slot), this.space);
      else if (mapGet(map, key, this.space) !== undefined) map = mapDelete(map, key, this.space);
    }
    return map;
  }
}
