/** A list of a draft: an array to everybody who looks. */
import { formatPath, invalidValue, Refusal, SkepError } from '@skep/kernel';
import { build } from './build.js';
import { type DraftPart, type DraftScope, openSlot, pathOf, type Slot } from './draft-scope.js';
import { ListTarget } from './inspect.js';
import { LIST_METHODS } from './list-methods.js';
import type { Item, ListItem } from './node.js';
import { PART } from './part.js';
import { SlotList } from './slot-list.js';
import type { Space } from './space.js';

export class ListPart implements ProxyHandler<never[]> {
  readonly kind = 'list-part';
  readonly isDraftPart = true;
  readonly proxy: readonly unknown[];
  /** True once anything in or below may differ from the base. */
  touched = false;
  readonly slots: SlotList;

  constructor(
    private readonly base: ListItem,
    private readonly scope: DraftScope,
    readonly parent: DraftPart | undefined,
    private readonly depth: number,
  ) {
    this.slots = new SlotList(base);
    this.proxy = new Proxy(new ListTarget(), this);
  }

  get space(): Space {
    return this.scope.space;
  }

  get length(): number {
    return this.slots.length;
  }

  current(): Item {
    this.scope.checkOpen();
    return this.settle();
  }

  /** What the part holds now, the base if nothing differs. */
  settle(): ListItem {
    return this.touched ? this.slots.settle() : this.base;
  }

  placeOf(child: DraftPart): number | undefined {
    return this.slots.placeOf(child);
  }

  /** What a reader finds at an index; undefined beyond the end. */
  at(at: number): unknown {
    if (at >= this.slots.length) return undefined;
    const slot = this.slots.get(at);
    if (typeof slot !== 'object' || slot === null) return slot;
    const { value, part } = openSlot(slot, this.scope, this, this.depth + 1);
    if (part !== undefined && part !== slot) this.slots.set(at, part);
    return value;
  }

  /** The item for a value that is to be put at an index. @throws SkepError `invalid-value` */
  itemOf(value: unknown, at: number): Item {
    try {
      return build(value, this.depth + 1, this.space);
    } catch (error) {
      throw error instanceof Refusal ? invalidValue(value, [...pathOf(this), at]) : error;
    }
  }

  checkOpen(): void {
    this.scope.checkOpen();
  }

  /** Marks this and everything around it. */
  touch(): void {
    for (let part: DraftPart | undefined = this; part !== undefined && !part.touched; part = part.parent) part.touched = true;
  }

  get(_target: readonly unknown[], key: string | symbol): unknown {
    if (key === PART) return this;
    this.scope.checkOpen();
    if (typeof key === 'symbol') return Reflect.get(Array.prototype, key);
    const index = indexOf(key);
    if (index >= 0) return this.at(index);
    if (key === 'length') return this.slots.length;
    return LIST_METHODS.get(key) ?? Reflect.get(Array.prototype, key);
  }

  set(_target: readonly unknown[], key: string | symbol, value: unknown): boolean {
    this.scope.checkOpen();
    const index = typeof key === 'string' ? indexOf(key) : -1;
    if (key === 'length') this.truncate(value);
    else if (index < 0) throw this.refusal('a list has indexes and no other members; such a member');
    else {
      // First, as getters of the value may change the list.
      const item = this.itemOf(value, index);
      if (index > this.slots.length) throw this.refusal('a hole in a list');
      this.put(index, item);
    }
    return true;
  }

  deleteProperty(_target: readonly unknown[], key: string | symbol): boolean {
    this.scope.checkOpen();
    const index = typeof key === 'string' ? indexOf(key) : -1;
    if (index < 0 || index >= this.slots.length) return true;
    throw this.refusal('a hole in a list');
  }

  has(_target: readonly unknown[], key: string | symbol): boolean {
    this.scope.checkOpen();
    const index = typeof key === 'string' ? indexOf(key) : -1;
    return index >= 0 ? index < this.slots.length : key in Array.prototype;
  }

  ownKeys(): string[] {
    this.scope.checkOpen();
    const keys = Array.from({ length: this.slots.length }, (_, at) => String(at));
    keys.push('length');
    return keys;
  }

  getOwnPropertyDescriptor(_target: readonly unknown[], key: string | symbol): PropertyDescriptor | undefined {
    this.scope.checkOpen();
    if (key === 'length') return { value: this.slots.length, writable: true, enumerable: false, configurable: false };
    const index = typeof key === 'string' ? indexOf(key) : -1;
    if (index < 0 || index >= this.slots.length) return undefined;
    return { value: this.at(index), writable: true, enumerable: true, configurable: true };
  }

  defineProperty(target: readonly unknown[], key: string | symbol, descriptor: PropertyDescriptor): boolean {
    if (!('value' in descriptor)) throw this.refusal('a getter or setter');
    return this.set(target, key, descriptor.value);
  }

  getPrototypeOf(): object {
    return Array.prototype;
  }

  setPrototypeOf(): boolean {
    return false;
  }

  preventExtensions(): boolean {
    return false;
  }

  private put(at: number, item: Slot): void {
    if (at === this.slots.length) this.slots.push([item]);
    else if (this.slots.get(at) === item) return;
    else this.slots.set(at, item);
    this.touch();
  }

  private truncate(length: unknown): void {
    const present = this.slots.length;
    if (typeof length !== 'number' || !Number.isInteger(length) || length < 0) throw new RangeError('Invalid array length');
    if (length > present) throw this.refusal('a hole in a list');
    if (length === present) return;
    this.slots.all().length = length;
    this.touch();
  }

  private refusal(what: string): SkepError {
    const remedy = 'Put items in with push or splice, and take them out with splice.';
    return new SkepError('invalid-value', { message: `${what} cannot be kept, at ${formatPath(pathOf(this))}`, remedy });
  }
}

/** The index that a property key stands for, -1 for any other key. */
function indexOf(key: string): number {
  const { length } = key;
  if (length === 0 || length > 10) return -1;
  let index = 0;
  for (let at = 0; at < length; at += 1) {
    const digit = key.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    index = index * 10 + digit;
  }
  return length > 1 && key.charCodeAt(0) === 0x30 ? -1 : index;
}
