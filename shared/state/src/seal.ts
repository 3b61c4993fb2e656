/**
 * Sealing: nodes into their bytes, bytes into hashes, bottom up, each node once. `FORMAT.md` describes the bytes.
 *
 * A node writes itself behind what its parent has written so far; if it turns out to be short it stays there, else it is hashed where it lies,
 * forgotten, and its link put in its place. How long the value of a node is follows from how long the node is: only links, and parts that stand
 * in their parents, have another length than what they stand for.
 */
import { assertNever, type HashHex, HashWriter } from '@skep/kernel';
import { chunkEnds, groupEnds } from './chunk.js';
import { childrenOf, type Encoding, itemsOf, memberOf, type Patchable, trimEncodings } from './encoding.js';
import { CHUNK_LIST_MAX, CHUNKED_BYTES_MIN, FORMAT_VERSION, HASH_BYTES, INLINE_BYTES_MAX, LINK_EXTENSION, NODE_HEADER_BYTES, TAG } from './format.js';
import {
  type Branch,
  type BytesNode,
  type DateNode,
  type Item,
  type Link,
  type ListItem,
  type ListNode,
  type LoadedItem,
  loadedItem,
  type MapItem,
  type MapNode,
  type Member,
  type Node,
  type TextNode,
  type TrieChild,
  type TriePart,
  type VectorChild,
  type VectorPart,
} from './node.js';
import { bytesSize, headerSize, sizeOfChild, textSize, vectorSize } from './size.js';
import type { Space } from './space.js';

/** Takes the bytes of every node that has a link, children first. `bytes` is only valid during the call. */
export interface Sink {
  /** True if this node and all below it were taken before. */
  has(link: Uint8Array): boolean;
  take(link: Uint8Array, bytes: Uint8Array): void;
}

type Linked = TextNode | BytesNode | MapItem | ListItem | TriePart | VectorPart;

const writer = new HashWriter();
const utf8 = new TextEncoder();
/** Where the hash begins in an encoded link: after the head, the length and the type of the extension. */
const LINK_HASH_AT = 3;

/** The hash of the node of a whole value. */
export function rootOf(item: Item, space: Space): Uint8Array {
  if (typeof item === 'object' && item !== null && item.kind !== 'date' && item.link !== undefined) return linkHash(item.link);
  return linkHash(inWriter(() => new Sealer(space, undefined).root(loadedItem(item))));
}

/** `rootOf` as hexadecimal digits. */
export function rootHexOf(item: Item, space: Space): HashHex {
  return inWriter(() => {
    const start = writer.at;
    if (typeof item === 'object' && item !== null && item.kind !== 'date' && item.link !== undefined) writer.raw(item.link);
    else new Sealer(space, undefined).root(loadedItem(item));
    return writer.hex(start + LINK_HASH_AT, HASH_BYTES) as HashHex;
  });
}

/** Hands the nodes of a value to the sink, children first, and returns the hash of the last one, the root. */
export function sinkTree(item: Item, space: Space, sink: Sink): Uint8Array {
  return linkHash(inWriter(() => new Sealer(space, sink).root(loadedItem(item))));
}

export function linkHash(link: Uint8Array): Uint8Array {
  return link.subarray(LINK_HASH_AT, LINK_HASH_AT + HASH_BYTES);
}

/** The writer is shared; whatever fails on the way leaves it as it was. */
function inWriter<Result>(work: () => Result): Result {
  const start = writer.at;
  try {
    return work();
  } finally {
    writer.back(start);
    trimEncodings();
  }
}

class Sealer {
  /** How much longer the values in what was written of a node are than what stands for them there. */
  private surplus = 0;

  constructor(
    private readonly space: Space,
    private readonly sink: Sink | undefined,
  ) {}

  /** Leaves the link of the root where the writer was, and returns a copy of it. */
  root(item: LoadedItem): Uint8Array {
    const start = writer.at;
    if (typeof item !== 'object' || item === null || item.kind === 'date') {
      this.header(TAG.value);
      this.slot(item);
      return this.finish(start, writer.at - start - NODE_HEADER_BYTES);
    }
    this.node(item);
    const mayStandInline = standsInline(start);
    const link = this.finish(start, item.size);
    if (!mayStandInline) item.link = link;
    return link;
  }

  /** Writes what stands in the parent: the item itself or a link to it. */
  private slot(item: Member): void {
    if (typeof item !== 'object' || item === null) writer.value(item, 0);
    else if (item.kind === 'date') writer.dateMs(item.ms);
    else this.child(item);
  }

  private child(child: Linked | Link<Node> | Link<TriePart> | Link<VectorPart>): void {
    const { link } = child;
    if (link !== undefined && (this.sink === undefined || this.sink.has(link))) {
      writer.raw(link);
      this.surplus += sizeOfChild(child) - link.length;
    } else {
      const found: Linked | DateNode | Link<Node> = child.kind === 'link' ? child.load() : child;
      if (found.kind === 'date' || found.kind === 'link') this.slot(found);
      else this.unsealed(found);
    }
  }

