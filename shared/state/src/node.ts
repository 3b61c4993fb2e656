/**
 * The nodes of a tree in memory: immutable, shared between versions. What is small is kept as plain data, so reading costs next to nothing.
 *
 * - N1 An item is a scalar as JavaScript has it or a node. A text is a node if its encoding is longer than `INLINE_BYTES_MAX`.
 * - N2 Maps up to 16 entries are `MapNode`, larger ones `WideMap`; lists up to 32 items are `ListNode`, longer ones `Vector`. Same content,
 *   same structure (guarantee G8).
 * - N3 `link`, `size`, `encoding`, `plain` and `Link.node` are caches; filling them changes nothing that can be seen.
 * - N4 A `Link` stands for a node that was not read yet and may stand wherever that node may.
 */
import type { Value } from '@skep/kernel';
import type { Encoding } from './encoding.js';

export type Item = null | boolean | number | string | Node;
export type Node = TextNode | BytesNode | DateNode | MapItem | ListItem | Link<Node>;
export type MapItem = MapNode | WideMap;
export type ListItem = ListNode | Vector;

/** What every node caches. */
abstract class Cached {
  /** The encoded link to this node: known once it was sealed and is too long to stand in its parent. */
  link: Uint8Array | undefined = undefined;
  /** Length of the canonical encoding of the value, -1 while unknown; for parts of maps and vectors that of their members together. */
  size = -1;
}

/** A node whose next version is likely to have most of its members. */
abstract class Succeeded extends Cached {
  encoding: Encoding | undefined = undefined;
}

export class TextNode extends Cached {
  readonly kind = 'text';

  constructor(readonly text: string) {
    super();
  }
}

export class BytesNode extends Cached {
  readonly kind = 'bytes';

  /** @param bytes owned by the node from now on */
  constructor(readonly bytes: Uint8Array) {
    super();
  }
}

export class DateNode {
  readonly kind = 'date';

  constructor(readonly ms: number) {}
}

export class MapNode extends Succeeded {
  readonly kind = 'map';
  /** The frozen plain value; stays undefined where dates or bytes are inside, which cannot be frozen. */
  plain: Value | undefined = undefined;

  constructor(
    /** In order; shared by maps with the same keys. */
    readonly keys: readonly string[],
    readonly items: readonly Item[],
  ) {
    super();
  }
}

export class WideMap extends Succeeded {
  readonly kind = 'wide';
  plain: Value | undefined = undefined;

  constructor(
    readonly count: number,
    readonly root: Branch,
  ) {
    super();
  }
}

/** One level of a trie: bit n of `dataMap` stands for an entry at nibble n, bit n of `nodeMap` for a subtree with two entries or more. */
export class Branch extends Succeeded {
  readonly kind = 'branch';

  constructor(
    readonly dataMap: number,
    readonly nodeMap: number,
    /** Entries and children in the order of their nibbles. */
    readonly keys: readonly string[],
    readonly items: readonly Item[],
    readonly children: readonly TrieChild[],
  ) {
    super();
  }
}

/** Entries whose addresses are equal in all bits, in the order of their keys. */
export class Bucket extends Cached {
  readonly kind = 'bucket';

  constructor(
    readonly keys: readonly string[],
    readonly items: readonly Item[],
  ) {
    super();
  }
}

export type TriePart = Branch | Bucket;
export type TrieChild = TriePart | Link<TriePart>;

export class ListNode extends Succeeded {
  readonly kind = 'list';
  plain: Value | undefined = undefined;

  constructor(readonly items: readonly Item[]) {
    super();
  }
}

/** A list of more than 32 items: leaves that are full but for the last, under `height` levels of branches of which it is the uppermost. */
export class Vector extends Succeeded {
  readonly kind = 'vector';
  plain: Value | undefined = undefined;

  constructor(
    readonly length: number,
    readonly height: number,
    readonly children: readonly VectorChild[],
  ) {
    super();
  }
}

export class VectorBranch extends Succeeded {
  readonly kind = 'vector-branch';

  constructor(readonly children: readonly VectorChild[]) {
    super();
  }
}

export type VectorPart = VectorBranch | ListNode;
export type VectorChild = VectorPart | Link<VectorPart>;

/** What stands in a node. */
export type Member = Item | TrieChild | VectorChild;

/** What links hold on to for as long as they are there. */
export interface Held {
  /** Undefined where it holds nothing of its own. */
  readonly heldBytes?: number;
}

/** Reads a node: finds its bytes by its link, verifies their hash and decodes them. */
export type ReadNode<Loaded> = (link: Uint8Array, size: number) => Loaded;

export class Link<Loaded> {
  readonly kind = 'link';
  private node: Loaded | undefined = undefined;

  constructor(
    readonly link: Uint8Array,
    readonly size: number,
    private readonly read: ReadNode<Loaded>,
    /** Where nodes are read from. */
    readonly source: Held,
  ) {}

  /** What was read; undefined before. */
  get known(): Loaded | undefined {
    return this.node;
  }

  /** @throws SkepError `corrupt` or `malformed` */
  load(): Loaded {
    if (this.node === undefined) this.node = this.read(this.link, this.size);
    return this.node;
  }
}

/** The node behind a link, anything else as it is. */
export function loaded<Loaded extends { readonly kind: string }>(child: Loaded | Link<Loaded>): Loaded {
  return child.kind === 'link' ? (child as Link<Loaded>).load() : (child as Loaded);
}

/** An item that is no link. */
export type LoadedItem = Exclude<Item, Link<Node>>;

export function loadedItem(item: Item): LoadedItem {
  let found = item;
  while (typeof found === 'object' && found !== null && found.kind === 'link') found = found.load();
  return found;
}

export function isMap(item: LoadedItem): item is MapItem {
  return typeof item === 'object' && item !== null && (item.kind === 'map' || item.kind === 'wide');
}

export function isList(item: LoadedItem): item is ListItem {
  return typeof item === 'object' && item !== null && (item.kind === 'list' || item.kind === 'vector');
}
