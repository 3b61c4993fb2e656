/** Values from a seed, drawn where the tree's structure changes: maps around 16 entries, lists around 32 and 1,024 items, texts around 64 and 4,096 bytes. */
import { setOwn } from '@skep/kernel';
import type { SeededRandom } from '@skep/simulated';
import type { PlainMap } from './plain.js';

/** What a sequence mostly grows. */
export type Growth = 'small' | 'wide' | 'long' | 'very long' | 'chunked';

const ODD_KEYS: readonly string[] = [
  ...['__proto__', 'constructor', 'toString', 'length', '0', '10', '9', '', 'é'],
  // Their order in UTF-16 is another one than in UTF-8.
  ...['\u{1f600}', '\u{10ffff}', '\u{20000}', '\uffee', '\ue000', '\ufffd'],
];
const TEXTS: readonly string[] = ['', 'a', 'text', 'é', '\u{1f600}', 'x'.repeat(61), 'x'.repeat(62), 'x'.repeat(63), 'é'.repeat(31), 'y'.repeat(200)];
const NUMBERS: readonly number[] = [
  ...[0, -0, 1, -1, 0.5, 127, 128, 255, 256, -32, -33, 65_535, 65_536],
  ...[2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, 1 - 2 ** 53, 1e-7, 3.25],
];
const MAP_SIZES: readonly number[] = [14, 15, 16, 17, 18, 24, 40, 64, 65];
const LIST_SIZES: readonly number[] = [30, 31, 32, 33, 34, 64, 65, 70];
const VERY_LONG_SIZES: readonly number[] = [1_023, 1_024, 1_025, 1_056, 1_057];
const LONG_BYTES: readonly number[] = [4_000, 4_095, 4_096, 4_097, 6_000, 9_000, 20_000];
const DEPTH_MAX = 3;

export class Content {
  constructor(
    readonly random: SeededRandom,
    readonly growth: Growth,
  ) {}

  key(): string {
    return this.random.chance(0.2) ? this.one(ODD_KEYS) : `k${this.random.below(40)}`;
  }

  one<Member>(members: readonly Member[]): Member {
    return members[this.random.below(members.length)] as Member;
  }

  scalar(): unknown {
    switch (this.random.below(8)) {
      case 0:
        return null;
      case 1:
        return this.random.chance(0.5);
      case 2:
        return this.one(NUMBERS);
      case 3:
        return this.one(TEXTS);
      case 4:
        return `text ${this.random.below(50)}`;
      case 5:
        return new Date(this.random.between(-1_000, 1_000) * 86_400_000);
      case 6:
        return this.growth === 'chunked' && this.random.chance(0.3) ? this.longText() : this.bytes(this.random.below(90));
      default:
        return this.random.below(300) - 100;
    }
  }

  value(depth = 0): unknown {
    const kind = this.random.below(depth >= DEPTH_MAX ? 4 : 8);
    if (kind < 4) return this.scalar();
    return kind < 6 ? this.map(this.random.below(5), depth) : this.list(this.random.below(5), depth);
  }

  map(size: number, depth = 0): PlainMap {
    const map: PlainMap = {};
    for (let at = 0; at < size; at += 1) setOwn(map, this.key(), this.value(depth + 1));
    return map;
  }

  list(size: number, depth = 0): unknown[] {
    return Array.from({ length: size }, () => this.value(depth + 1));
  }

  /** What a sequence begins with: a map that holds something of each kind, and what the growth asks for. */
  start(): PlainMap {
    const start: PlainMap = { list: this.list(this.random.below(4)), map: this.map(this.random.below(4)), n: 1 };
    if (this.growth === 'wide') start.wide = this.numbered(this.mapSize());
    if (this.growth === 'long') start.long = this.items(this.one(LIST_SIZES));
    if (this.growth === 'very long') start.long = this.items(this.one(VERY_LONG_SIZES));
    if (this.growth === 'chunked') Object.assign(start, { text: this.longText(), bytes: this.bytes(this.one(LONG_BYTES)) });
    return start;
  }

  /** How many entries a map is to be brought to. */
  mapSize(): number {
    return this.one(MAP_SIZES);
  }

  /** How many items a list is to be brought to. */
  listSize(): number {
    return this.growth === 'very long' ? this.one(VERY_LONG_SIZES) : this.one(LIST_SIZES);
  }

  longText(): string {
    const length = this.one(LONG_BYTES);
    const unit = this.random.chance(0.3) ? 'é' : '';
    const words: string[] = [];
    for (let bytes = 0; bytes < length; bytes += 12) words.push(`${unit}word ${this.random.below(100_000)} `);
    return words.join('');
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    let state = this.random.uint32();
    for (let at = 0; at < length; at += 1) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      bytes[at] = state >>> 24;
    }
    return bytes;
  }

  private numbered(size: number): PlainMap {
    const map: PlainMap = {};
    for (let at = 0; at < size; at += 1) map[`k${at}`] = this.random.chance(0.2) ? this.value(1) : at;
    return map;
  }

  private items(size: number): unknown[] {
    return Array.from({ length: size }, (_, at) => (this.random.chance(0.05) ? { at, text: `item ${at}` } : at % 97));
  }
}