  private unsealed(node: Linked): void {
    if ((node.kind === 'map' || node.kind === 'list') && node.size >= 0 && node.size <= INLINE_BYTES_MAX) {
      // Nothing in it can be a link, so its body is its encoding and stands here.
      this.flatBody(node);
      return;
    }
    const { surplus } = this;
    const start = writer.at;
    this.surplus = 0;
    this.node(node);
    if (standsInline(start)) {
      writer.bytes.copyWithin(start, start + NODE_HEADER_BYTES, writer.at);
      writer.at -= NODE_HEADER_BYTES;
    } else node.link = this.finish(start, node.size, node.link);
    this.surplus = surplus + node.size - (writer.at - start);
  }

  /** Puts a link in the place of the node written since `start`, and returns a copy of it. */
  private finish(start: number, size: number, known?: Uint8Array): Uint8Array {
    if (this.sink === undefined) {
      writer.hashTo(this.space.hashKey, start, start + LINK_HASH_AT);
      return endLink(start, size);
    }
    const end = writer.at;
    if (known === undefined) writer.hashTo(this.space.hashKey, start, end + LINK_HASH_AT);
    const link = known ?? endLink(end, size);
    this.sink.take(link, writer.bytes.subarray(start, end));
    writer.at = start;
    writer.raw(link);
    return link;
  }

  private header(tag: number): void {
    writer.byte(FORMAT_VERSION);
    writer.byte(tag);
  }

  /** Writes a node, and notes its size. */
  private node(node: Linked): void {
    const start = writer.at;
    const encoding = encodingOf(node);
    if (encoding === undefined) this.whole(node);
    else if (this.sink === undefined && encoding.fits(node as Patchable)) this.patched(node as Patchable, encoding);
    else {
      this.whole(node);
      encoding.whole(node as Patchable, writer.bytes, { start, end: writer.at });
    }
  }

  /** Writes a node as what it was sealed as before, but for the members that are others. */
  private patched(node: Patchable, encoding: Encoding): void {
    const items = itemsOf(node);
    const children = childrenOf(node);
    let { size } = encoding;
    encoding.isBusy = true;
    for (let at = 0; at < items.length; at += 1) {
      if (items[at] !== encoding.items[at]) size += this.patch(node, encoding, at);
    }
    for (let at = 0; at < children.length; at += 1) {
      if (children[at] !== encoding.children[at]) size += this.patch(node, encoding, items.length + at);
    }
    node.size = size;
    encoding.patched(node);
    writer.raw(encoding.bytes);
  }

  /** @returns how many bytes more the value of a member has than that of the one before */
  private patch(node: Patchable, encoding: Encoding, at: number): number {
    const member = memberOf({ items: itemsOf(node), children: childrenOf(node) }, at);
    const start = writer.at;
    this.slot(member);
    const end = writer.at;
    writer.at = start;
    const length = encoding.put(node, at, writer.bytes, { start, end });
    return sizeOfMember(member, end - start) - sizeOfMember(memberOf(encoding, at), length);
  }

  private whole(node: Linked): void {
    const start = writer.at;
    switch (node.kind) {
      case 'text':
        if (this.chunked(TAG.text, node)) return;
        this.header(TAG.value);
        writer.text(node.text);
        break;
      case 'bytes':
        if (this.chunked(TAG.bytes, node)) return;
        this.header(TAG.value);
        writer.binary(node.bytes);
        break;
      case 'map':
      case 'list':
        this.header(TAG.value);
        this.flatBody(node);
        break;
      case 'wide':
        this.header(TAG.wideMap);
        writer.listHeader(1 + memberCount(node.root));
        writer.number(node.count);
        node.size = headerSize(node.count) + this.branch(node.root);
        return;
      case 'branch':
        this.header(TAG.branch);
        writer.listHeader(memberCount(node));
        node.size = this.branch(node);
        return;
      case 'bucket': {
        this.header(TAG.bucket);
        writer.listHeader(node.keys.length * 2);
        const entriesAt = writer.at;
        this.entries(node.keys, node.items);
        node.size = writer.at - entriesAt + this.surplus;
        return;
      }
      case 'vector':
        this.header(TAG.vector);
        writer.listHeader(1 + node.children.length);
        writer.number(node.length);
        node.size = vectorSize(node.length, this.children(node.children));
        return;
      case 'vector-branch':
        this.header(TAG.vectorBranch);
        writer.listHeader(node.children.length);
        node.size = this.children(node.children);
        return;
      default:
        assertNever(node);
    }
    node.size = writer.at - start - NODE_HEADER_BYTES + this.surplus;
  }

  /** @returns the sum of the sizes of the children */
  private children(children: readonly VectorChild[]): number {
    const start = writer.at;
    for (let at = 0; at < children.length; at += 1) this.child(children[at] as VectorChild);
    return writer.at - start + this.surplus;
  }

