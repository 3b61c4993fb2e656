/**
 * Reads canonical MessagePack and refuses every other form of a value, so that one value has one byte string (rules in `codec.ts`).
 *
 * - It trusts no declared length: a list or text that is longer than the bytes left is refused before anything is made for it.
 * - Nesting ends at `LIMITS.valueDepth`; work and memory are of the input's order.
 */
import { SkepError } from './errors.js';
import { LIMITS } from './limits.js';
import type { Value } from './values.js';
import { DATE_EXTENSION } from './writer.js';

/** Texts up to this length are made from their units, longer ones by the platform. */
const SHORT_TEXT = 12;
/** Keys up to 31 bytes are looked up among those met lately: an agent's states repeat the same few. */
const KEY_SLOTS = 2048;
const DATE_MS_MAX = 8.64e15;
const TWO_32 = 0x1_0000_0000;

interface KnownKey {
  readonly bytes: Uint8Array;
  readonly text: string;
}

const knownKeys: (KnownKey | undefined)[] = new Array<KnownKey | undefined>(KEY_SLOTS).fill(undefined);
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const scratch = new Uint8Array(8);
const scratchFloat = new DataView(scratch.buffer);

export class Reader {
  at: number;
  private readonly end: number;
  private platform: Buffer | undefined;

  constructor(
    private readonly bytes: Uint8Array,
    start = 0,
  ) {
    this.at = start;
    this.end = bytes.length;
  }

  get left(): number {
    return this.end - this.at;
  }

  /** The next byte without taking it; -1 at the end. */
  peek(): number {
    return this.at < this.end ? (this.bytes[this.at] as number) : -1;
  }

  /** @throws SkepError `malformed` */
  value(depth: number): Value {
    const head = this.peek();
    if (head < 0) this.refuse('ends too early');
    if (head < 0x80) {
      this.at += 1;
      return head;
    }
    if (head >= 0xe0) {
      this.at += 1;
      return head - 0x100;
    }
    if (head >= 0xa0 && head < 0xc0) return this.text();
    if (head < 0x90 || head === 0xde || head === 0xdf) return this.map(depth);
    if (head < 0xa0 || head === 0xdc || head === 0xdd) return this.list(depth);
    if (head >= 0xd9) return this.text();
    return this.other(head);
  }

  /** The number of members that a list header declares; not more than the bytes left could hold. */
  listHeader(): number {
    const head = this.peek();
    this.at += 1;
    const count = head >= 0x90 && head < 0xa0 ? head & 15 : head === 0xdc ? this.size2(16) : head === 0xdd ? this.size4(0x10000) : -1;
    if (count < 0) this.refuse('is no list where one belongs');
    if (count > this.left) this.refuse('declares a list longer than itself');
    return count;
  }

  /** The number of members that a map header declares; not more than the bytes left could hold. */
  mapHeader(): number {
    const head = this.peek();
    this.at += 1;
    const count = head >= 0x80 && head < 0x90 ? head & 15 : head === 0xde ? this.size2(16) : head === 0xdf ? this.size4(0x10000) : -1;
    if (count < 0) this.refuse('is no map where one belongs');
    if (count * 2 > this.left) this.refuse('declares a map longer than itself');
    return count;
  }

  text(): string {
    const length = this.textLength();
    const start = this.at;
    this.at = start + length;
    return this.textAt(start, length);
  }

  /** A text that likely was met before. */
  key(): string {
    const length = this.textLength();
    const { bytes } = this;
    const start = this.at;
    this.at = start + length;
    if (length > 31 || length === 0) return this.textAt(start, length);
    const slot = keySlot(bytes, start, length);
    const known = knownKeys[slot];
    if (known !== undefined && isSame(known.bytes, bytes, start, length)) return known.text;
    const text = this.textAt(start, length);
    knownKeys[slot] = { bytes: bytes.slice(start, start + length), text };
    return text;
  }

  /** The type of the extension that comes next, or -1 if something else comes. The reader stays where it is. */
  extensionType(): number {
    const head = this.peek();
    const at = head >= 0xd4 && head <= 0xd8 ? this.at + 1 : head === 0xc7 ? this.at + 2 : this.end;
    return at < this.end ? (this.bytes[at] as number) : -1;
  }

  /** The content of an extension of up to 255 bytes, as a view of the input. */
  extension(): Uint8Array {
    const head = this.take();
    let length = 1 << (head - 0xd4);
    if (head === 0xc7) {
      length = this.take();
      if (length <= 2 || length === 4 || length === 8 || length === 16) this.refuse('is not in its shortest form');
    } else if (head < 0xd4 || head > 0xd8) this.refuse('is no extension where one belongs');
    this.take();
    return this.raw(length);
  }

