/**
 * Unsealing: the bytes of nodes into nodes. Whatever sealing would not have written is refused, so that what was read has the root it was
 * read by (guarantees G8, G11).
 *
 * - U1 The hash of a node is verified before a byte of it is looked at.
 * - U2 Children are read when they are needed. A link tells the length of what it holds; lengths must add up, so what a few bytes unfold to
 *   is bounded by the length of the whole, and that by `LIMITS.stateBytes`.
 * - U3 Nesting is counted across links and ends at `LIMITS.valueDepth`.
 */
import { compareKeys, LIMITS, Reader, SkepError, toHex } from '@skep/kernel';
import { unchunked } from './dechunk.js';
import {
  CHUNKED_BYTES_MIN,
  FLAT_ENTRIES_MAX,
  FORMAT_VERSION,
  HASH_BYTES,
  INLINE_BYTES_MAX,
  LINK_EXTENSION,
  NODE_HEADER_BYTES,
  TAG,
  VECTOR_WIDTH,
} from './format.js';
import { capacityOf, EMPTY_LIST, heightOf } from './list.js';
import { EMPTY_MAP } from './map.js';
import {
  BytesNode,
  DateNode,
  type Held,
  type Item,
  Link,
  ListNode,
  type LoadedItem,
  MapNode,
  type Node,
  TextNode,
  Vector,
  VectorBranch,
  type VectorChild,
  type VectorPart,
  WideMap,
} from './node.js';
import { linkHash, mayBeInlined } from './seal.js';
import { shapeOf } from './shape.js';
import { sizeOf, sizeOfVectorChild } from './size.js';
import type { Space } from './space.js';
import { textItem } from './text.js';
import { readBranch } from './unseal-trie.js';

/** Where nodes are kept. */
export interface NodeSource extends Held {
  /** The bytes of the node with this hash, verified by the caller; undefined if there is none. Never written to again. */
  bytesOf(hash: Uint8Array): Uint8Array | undefined;
}

export class Unsealer {
  constructor(
    readonly space: Space,
    private readonly source: NodeSource,
  ) {}

  /** The value of a root. @throws SkepError `corrupt`, `malformed`, `unsupported-format` or `payload-too-large` */
  root(hash: Uint8Array): LoadedItem {
    const reader = this.open(hash);
    const item = this.valueNode(reader, 0);
    const size = sizeOf(item);
    if (size > LIMITS.stateBytes) {
      throw new SkepError('payload-too-large', { message: `a stored state has ${size} bytes; ${LIMITS.stateBytes} are allowed` });
    }
    return item;
  }

  /** A reader behind the version of a node. */
  open(hash: Uint8Array): Reader {
    const bytes = this.source.bytesOf(hash);
    const refuse = (why: string) => new SkepError('corrupt', { message: `a node of a stored state ${why}`, id: toHex(hash) });
    if (bytes === undefined) throw refuse('is missing');
    const actual = this.space.hash(bytes);
    for (let at = 0; at < HASH_BYTES; at += 1) if (actual[at] !== hash[at]) throw refuse('does not have its hash');
    const version = bytes[0];
    if (version !== undefined && version > FORMAT_VERSION) {
      throw new SkepError('unsupported-format', { message: `a node has format ${version}; this Skep reads ${FORMAT_VERSION}`, id: toHex(hash) });
    }
    const reader = new Reader(bytes);
    if (reader.value(0) !== FORMAT_VERSION) reader.refuse('has an unknown version');
    return reader;
  }

  /** What stands in a parent: an item or a link to one. */
  slot(reader: Reader, depth: number): Item {
    if (reader.extensionType() === LINK_EXTENSION) {
      return this.link<Node>(reader, (found, size) => this.linkedValue(found, size, depth));
    }
    const start = reader.at;
    const item = this.flat(reader, depth);
    if (reader.at - start > INLINE_BYTES_MAX) reader.refuse('has a long value in place of a link');
    return item;
  }

