/** Harm done to bytes, drawn from a fast-check seed: small damage, and forms that a decoder could stumble over. */
import fc from 'fast-check';

export interface Harm {
  readonly kind: (typeof KINDS)[number];
  readonly at: number;
  readonly byte: number;
  readonly length: number;
}

const KINDS = ['flip', 'set', 'add', 'cut', 'drop', 'insert', 'repeat', 'graft', 'head', 'swap'] as const;
/** Heads of MessagePack that declare much, that are never written, or that change what follows. */
const HEADS: readonly (readonly number[])[] = [
  [0xdd, 0xff, 0xff, 0xff, 0xff],
  [0xdf, 0xff, 0xff, 0xff, 0xff],
  [0xdb, 0xff, 0xff, 0xff, 0xff],
  [0xc6, 0xff, 0xff, 0xff, 0xff],
  [0xdd, 0x7f, 0xff, 0xff, 0xff],
  [0xdc, 0xff, 0xff],
  [0xde, 0xff, 0xff],
  [0xc9, 0xff, 0xff, 0xff, 0xff, 2],
  [0xc8, 0xff, 0xff, 2],
  [0xc7, 0xff, 2],
  [0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0],
  [0xcc, 1],
  [0xd7, 1, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0xd8, 2],
  [0xc1],
  [0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91],
  [0xa3, 0xed, 0xa0, 0x80],
  [0xa2, 0xc0, 0x80],
];

export const harms: fc.Arbitrary<Harm> = fc.record({
  kind: fc.constantFrom(...KINDS),
  at: fc.nat(),
  byte: fc.nat(255),
  length: fc.nat(40),
});

/** @param donor what grafts are taken from */
export function harmed(bytes: Uint8Array, { kind, at: pick, byte, length }: Harm, donor: Uint8Array): Uint8Array {
  const at = pick % Math.max(bytes.length, 1);
  const copy = bytes.slice();
  const around = (middle: Uint8Array | readonly number[], taken: number) =>
    Uint8Array.from([...bytes.subarray(0, at), ...middle, ...bytes.subarray(at + taken)]);
  switch (kind) {
    case 'flip':
      copy[at] = (copy[at] ?? 0) ^ (1 << (byte & 7));
      return copy;
    case 'set':
      copy[at] = byte;
      return copy;
    case 'add':
      copy[at] = (copy[at] ?? 0) + (byte % 2 === 0 ? 1 : -1);
      return copy;
    case 'cut':
      return bytes.slice(0, at);
    case 'drop':
      return around([], length % 4);
    case 'insert':
      return around([byte], 0);
    case 'repeat':
      return around(bytes.subarray(at, at + length), 0);
    case 'graft':
      return around(donor.subarray(byte % Math.max(donor.length, 1)).subarray(0, length), length % 3 === 0 ? 0 : length);
    case 'head':
      return around(HEADS[byte % HEADS.length] as readonly number[], length % 3);
    case 'swap':
      return swapped(copy, pick, byte);
  }
}

/** Two links of a node exchange their hashes and keep the sizes that they tell. */
function swapped(bytes: Uint8Array, one: number, other: number): Uint8Array {
  const links: number[] = [];
  for (let at = 0; at + 35 < bytes.length; at += 1) if (bytes[at] === 0xc7 && bytes[at + 2] === 2) links.push(at + 3);
  const [from, to] = [links[one % links.length], links[other % links.length]];
  if (from === undefined || to === undefined) return bytes;
  const hash = bytes.slice(from, from + 32);
  bytes.copyWithin(from, to, to + 32);
  bytes.set(hash, to);
  return bytes;
}
