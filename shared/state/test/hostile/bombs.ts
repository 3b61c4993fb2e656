/** Few bytes that declare or unfold to much. */
import { forge, joined, linkTo } from './forge.js';

export interface Bomb {
  readonly name: string;
  readonly pack: Uint8Array;
  /** What reading it comes to; `large` unfolds to what its root declares, which is within the limit. */
  readonly outcome: 'malformed' | 'payload-too-large' | 'large';
}

const VERSION_VALUE = [1, 1];
const FOUR_BYTES_MAX = [0xff, 0xff, 0xff, 0xff];

export const BOMBS: readonly Bomb[] = [
  ...['list', 'map', 'text', 'bytes'].map((name, at): Bomb => {
    const head = [0xdd, 0xdf, 0xdb, 0xc6][at] as number;
    return {
      name: `a ${name} that declares four billion members`,
      pack: forge([Uint8Array.from([...VERSION_VALUE, head, ...FOUR_BYTES_MAX])]),
      outcome: 'malformed',
    };
  }),
  {
    name: 'a node that is one list in another 100,000 times',
    pack: forge([new Uint8Array(100_000).fill(0x91).with(0, 1).with(1, 1)]),
    outcome: 'malformed',
  },
  { name: 'lists of 32 links, one level under the other', pack: forge(laughs(6, 32)), outcome: 'payload-too-large' },
  { name: 'the same within the limit', pack: forge(laughs(4, 15)), outcome: 'large' },
  { name: 'lists in lists beyond the limit of nesting, by links', pack: forge(nested(300)), outcome: 'malformed' },
  { name: 'a vector that declares 60 million items and holds none', pack: forge([emptyVector(60_000_000)]), outcome: 'malformed' },
  { name: 'a vector that declares four billion items', pack: forge([emptyVector(0xffff_ffff)]), outcome: 'malformed' },
  { name: 'a text of one chunk, again and again, that is cut otherwise', pack: forge(sameChunk(60_000_000)), outcome: 'malformed' },
  { name: 'a text of groups of one group', pack: forge(groupsOfGroups()), outcome: 'malformed' },
];

/** A text of 100 bytes under lists of 32 equal links each, and so many in the uppermost. */
export function laughs(levels: number, top: number): Uint8Array[] {
  const nodes = [joined(VERSION_VALUE, [0xd9, 100], new Uint8Array(100).fill(97))];
  let size = 102;
  for (let level = 0; level < levels; level += 1) {
    const members = level + 1 === levels ? top : 32;
    const link = linkTo(nodes.at(-1) as Uint8Array, size);
    const header = members < 16 ? [0x90 + members] : [0xdc, 0, members];
    nodes.push(joined(VERSION_VALUE, header, ...Array.from({ length: members }, () => link)));
    size = header.length + members * size;
  }
  return nodes;
}

function nested(levels: number): Uint8Array[] {
  const filler = joined([0xd9, 40], new Uint8Array(40).fill(97));
  const nodes = [joined(VERSION_VALUE, [0xd9, 100], new Uint8Array(100).fill(97))];
  let size = 102;
  for (let level = 0; level < levels; level += 1) {
    nodes.push(joined(VERSION_VALUE, [0x92], linkTo(nodes.at(-1) as Uint8Array, size), filler));
    size += 1 + filler.length;
  }
  return nodes;
}

/** As many links as such a vector has at the top, each of which tells that it holds one byte. */
function emptyVector(length: number): Uint8Array {
  let step = 32;
  while (step * 32 < length) step *= 32;
  const members = Math.ceil(length / step);
  const link = linkTo(Uint8Array.from([...VERSION_VALUE, 0]), 1);
  return joined([1, 5, ...listHeader(members + 1), 0xce, ...fourBytes(length)], ...Array.from({ length: members }, () => link));
}

/** Chunks of a size that chunking would not have made of their bytes. */
function sameChunk(length: number): Uint8Array[] {
  const size = 15_625;
  const chunk = joined([1, 10], new Uint8Array(size).fill(97));
  const group = joined([1, 9, ...listHeader(128)], ...Array.from({ length: 128 }, () => linkTo(chunk, size)));
  const groups = length / (128 * size);
  const links = Array.from({ length: groups }, () => linkTo(group, 128 * size));
  return [chunk, group, joined([1, 7, ...listHeader(groups + 1), 0xce, ...fourBytes(length)], ...links)];
}

function groupsOfGroups(): Uint8Array[] {
  const nodes = [joined([1, 10], new Uint8Array(5_000).fill(97))];
  for (let level = 0; level < 50; level += 1) nodes.push(joined([1, 9, 0x91], linkTo(nodes.at(-1) as Uint8Array, 5_000)));
  return [...nodes, joined([1, 7, 0x92, 0xcd, 0x13, 0x88], linkTo(nodes.at(-1) as Uint8Array, 5_000))];
}

function listHeader(count: number): number[] {
  return count < 16 ? [0x90 + count] : [0xdc, count >> 8, count & 255];
}

function fourBytes(number: number): number[] {
  return [number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255];
}