  link<Loaded>(reader: Reader, read: (link: Uint8Array, size: number) => Loaded): Link<Loaded> {
    const { link, size } = readLink(reader);
    return new Link(link, size, read, this.source);
  }

  /** Entries of a map or of a part of a trie. */
  entry(reader: Reader, depth: number): { readonly key: string; readonly item: Item } {
    return { key: reader.key(), item: this.slot(reader, depth + 1) };
  }

  private linkedValue(link: Uint8Array, size: number, depth: number): Node {
    const reader = this.open(linkHash(link));
    const tag = reader.peek();
    const item = this.valueNode(reader, depth);
    const isShort = mayBeInlined(tag) && reader.at - NODE_HEADER_BYTES <= INLINE_BYTES_MAX;
    if (typeof item !== 'object' || item === null || item.kind === 'date' || isShort) return reader.refuse('is too short for a node of its own');
    if (sizeOf(item) !== size) reader.refuse('does not have the length that its link tells');
    item.link = link;
    return item;
  }

  private valueNode(reader: Reader, depth: number): LoadedItem {
    const tag = reader.value(0);
    const item = this.tagged(reader, tag, depth);
    if (reader.left > 0) reader.refuse('has bytes after its end');
    return item;
  }

  private tagged(reader: Reader, tag: unknown, depth: number): LoadedItem {
    switch (tag) {
      case TAG.value:
        return this.flat(reader, depth);
      case TAG.wideMap:
        return this.wideMap(reader, depth);
      case TAG.vector:
        return this.vector(reader, depth);
      case TAG.text:
        return new TextNode(decodeText(reader, unchunked(reader, this)));
      case TAG.bytes:
        return new BytesNode(unchunked(reader, this));
      default:
        return reader.refuse('is no node of a value');
    }
  }

  private flat(reader: Reader, depth: number): LoadedItem {
    const head = reader.peek();
    if ((head >= 0x80 && head < 0x90) || head === 0xde || head === 0xdf) return this.flatMap(reader, depth);
    if ((head >= 0x90 && head < 0xa0) || head === 0xdc || head === 0xdd) return this.flatList(reader, depth);
    const value = reader.value(depth);
    if (typeof value === 'string') {
      if (Buffer.byteLength(value) >= CHUNKED_BYTES_MIN) reader.refuse('has a long text in one piece');
      return textItem(value);
    }
    if (value instanceof Date) return new DateNode(value.getTime());
    if (value instanceof Uint8Array) {
      if (value.length >= CHUNKED_BYTES_MIN) reader.refuse('has long bytes in one piece');
      return new BytesNode(value);
    }
    return value as null | boolean | number;
  }

  private flatMap(reader: Reader, depth: number): MapNode {
    this.checkDepth(reader, depth);
    const count = reader.mapHeader();
    if (count > FLAT_ENTRIES_MAX) reader.refuse('has a large map in one piece');
    if (count === 0) return EMPTY_MAP;
    const keys: string[] = [];
    const items = new Array<Item>(count);
    for (let at = 0; at < count; at += 1) {
      const { key, item } = this.entry(reader, depth);
      if (at > 0 && compareKeys(keys[at - 1] as string, key) >= 0) reader.refuse('has keys out of order or twice');
      keys.push(key);
      items[at] = item;
    }
    return new MapNode(shapeOf(keys), items);
  }

  private flatList(reader: Reader, depth: number): ListNode {
    this.checkDepth(reader, depth);
    const count = reader.listHeader();
    if (count > VECTOR_WIDTH) reader.refuse('has a long list in one piece');
    if (count === 0) return EMPTY_LIST;
    const items = new Array<Item>(count);
    for (let at = 0; at < count; at += 1) items[at] = this.slot(reader, depth + 1);
    return new ListNode(items);
  }

