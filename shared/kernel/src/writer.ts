/**
 * Writes canonical MessagePack: the one byte string of each value. Rules and refusals stand in `codec.ts`.
 *
 * A writer owns a buffer that grows and is used again and again: nothing is allocated for a value. Writers may be used again while they
 * write (a getter of a value may encode something): each use works behind the bytes of the one around it.
 */
import { SkepError } from './errors.js';
import { dateMs, isPlainList, isPlainObject } from './fault.js';
import { sortKeys } from './key-order.js';
import { LIMITS } from './limits.js';

/** The extension type of a date: eight bytes, the milliseconds since 1970 as a signed integer, big end first. */
export const DATE_EXTENSION = 1;

const BYTES_FIRST = 64 * 1024;
/** A buffer that grew beyond this is given back after use. */
export const BYTES_KEPT = 1024 * 1024;
/** A value that shares parts with itself can be far longer than what it takes in memory. */
const BYTES_MAX = 512 * 1024 * 1024;
/** Shorter texts are written unit by unit, longer ones by the platform (measured, as the next one). */
const SHORT_TEXT = 24;
/** Copies up to this length are made byte by byte. */
const SHORT_COPY = 24;
const TWO_32 = 0x1_0000_0000;

/** Thrown inside; whoever called the writer names the place with `invalidValue`. */
export class Refusal extends Error {}

export class Writer {
  /** Valid up to `at`; replaced when it grows. */
  bytes: Uint8Array;
  at = 0;
  /** The same bytes for the platform's own encoders, and for numbers. */
  protected platform: Buffer;
  private view: DataView;

  /** @param buffer to be written to, owned by the writer from now on */
  constructor(buffer: ArrayBuffer = Buffer.allocUnsafeSlow(BYTES_FIRST).buffer) {
    this.platform = Buffer.from(buffer);
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
  }

  /** A copy of what was written since `start`; the writer goes back there. */
  take(start: number): Uint8Array {
    const length = this.at - start;
    const { bytes } = this;
    let taken: Uint8Array;
    if (length <= SHORT_COPY) {
      taken = new Uint8Array(length);
      for (let at = 0; at < length; at += 1) taken[at] = bytes[start + at] as number;
    } else taken = bytes.slice(start, this.at);
    this.back(start);
    return taken;
  }

  /** Forgets what was written since `start`. */
  back(start: number): void {
    this.at = start;
    if (start === 0 && this.bytes.length > BYTES_KEPT) this.use(Buffer.allocUnsafeSlow(BYTES_FIRST).buffer);
  }

  /** @throws Refusal */
  value(value: unknown, depth: number): void {
    switch (typeof value) {
      case 'string':
        this.text(value);
        return;
      case 'number':
        this.number(value);
        return;
      case 'boolean':
        this.byte(value ? 0xc3 : 0xc2);
        return;
      case 'object':
        if (value === null) this.byte(0xc0);
        else if (Array.isArray(value)) this.list(value, depth);
        else if (Object.getPrototypeOf(value) === Object.prototype) this.map(value as Readonly<Record<string, unknown>>, depth);
        else this.object(value, depth);
        return;
      default:
        throw new Refusal();
    }
  }

  byte(byte: number): void {
    if (this.at >= this.bytes.length) this.grow(1);
    this.bytes[this.at] = byte;
    this.at += 1;
  }

  number(value: number): void {
    if ((value | 0) === value && value >= -32 && value < 128) {
      this.byte(value & 0xff);
      return;
    }
    if (this.at + 9 > this.bytes.length) this.grow(9);
    if (Number.isSafeInteger(value)) {
      if (value >= 0) this.positive(value);
      else this.negative(value);
      return;
    }
    // Every number from 2^53 on is an integer, so what is left to refuse is too large or none at all.
    if (!(Math.abs(value) < Number.MAX_SAFE_INTEGER)) throw new Refusal();
    this.bytes[this.at] = 0xcb;
    this.view.setFloat64(this.at + 1, value);
    this.at += 9;
  }