  /** The next bytes, as a view of the input. */
  raw(length: number): Uint8Array {
    if (length > this.left) this.refuse('declares more bytes than it has');
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  refuse(why: string): never {
    throw new SkepError('malformed', { message: `the encoded value ${why}, at byte ${Math.min(this.at, this.end)}` });
  }

  private list(depth: number): Value {
    if (depth >= LIMITS.valueDepth) this.refuse(`nests deeper than ${LIMITS.valueDepth}`);
    const count = this.listHeader();
    // Grows as members are read: what is declared is not allocated in advance.
    const list: Value[] = [];
    for (let at = 0; at < count; at += 1) list.push(this.value(depth + 1));
    return list;
  }

  private map(depth: number): Value {
    if (depth >= LIMITS.valueDepth) this.refuse(`nests deeper than ${LIMITS.valueDepth}`);
    const count = this.mapHeader();
    const map: Record<string, Value> = {};
    let beforeEnd = -1;
    let beforeStart = -1;
    for (let at = 0; at < count; at += 1) {
      const key = this.key();
      const { at: keyEnd } = this;
      const keyStart = keyEnd - this.lastTextLength;
      if (at > 0 && !this.isAscending(beforeStart, beforeEnd, keyStart, keyEnd)) this.refuse('has keys out of order or twice');
      beforeStart = keyStart;
      beforeEnd = keyEnd;
      const value = this.value(depth + 1);
      if (key === '__proto__') Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true });
      else map[key] = value;
    }
    return map;
  }

  /** Length of the text that was read last, in bytes. */
  private lastTextLength = 0;

  private isAscending(oneStart: number, oneEnd: number, otherStart: number, otherEnd: number): boolean {
    const { bytes } = this;
    const length = Math.min(oneEnd - oneStart, otherEnd - otherStart);
    for (let at = 0; at < length; at += 1) {
      const difference = (bytes[oneStart + at] as number) - (bytes[otherStart + at] as number);
      if (difference !== 0) return difference < 0;
    }
    return oneEnd - oneStart < otherEnd - otherStart;
  }

  private other(head: number): Value {
    this.at += 1;
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return this.binary(this.size1(0));
      case 0xc5:
        return this.binary(this.size2(0x100));
      case 0xc6:
        return this.binary(this.size4(0x10000));
      case 0xcb:
        return this.float();
      case 0xcc:
        return this.size1(0x80);
      case 0xcd:
        return this.size2(0x100);
      case 0xce:
        return this.size4(0x10000);
      case 0xcf:
        return this.canonical(this.int64(), TWO_32, Number.MAX_SAFE_INTEGER);
      case 0xd0:
        return this.canonical((this.take() << 24) >> 24, -0x80, -33);
      case 0xd1:
        return this.canonical((this.take2() << 16) >> 16, -0x8000, -0x81);
      case 0xd2:
        return this.canonical(this.take4() | 0, -0x8000_0000, -0x8001);
      case 0xd3:
        return this.canonical(this.int64(), Number.MIN_SAFE_INTEGER, -0x8000_0001);
      case 0xd7:
        return this.date();
      default:
        return this.refuse(`has a form that is never written (0x${head.toString(16)})`);
    }
  }

  private date(): Date {
    if (this.take() !== DATE_EXTENSION) this.refuse('has an unknown extension');
    return new Date(this.canonical(this.int64(), -DATE_MS_MAX, DATE_MS_MAX));
  }

  private float(): number {
    const raw = this.raw(8);
    for (let at = 0; at < 8; at += 1) scratch[at] = raw[at] as number;
    const value = scratchFloat.getFloat64(0);
    if (!Number.isFinite(value) || Number.isInteger(value)) this.refuse('holds a float that is no fraction');
    return value;
  }

  private binary(length: number): Uint8Array {
    if (length > this.left) this.refuse('declares more bytes than it has');
    this.at += length;
    return this.bytes.slice(this.at - length, this.at);
  }

  private textLength(): number {
    const head = this.take();
    const length =
      head >= 0xa0 && head < 0xc0
        ? head & 31
        : head === 0xd9
          ? this.size1(32)
          : head === 0xda
            ? this.size2(0x100)
            : head === 0xdb
              ? this.size4(0x10000)
              : -1;
    if (length < 0) this.refuse('is no text where one belongs');
    if (length > this.left) this.refuse('declares a text longer than itself');
    this.lastTextLength = length;
    return length;
  }

  private textAt(start: number, length: number): string {
    const { bytes } = this;
    const end = start + length;
    if (length <= SHORT_TEXT) {
      let text = '';
      for (let at = start; at < end; at += 1) {
        const unit = bytes[at] as number;
        if (unit > 0x7f) return this.unicodeAt(start, end);
        text += String.fromCharCode(unit);
      }
      return text;
    }
    for (let at = start; at < end; at += 1) if ((bytes[at] as number) > 0x7f) return this.unicodeAt(start, end);
    this.platform ??= Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    return this.platform.toString('latin1', start, end);
  }

  private unicodeAt(start: number, end: number): string {
    try {
      return utf8.decode(this.bytes.subarray(start, end));
    } catch {
      return this.refuse('has text that is no UTF-8');
    }
  }

  private size1(least: number): number {
    return this.atLeast(this.take(), least);
  }

  private size2(least: number): number {
    return this.atLeast(this.take2(), least);
  }

  private size4(least: number): number {
    return this.atLeast(this.take4(), least);
  }

  private atLeast(value: number, least: number): number {
    if (value < least) this.refuse('is not in its shortest form');
    return value;
  }

  private canonical(value: number, min: number, max: number): number {
    if (!(value >= min && value <= max)) this.refuse('has an integer out of range or not in its shortest form');
    return value;
  }

  private int64(): number {
    const high = this.take4() | 0;
    return high * TWO_32 + this.take4();
  }

  private take4(): number {
    return this.take2() * 0x10000 + this.take2();
  }

  private take2(): number {
    return (this.take() << 8) | this.take();
  }

  private take(): number {
    if (this.at >= this.end) this.refuse('ends too early');
    const byte = this.bytes[this.at] as number;
    this.at += 1;
    return byte;
  }
}

function keySlot(bytes: Uint8Array, start: number, length: number): number {
  const first = bytes[start] as number;
  const middle = bytes[start + (length >> 1)] as number;
  const last = bytes[start + length - 1] as number;
  return (first * 31 + middle * 131 + last * 7 + length * 517) & (KEY_SLOTS - 1);
}

function isSame(known: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
  if (known.length !== length) return false;
  for (let at = 0; at < length; at += 1) if (known[at] !== bytes[start + at]) return false;
  return true;
}