  private wideMap(reader: Reader, depth: number): WideMap {
    this.checkDepth(reader, depth);
    const members = reader.listHeader();
    const count = reader.value(0);
    if (typeof count !== 'number' || !Number.isInteger(count) || count <= FLAT_ENTRIES_MAX)
      return reader.refuse('declares a large map that is small');
    return new WideMap(count, readBranch(reader, this, { members: members - 1, path: [], depth }));
  }

  private vector(reader: Reader, depth: number): Vector {
    this.checkDepth(reader, depth);
    const members = reader.listHeader();
    const length = reader.value(0);
    if (typeof length !== 'number' || !Number.isInteger(length) || length <= VECTOR_WIDTH || length > LIMITS.stateBytes) {
      return reader.refuse('declares a list of an impossible length');
    }
    const height = heightOf(length);
    const vector = new Vector(length, height, this.vectorChildren(reader, { members: members - 1, length, height, depth }));
    // Every item takes a byte at least; without this a few bytes could declare very many items.
    if (sizeOf(vector) < length) reader.refuse('declares more items than its parts have bytes');
    return vector;
  }

  private vectorChildren(reader: Reader, { members, length, height, depth }: VectorPlace & { readonly members: number }): readonly VectorChild[] {
    const step = capacityOf(height - 1);
    if (members !== Math.ceil(length / step)) reader.refuse('has a list with too few or too many parts');
    const children: VectorChild[] = [];
    for (let from = 0; from < length; from += step)
      children.push(this.vectorChild(reader, { length: Math.min(step, length - from), height: height - 1, depth }));
    return children.slice();
  }

  private vectorChild(reader: Reader, place: VectorPlace): VectorChild {
    if (reader.extensionType() === LINK_EXTENSION) return this.link<VectorPart>(reader, (link, size) => this.linkedVectorPart(link, size, place));
    const start = reader.at;
    const part = this.vectorPart(reader, place);
    if (reader.at - start > INLINE_BYTES_MAX) reader.refuse('has a long part in place of a link');
    return part;
  }

  private linkedVectorPart(link: Uint8Array, size: number, place: VectorPlace): VectorPart {
    const reader = this.open(linkHash(link));
    if (reader.value(0) !== (place.height === 0 ? TAG.value : TAG.vectorBranch)) reader.refuse('is no part of a list');
    const part = this.vectorPart(reader, place);
    if (reader.left > 0 || reader.at - NODE_HEADER_BYTES <= INLINE_BYTES_MAX || sizeOfVectorChild(part) !== size)
      reader.refuse('is not the part that its link tells of');
    part.link = link;
    return part;
  }

  private vectorPart(reader: Reader, place: VectorPlace): VectorPart {
    if (place.height > 0) return new VectorBranch(this.vectorChildren(reader, { ...place, members: reader.listHeader() }));
    const leaf = this.flatList(reader, place.depth);
    if (leaf.items.length !== place.length) reader.refuse('has a list with too few or too many items');
    return leaf;
  }

  private checkDepth(reader: Reader, depth: number): void {
    if (depth >= LIMITS.valueDepth) reader.refuse(`nests deeper than ${LIMITS.valueDepth}`);
  }
}

interface VectorPlace {
  /** Items at and below the part. */
  readonly length: number;
  readonly height: number;
  readonly depth: number;
}

export function readLink(reader: Reader): { readonly link: Uint8Array; readonly size: number } {
  const content = reader.extension();
  if (content.length <= HASH_BYTES) reader.refuse('has a link without a length');
  const tail = new Reader(content, HASH_BYTES);
  const size = tail.value(0);
  // Everything has a length; links without one could unfold without end.
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 1 || tail.left > 0) return reader.refuse('has a link with a wrong length');
  const link = new Uint8Array(content.length + 3);
  link[0] = 0xc7;
  link[1] = content.length;
  link[2] = LINK_EXTENSION;
  link.set(content, 3);
  return { link, size };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeText(reader: Reader, bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return reader.refuse('has text that is no UTF-8');
  }
}
