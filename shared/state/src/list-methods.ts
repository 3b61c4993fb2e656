/**
 * The methods of arrays that move items. JavaScript's own would read and assign item after item, and assigning copies; these move the slots
 * themselves, so a part that was opened stays what it is. All other methods of arrays work through the traps.
 */
import type { ListPart } from './list-part.js';
import { PART } from './part.js';

type Compare = (one: unknown, other: unknown) => number;

export const LIST_METHODS: ReadonlyMap<string, unknown> = new Map<string, unknown>(
  Object.entries({
    push(this: object, ...values: unknown[]): number {
      const part = listPartOf(this);
      const { length } = part;
      const items = values.map((value, at) => part.itemOf(value, length + at));
      if (items.length > 0) part.touch();
      part.slots.push(items);
      return part.length;
    },

    pop(this: object): unknown {
      const part = listPartOf(this);
      return part.length === 0 ? undefined : removed(part, part.length - 1, 1)[0];
    },

    shift(this: object): unknown {
      const part = listPartOf(this);
      return part.length === 0 ? undefined : removed(part, 0, 1)[0];
    },

    unshift(this: object, ...values: unknown[]): number {
      const part = listPartOf(this);
      insert(part, 0, values);
      return part.length;
    },

    splice(this: object, ...args: [start?: number, count?: number, ...values: unknown[]]): unknown[] {
      const part = listPartOf(this);
      const { length } = part;
      const [start, count, ...values] = args;
      const at = placeOf(start, length);
      const many = args.length === 0 ? 0 : args.length === 1 ? length - at : Math.min(Math.max(wholeOf(count), 0), length - at);
      const items = values.map((value, index) => part.itemOf(value, at + index));
      const gone = removed(part, at, many);
      if (items.length > 0) {
        part.touch();
        part.slots.all().splice(at, 0, ...items);
      }
      return gone;
    },

    reverse(this: object): object {
      const part = listPartOf(this);
      part.touch();
      part.slots.all().reverse();
      return this;
    },

    sort(this: object, compare?: Compare): object {
      const part = listPartOf(this);
      const values = Array.from({ length: part.length }, (_, at) => part.at(at));
      // As they are now: what compares them may change the list, and is overwritten then, as in an array.
      const pairs = part.slots.all().map((slot, at) => ({ slot, value: values[at] }));
      const sorted = pairs.sort((one, other) => (compare ?? byText)(one.value, other.value));
      const slots = part.slots.all();
      for (const [at, { slot }] of sorted.entries()) slots[at] = slot;
      part.touch();
      return this;
    },
  }),
);

function listPartOf(proxy: object): ListPart {
  const part = (proxy as { readonly [PART]?: unknown })[PART];
  if (typeof part !== 'object' || part === null || (part as Partial<ListPart>).kind !== 'list-part')
    throw new TypeError('this method is for lists of a draft');
  (part as ListPart).checkOpen();
  return part as ListPart;
}

function removed(part: ListPart, at: number, count: number): unknown[] {
  if (count === 0) return [];
  // Opened before they go, so that what the caller gets is still what was there.
  const gone = Array.from({ length: count }, (_, index) => part.at(at + index));
  part.slots.all().splice(at, count);
  part.touch();
  return gone;
}

function insert(part: ListPart, at: number, values: readonly unknown[]): void {
  if (values.length === 0) return;
  const items = values.map((value, index) => part.itemOf(value, at + index));
  part.slots.all().splice(at, 0, ...items);
  part.touch();
}

/** An index as `splice` takes it: negative ones count from the end. */
function placeOf(start: unknown, length: number): number {
  const at = wholeOf(start);
  return at < 0 ? Math.max(length + at, 0) : Math.min(at, length);
}

function wholeOf(value: unknown): number {
  const whole = Math.trunc(Number(value));
  return Number.isNaN(whole) ? 0 : whole;
}

/** JavaScript's own order of arrays. */
function byText(one: unknown, other: unknown): number {
  const left = String(one);
  const right = String(other);
  return left < right ? -1 : left > right ? 1 : 0;
}
