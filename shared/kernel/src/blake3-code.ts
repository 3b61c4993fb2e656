/**
 * One chunk of BLAKE3 as WebAssembly, written instruction by instruction when the process starts: a function over bytes that lie in its memory
 * already, so nothing is copied in and nothing allocated. After the specification of BLAKE3 (O'Connor, Aumasson, Neves, Wilcox-O'Hearn, 2020).
 *
 *   chunk(at, blocks, lastLength, counter, flags, first, last, key, to)
 *
 * Compresses `blocks` blocks of 64 bytes from `at` on, the last one of `lastLength` bytes and zeros behind them, beginning with the eight words
 * at `key`, and puts the eight words that result at `to`. `flags` are those of every block, `first` and `last` those of these blocks besides.
 */
export const INITIAL_WORDS: readonly number[] = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
/** Which word of the message each place takes in the next round. */
const PERMUTATION: readonly number[] = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];
const ROUNDS = 7;
/** Columns, then diagonals, of the four by four words that are mixed. */
const MIXED: readonly (readonly [number, number, number, number])[] = [
  ...([0, 1, 2, 3] as const).map((at) => [at, at + 4, at + 8, at + 12] as const),
  ...([0, 1, 2, 3] as const).map((at) => [at, ((at + 1) & 3) + 4, ((at + 2) & 3) + 8, ((at + 3) & 3) + 12] as const),
];

const I32 = 0x7f;
const OP = { loop: 0x03, end: 0x0b, branchIf: 0x0d, select: 0x1b, get: 0x20, set: 0x21, tee: 0x22, load: 0x28, store: 0x36, constant: 0x41 } as const;
const ARITHMETIC = { equal: 0x46, add: 0x6a, subtract: 0x6b, or: 0x72, xor: 0x73, rotateRight: 0x78 } as const;
const NO_RESULT = 0x40;

/** Parameters in their order, then locals: the chaining value, the words that are mixed, the flags of the first block. */
const LOCAL = { at: 0, blocks: 1, lastLength: 2, counter: 3, flags: 4, first: 5, last: 6, key: 7, to: 8, chaining: 9, words: 17 } as const;
const PARAMETERS = 9;
const LOCALS = 24;

/** The module: it imports `m.memory` and exports `chunk`. */
export function blake3Module(): Uint8Array {
  const type = [1, 0x60, PARAMETERS, ...new Array<number>(PARAMETERS).fill(I32), 0];
  const imported = [1, ...name('m'), ...name('memory'), 2, 0, 1];
  const exported = [1, ...name('chunk'), 0, 0];
  const body = [1, LOCALS, I32, ...chunkCode(), OP.end];
  const code = [1, ...unsigned(body.length), ...body];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, type),
    ...section(2, imported),
    ...section(3, [1, 0]),
    ...section(7, exported),
    ...section(10, code),
  ]);
}

function chunkCode(): number[] {
  const code: number[] = [];
  const put = (...bytes: readonly number[]) => void code.push(...bytes);
  const get = (local: number) => put(OP.get, local);
  const constant = (value: number) => put(OP.constant, ...signed(value | 0));
  const load = (base: number, word: number) => put(OP.get, base, OP.load, 2, ...unsigned(word * 4));
  const chaining = (at: number) => LOCAL.chaining + at;
  const word = (at: number) => LOCAL.words + at;

  /** to = (to ^ by) rotated right. */
  const turn = (to: number, by: number, bits: number) =>
    put(OP.get, to, OP.get, by, ARITHMETIC.xor, OP.constant, bits, ARITHMETIC.rotateRight, OP.set, to);
  const sum = (to: number, by: number) => put(OP.get, to, OP.get, by, ARITHMETIC.add, OP.set, to);
  const sumWithMessage = (to: number, by: number, at: number) => {
    put(OP.get, to, OP.get, by, ARITHMETIC.add);
    load(LOCAL.at, at);
    put(ARITHMETIC.add, OP.set, to);
  };
  const mix = ([a, b, c, d]: readonly [number, number, number, number], one: number, other: number) => {
    sumWithMessage(a, b, one);
    turn(d, a, 16);
    sum(c, d);
    turn(b, c, 12);
    sumWithMessage(a, b, other);
    turn(d, a, 8);
    sum(c, d);
    turn(b, c, 7);
  };

  for (let at = 0; at < 8; at += 1) {
    load(LOCAL.key, at);
    put(OP.set, chaining(at));
  }
  put(OP.loop, NO_RESULT);
  for (let at = 0; at < 8; at += 1) put(OP.get, chaining(at), OP.set, word(at));
  for (let at = 0; at < 4; at += 1) {
    constant(INITIAL_WORDS[at] as number);
    put(OP.set, word(8 + at));
  }
  put(OP.get, LOCAL.counter, OP.set, word(12));
  constant(0);
  put(OP.set, word(13));
  const isLast = () => {
    get(LOCAL.blocks);
    constant(1);
    put(ARITHMETIC.equal);
  };
  get(LOCAL.lastLength);
  constant(64);
  isLast();
  put(OP.select, OP.set, word(14));
  get(LOCAL.last);
  constant(0);
  isLast();
  put(OP.select, OP.get, LOCAL.flags, ARITHMETIC.or, OP.get, LOCAL.first, ARITHMETIC.or, OP.set, word(15));
  let order = Array.from({ length: 16 }, (_, at) => at);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [at, [a, b, c, d]] of MIXED.entries()) {
      mix([word(a), word(b), word(c), word(d)], order[at * 2] as number, order[at * 2 + 1] as number);
    }
    order = PERMUTATION.map((at) => order[at] as number);
  }
  for (let at = 0; at < 8; at += 1) put(OP.get, word(at), OP.get, word(at + 8), ARITHMETIC.xor, OP.set, chaining(at));
  constant(0);
  put(OP.set, LOCAL.first);
  get(LOCAL.at);
  constant(64);
  put(ARITHMETIC.add, OP.set, LOCAL.at);
  get(LOCAL.blocks);
  constant(1);
  put(ARITHMETIC.subtract, OP.tee, LOCAL.blocks, OP.branchIf, 0, OP.end);
  for (let at = 0; at < 8; at += 1) put(OP.get, LOCAL.to, OP.get, chaining(at), OP.store, 2, at * 4);
  return code;
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

function name(text: string): number[] {
  return [text.length, ...Buffer.from(text, 'latin1')];
}

/** LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest < -0x40 || rest > 0x3f; rest >>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest & 0x7f];
}