  text(text: string): void {
    const { length } = text;
    if (length < SHORT_TEXT) {
      const start = this.at;
      if (start + length + 1 > this.bytes.length) this.grow(length + 1);
      const { bytes } = this;
      let to = start + 1;
      for (let at = 0; at < length; at += 1) {
        const unit = text.charCodeAt(at);
        if (unit > 0x7f) {
          this.longText(text);
          return;
        }
        bytes[to] = unit;
        to += 1;
      }
      bytes[start] = 0xa0 | length;
      this.at = to;
    } else if (length >= 0x100 || !this.plainText(text)) this.longText(text);
  }

  binary(value: Uint8Array): void {
    const { length } = value;
    if (length < 0x100) this.head2(0xc4, length);
    else if (length < 0x10000) this.head3(0xc5, length);
    else this.head5(0xc6, length);
    if (this.at + length > this.bytes.length) this.grow(length);
    this.bytes.set(value, this.at);
    this.at += length;
  }

  listHeader(count: number): void {
    if (count < 16) this.byte(0x90 | count);
    else if (count < 0x10000) this.head3(0xdc, count);
    else this.head5(0xdd, count);
  }

  mapHeader(count: number): void {
    if (count < 16) this.byte(0x80 | count);
    else if (count < 0x10000) this.head3(0xde, count);
    else this.head5(0xdf, count);
  }

  /** An extension of up to 255 bytes in its shortest form. */
  extension(type: number, value: Uint8Array): void {
    const { length } = value;
    const fixed = FIXED_EXTENSIONS.indexOf(length);
    if (fixed >= 0) this.head2(0xd4 + fixed, type);
    else {
      this.head2(0xc7, length);
      this.byte(type);
    }
    this.raw(value);
  }

  raw(value: Uint8Array): void {
    const { length } = value;
    if (this.at + length > this.bytes.length) this.grow(length);
    this.bytes.set(value, this.at);
    this.at += length;
  }

  private list(list: readonly unknown[], depth: number): void {
    if (depth >= LIMITS.valueDepth || !isPlainList(list)) throw new Refusal();
    const { length } = list;
    this.listHeader(length);
    for (let at = 0; at < length; at += 1) this.value(list[at], depth + 1);
  }

  private map(map: Readonly<Record<string, unknown>>, depth: number): void {
    if (depth >= LIMITS.valueDepth) throw new Refusal();
    const keys = sortKeys(Object.keys(map));
    const { length } = keys;
    const start = this.at;
    this.mapHeader(length);
    let absent = 0;
    for (let at = 0; at < length; at += 1) {
      const key = keys[at] as string;
      // Read once: a getter may answer differently the second time.
      const member = map[key];
      if (member === undefined) {
        absent += 1;
        if (!key.isWellFormed()) throw new Refusal();
        continue;
      }
      this.text(key);
      this.value(member, depth + 1);
    }
    if (absent > 0) this.correctHeader(start, { written: length, present: length - absent });
  }

  /** Members that turned out to be undefined are absent: the header counts the others, in its shortest form. */
  private correctHeader(start: number, { written, present }: { readonly written: number; readonly present: number }): void {
    const end = this.at;
    this.at = start;
    this.mapHeader(present);
    const body = start + headerLength(written);
    if (this.at !== body) this.bytes.copyWithin(this.at, body, end);
    this.at += end - body;
  }

  private object(value: object, depth: number): void {
    if (value instanceof Uint8Array) this.binary(value);
    else if (value instanceof Date) this.date(value);
    else if (isPlainObject(value)) this.map(value as Readonly<Record<string, unknown>>, depth);
    else throw new Refusal();
  }

  private date(date: Date): void {
    const ms = dateMs(date);
    if (ms === undefined) throw new Refusal();
    this.dateMs(ms);
  }

  /** A date, given as its milliseconds. */
  dateMs(ms: number): void {
    if (this.at + 10 > this.bytes.length) this.grow(10);
    this.bytes[this.at] = 0xd7;
    this.bytes[this.at + 1] = DATE_EXTENSION;
    this.at += 2;
    this.int64(ms);
  }

  private positive(value: number): void {
    if (value < 0x100) this.head2(0xcc, value);
    else if (value < 0x10000) this.head3(0xcd, value);
    else if (value < TWO_32) this.head5(0xce, value);
    else {
      this.byte(0xcf);
      this.int64(value);
    }
  }

