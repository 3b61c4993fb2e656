/**
 * A writer whose bytes can be hashed where they lie: BLAKE3 over the memory of the writer itself. What is hashed most is short, and for short
 * inputs copying them into a hasher and its hash out again costs more than the hash.
 */
import { blake3Module, INITIAL_WORDS } from './blake3-code.js';
import { type Hash, hash, keyedHashOf } from './hash.js';
import { BYTES_KEPT, Writer } from './writer.js';

/** A page of WebAssembly's memory. */
const PAGE_BYTES = 65_536;
const CHUNK_BYTES = 1024;
const BLOCK_BYTES = 64;
const HASH_BYTES = 32;
const FLAG = { chunkStart: 1, chunkEnd: 2, parent: 4, root: 8, keyed: 16 } as const;
/** Longer inputs go to native code (measured). */
const IN_PLACE_BYTES_MAX = 4 * CHUNK_BYTES;

/** Where the words of the key stand, where the hashes of two halves meet, and where the bytes of the writer begin. */
const KEY_AT = 0;
const PAIRS_AT = 64;
const BYTES_AT = 1024;

type Chunk = (
  at: number,
  blocks: number,
  lastLength: number,
  counter: number,
  flags: number,
  first: number,
  last: number,
  key: number,
  to: number,
) => void;

/** What to hash with: nothing, or a key. Made once for a key and used for all its hashes. */
export class HashKey {
  /** Of bytes that lie elsewhere. */
  readonly hash: Hash;
  readonly words: Uint8Array;
  readonly flags: number;

  /** @param key 32 bytes @throws SkepError `not-configured` for a key of another length */
  constructor(key?: Uint8Array) {
    this.hash = key === undefined ? hash : keyedHashOf(key);
    this.words = key === undefined ? new Uint8Array(Int32Array.from(INITIAL_WORDS).buffer) : key.slice();
    this.flags = key === undefined ? 0 : FLAG.keyed;
  }
}

/** What of the platform's WebAssembly is used; TypeScript tells of it for browsers only. */
interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}
declare const WebAssembly: {
  readonly Memory: new (size: { readonly initial: number }) => Memory;
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: { readonly chunk: Chunk } };
};
const PAGES_FIRST = 4;
const module = new WebAssembly.Module(blake3Module());

export class HashWriter extends Writer {
  private memory: Memory;
  private chunk: Chunk;
  /** Whose words stand at `KEY_AT`. */
  private key: HashKey | undefined = undefined;

  constructor() {
    const memory = new WebAssembly.Memory({ initial: PAGES_FIRST });
    super(memory.buffer);
    this.memory = memory;
    this.chunk = chunkIn(memory);
    this.at = BYTES_AT;
  }

  /** Puts the 32 bytes of the hash of what was written since `start` at `to`, which may lie among those bytes or shortly behind them. */
  hashTo(key: HashKey, start: number, to: number): void {
    const length = this.at - start;
    const blocks = Math.max(1, (length + BLOCK_BYTES - 1) >>> 6);
    const end = Math.max(start + blocks * BLOCK_BYTES, to + HASH_BYTES);
    if (end > this.bytes.length) this.grow(end - this.at);
    if (length > IN_PLACE_BYTES_MAX) {
      this.bytes.set(key.hash(this.bytes.subarray(start, this.at)), to);
      return;
    }
    const { bytes } = this;
    // The last block is filled with zeros.
    bytes.fill(0, this.at, start + blocks * BLOCK_BYTES);
    if (this.key !== key) {
      bytes.set(key.words, KEY_AT);
      this.key = key;
    }
    if (length <= CHUNK_BYTES) {
      const last = length - (blocks - 1) * BLOCK_BYTES;
      this.chunk(start, blocks, last, 0, key.flags, FLAG.chunkStart, FLAG.chunkEnd | FLAG.root, KEY_AT, to);
    } else this.parent({ start, length, chunks: 0, depth: 0, flags: key.flags, root: FLAG.root }, to);
  }

  /** So many bytes from `start` on, in hexadecimal digits. */
  hex(start: number, length: number): string {
    return this.platform.toString('hex', start, start + length);
  }

  override back(start: number): void {
    this.at = start;
    if (start === BYTES_AT && this.bytes.length > BYTES_KEPT) {
      // This memory never shrinks.
      this.memory = new WebAssembly.Memory({ initial: PAGES_FIRST });
      this.chunk = chunkIn(this.memory);
      this.key = undefined;
      this.use(this.memory.buffer);
    }
  }

  protected override enlarged(length: number): ArrayBuffer {
    this.memory.grow(Math.ceil((length - this.bytes.length) / PAGE_BYTES));
    return this.memory.buffer;
  }

  /** Of more than one chunk: the left part holds as many chunks as a power of two that leaves something for the right one. */
  private parent({ start, length, chunks, depth, flags, root }: Subtree, to: number): void {
    const left = 1 << (31 - Math.clz32(length - 1));
    const pair = PAIRS_AT + depth * BLOCK_BYTES;
    this.part({ start, length: left, chunks, depth: depth + 1, flags, root: 0 }, pair);
    this.part(
      { start: start + left, length: length - left, chunks: chunks + left / CHUNK_BYTES, depth: depth + 1, flags, root: 0 },
      pair + HASH_BYTES,
    );
    this.chunk(pair, 1, BLOCK_BYTES, 0, flags | FLAG.parent, 0, root, KEY_AT, to);
  }

  private part(subtree: Subtree, to: number): void {
    const { start, length, chunks, flags } = subtree;
    if (length > CHUNK_BYTES) this.parent(subtree, to);
    else {
      const blocks = (length + BLOCK_BYTES - 1) >>> 6;
      this.chunk(start, blocks, length - (blocks - 1) * BLOCK_BYTES, chunks, flags, FLAG.chunkStart, FLAG.chunkEnd, KEY_AT, to);
    }
  }
}

interface Subtree {
  readonly start: number;
  readonly length: number;
  /** Before it. */
  readonly chunks: number;
  readonly depth: number;
  readonly flags: number;
  readonly root: number;
}

function chunkIn(memory: Memory): Chunk {
  return new WebAssembly.Instance(module, { m: { memory } }).exports.chunk;
}