  private flatBody(node: MapNode | ListNode): void {
    if (node.kind === 'map') {
      writer.mapHeader(node.keys.length);
      this.entries(node.keys, node.items);
    } else {
      writer.listHeader(node.items.length);
      for (let at = 0; at < node.items.length; at += 1) this.slot(node.items[at] as Item);
    }
  }

  /** @returns the size of all entries at and below it */
  private branch(branch: Branch): number {
    writer.number(branch.dataMap);
    writer.number(branch.nodeMap);
    const start = writer.at;
    this.entries(branch.keys, branch.items);
    const { children } = branch;
    for (let at = 0; at < children.length; at += 1) this.child(children[at] as TrieChild);
    return writer.at - start + this.surplus;
  }

  private entries(keys: readonly string[], items: readonly Item[]): void {
    for (let at = 0; at < keys.length; at += 1) {
      writer.text(keys[at] as string);
      this.slot(items[at] as Item);
    }
  }

  /** Writes a long text or long bytes as links to their chunks, and tells whether they were that long. */
  private chunked(tag: typeof TAG.text | typeof TAG.bytes, node: TextNode | BytesNode): boolean {
    // A unit of a text takes three bytes at most.
    if (node.kind === 'text' ? node.text.length * 3 < CHUNKED_BYTES_MIN : node.bytes.length < CHUNKED_BYTES_MIN) return false;
    const bytes = node.kind === 'text' ? utf8.encode(node.text) : node.bytes;
    if (bytes.length < CHUNKED_BYTES_MIN) return false;
    let links: readonly SizedLink[] = this.chunks(bytes);
    while (links.length > CHUNK_LIST_MAX) links = this.groups(links);
    node.size = node.kind === 'text' ? textSize(bytes.length) : bytesSize(bytes.length);
    this.header(tag);
    writer.listHeader(1 + links.length);
    writer.number(bytes.length);
    for (const { link } of links) writer.raw(link);
    return true;
  }

  private chunks(bytes: Uint8Array): readonly SizedLink[] {
    let from = 0;
    return chunkEnds(bytes).map((end) => {
      const start = writer.at;
      this.header(TAG.chunk);
      writer.raw(bytes.subarray(from, end));
      const size = end - from;
      from = end;
      return { link: this.chunkLink(start, size), size };
    });
  }

  private groups(links: readonly SizedLink[]): readonly SizedLink[] {
    let from = 0;
    return groupEnds(links.map(({ link }) => link[LINK_HASH_AT] as number)).map((end) => {
      const start = writer.at;
      let size = 0;
      this.header(TAG.chunkGroup);
      writer.listHeader(end - from);
      for (; from < end; from += 1) {
        const child = links[from] as SizedLink;
        writer.raw(child.link);
        size += child.size;
      }
      return { link: this.chunkLink(start, size), size };
    });
  }

  /** The link of a chunk or group, which comes into its parent when all of them are known. */
  private chunkLink(start: number, size: number): Uint8Array {
    const link = this.finish(start, size);
    writer.at = start;
    return link;
  }
}

interface SizedLink {
  readonly link: Uint8Array;
  readonly size: number;
}

/** Completes the link whose hash stands already, `LINK_HASH_AT` behind its start, and returns a copy. */
function endLink(start: number, size: number): Uint8Array {
  writer.at = start + LINK_HASH_AT + HASH_BYTES;
  writer.number(size);
  const { bytes, at } = writer;
  bytes[start] = 0xc7;
  bytes[start + 1] = at - start - LINK_HASH_AT;
  bytes[start + 2] = LINK_EXTENSION;
  return bytes.slice(start, at);
}

/** Whether the node written since `start` is short enough to stand in its parent. */
function standsInline(start: number): boolean {
  return writer.at - start - NODE_HEADER_BYTES <= INLINE_BYTES_MAX && mayBeInlined(writer.bytes[start + 1]);
}

/** Roots of tries, of vectors and of chunks are told by their tags, which only nodes of their own have. */
export function mayBeInlined(tag: unknown): boolean {
  return tag !== TAG.wideMap && tag !== TAG.vector && tag !== TAG.text && tag !== TAG.bytes;
}

/** Undefined also where it is of no use: for a node that was sealed, and for one below an older or newer version of itself. */
function encodingOf(node: Linked): Encoding | undefined {
  const encoding = node.link === undefined && 'encoding' in node ? node.encoding : undefined;
  return encoding?.isBusy === true ? undefined : encoding;
}

/** @param length of what is written of it */
function sizeOfMember(member: Member, length: number): number {
  return typeof member === 'object' && member !== null && member.kind !== 'date' ? sizeOfChild(member) : length;
}

function memberCount(branch: Branch): number {
  return 2 + branch.keys.length * 2 + branch.children.length;
}