  private negative(value: number): void {
    if (value >= -0x80) this.head2(0xd0, value);
    else if (value >= -0x8000) this.head3(0xd1, value);
    else if (value >= -0x8000_0000) this.head5(0xd2, value);
    else {
      this.byte(0xd3);
      this.int64(value);
    }
  }

  private head2(head: number, value: number): void {
    if (this.at + 2 > this.bytes.length) this.grow(2);
    const { bytes, at } = this;
    bytes[at] = head;
    bytes[at + 1] = value;
    this.at = at + 2;
  }

  private head3(head: number, value: number): void {
    if (this.at + 3 > this.bytes.length) this.grow(3);
    const { bytes, at } = this;
    bytes[at] = head;
    bytes[at + 1] = value >> 8;
    bytes[at + 2] = value;
    this.at = at + 3;
  }

  private head5(head: number, value: number): void {
    if (this.at + 5 > this.bytes.length) this.grow(5);
    const { bytes, at } = this;
    bytes[at] = head;
    bytes[at + 1] = value >>> 24;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 8;
    bytes[at + 4] = value;
    this.at = at + 5;
  }

  private int64(value: number): void {
    if (this.at + 8 > this.bytes.length) this.grow(8);
    const { bytes, at } = this;
    const high = Math.floor(value / TWO_32);
    bytes[at] = high >>> 24;
    bytes[at + 1] = high >>> 16;
    bytes[at + 2] = high >>> 8;
    bytes[at + 3] = high;
    // `>>> 0` takes a number modulo 2^32 whatever its size and sign, so this is the lower half of two's complement.
    const low = value >>> 0;
    bytes[at + 4] = low >>> 24;
    bytes[at + 5] = low >>> 16;
    bytes[at + 6] = low >>> 8;
    bytes[at + 7] = low;
    this.at = at + 8;
  }

  /** Writes a text of less than 256 units as if all of them were ASCII, and tells whether they were. */
  private plainText(text: string): boolean {
    const { length } = text;
    const header = length < 32 ? 1 : 2;
    const start = this.at;
    // Room for any text of this length, so that nothing is cut off: all others take more bytes than units.
    const room = header + length * 3;
    if (start + room > this.bytes.length) this.grow(room);
    if (this.platform.write(text, start + header, length * 3) !== length) return false;
    const { bytes } = this;
    if (header === 1) bytes[start] = 0xa0 | length;
    else {
      bytes[start] = 0xd9;
      bytes[start + 1] = length;
    }
    this.at = start + header + length;
    return true;
  }

  private longText(text: string): void {
    const length = Buffer.byteLength(text);
    if (length !== text.length && !text.isWellFormed()) throw new Refusal();
    if (length < 32) this.byte(0xa0 | length);
    else if (length < 0x100) this.head2(0xd9, length);
    else if (length < 0x10000) this.head3(0xda, length);
    else this.head5(0xdb, length);
    if (this.at + length > this.bytes.length) this.grow(length);
    this.platform.write(text, this.at, length, length === text.length ? 'latin1' : 'utf8');
    this.at += length;
  }

  protected grow(needed: number): void {
    const least = this.at + needed;
    if (least > BYTES_MAX) throw new SkepError('payload-too-large', { message: `a value is longer than ${BYTES_MAX} bytes when encoded` });
    this.use(this.enlarged(Math.min(BYTES_MAX, Math.max(least, this.bytes.length * 2))));
  }

  /** A buffer of at least this length that begins with what was written. */
  protected enlarged(length: number): ArrayBuffer {
    const buffer = Buffer.allocUnsafeSlow(length);
    buffer.set(this.bytes.subarray(0, this.at));
    return buffer.buffer;
  }

  protected use(buffer: ArrayBuffer): void {
    this.platform = Buffer.from(buffer);
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
  }
}

const FIXED_EXTENSIONS: readonly number[] = [1, 2, 4, 8, 16];

function headerLength(count: number): number {
  return count < 16 ? 1 : count < 0x10000 ? 3 : 5;
}
