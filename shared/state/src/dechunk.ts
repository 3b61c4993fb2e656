/** Long texts and bytes from their chunks; the chunks must end where chunking would have ended them. */
import { LIMITS, type Reader } from '@skep/kernel';
import { chunkEnds, groupEnds } from './chunk.js';
import { CHUNK_BYTES_MAX, CHUNK_BYTES_MIN, CHUNK_LIST_MAX, CHUNKED_BYTES_MIN, LINK_EXTENSION, TAG } from './format.js';
import { linkHash } from './seal.js';
import { readLink, type Unsealer } from './unseal.js';

interface SizedLink {
  readonly link: Uint8Array;
  readonly size: number;
}

/** Each level of groups is at most an eighth of the one below. */
const LEVELS_MAX = 10;

/** The bytes behind the node whose tag the reader has just taken. */
export function unchunked(reader: Reader, unsealer: Unsealer): Uint8Array {
  const members = reader.listHeader();
  const length = reader.value(0);
  if (typeof length !== 'number' || !Number.isInteger(length) || length < CHUNKED_BYTES_MIN || length > LIMITS.stateBytes) {
    return reader.refuse('declares a long text or bytes of an impossible length');
  }
  let links = readLinks(reader, members - 1);
  if (links.length > CHUNK_LIST_MAX) reader.refuse('lists too many chunks');
  if (sumOf(links) !== length) reader.refuse('has chunks that do not add up');
  for (let level = 0; ; level += 1) {
    const parts = links.map((link) => openPart(unsealer, link));
    if (parts.every((part) => part.tag === TAG.chunk))
      return joined(
        reader,
        parts.map((part) => part.reader.raw(part.reader.left)),
        length,
      );
    if (level === LEVELS_MAX || !parts.every((part) => part.tag === TAG.chunkGroup)) reader.refuse('mixes chunks and groups');
    links = ungrouped(reader, parts, links);
    // Only the last chunk may be short; without this a few bytes could unfold to very many links.
    if (links.length > length / CHUNK_BYTES_MIN + 1) reader.refuse('has chunks that are too short');
  }
}

interface OpenPart {
  readonly tag: unknown;
  readonly reader: Reader;
}

function openPart(unsealer: Unsealer, { link, size }: SizedLink): OpenPart {
  const reader = unsealer.open(linkHash(link));
  const tag = reader.value(0);
  if (tag === TAG.chunk && (reader.left !== size || size > CHUNK_BYTES_MAX)) reader.refuse('is a chunk of another length than its link tells');
  return { tag, reader };
}

function ungrouped(reader: Reader, groups: readonly OpenPart[], links: readonly SizedLink[]): SizedLink[] {
  const children: SizedLink[] = [];
  const ends: number[] = [];
  for (const [at, group] of groups.entries()) {
    const members = readLinks(group.reader, group.reader.listHeader());
    if (group.reader.left > 0 || sumOf(members) !== links[at]?.size) group.reader.refuse('is a group that does not add up');
    children.push(...members);
    ends.push(children.length);
  }
  const expected = groupEnds(children.map(({ link }) => linkHash(link)[0] as number));
  if (children.length <= CHUNK_LIST_MAX || !isSame(ends, expected)) reader.refuse('groups its chunks in another way');
  return children;
}

function readLinks(reader: Reader, count: number): SizedLink[] {
  const links: SizedLink[] = [];
  for (let at = 0; at < count; at += 1) {
    if (reader.extensionType() !== LINK_EXTENSION) reader.refuse('has something else in place of a link');
    links.push(readLink(reader));
  }
  return links;
}

function joined(reader: Reader, chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const ends: number[] = [];
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
    ends.push(at);
  }
  if (!isSame(ends, chunkEnds(bytes))) reader.refuse('is cut into other chunks');
  return bytes;
}

function sumOf(links: readonly SizedLink[]): number {
  let sum = 0;
  for (const { size } of links) sum += size;
  return sum;
}

function isSame(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((end, at) => end === other[at]);
}
