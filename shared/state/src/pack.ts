/**
 * Packs: a tree as one self-contained string of bytes, to be kept or sent. Reading one looks at nothing but its root; every other node is
 * found, verified and decoded when it is first read. Layout in `FORMAT.md`.
 */
import { Reader, SkepError, Writer } from '@skep/kernel';
import { HASH_BYTES, PACK_VERSION } from './format.js';
import { linkHash, type Sink, sinkTree } from './seal.js';
import { spaceOf } from './space.js';
import { Tree, type TreeOptions } from './tree.js';
import { type NodeSource, Unsealer } from './unseal.js';

const ROOT_AT = 2;
const COUNT_AT = ROOT_AT + HASH_BYTES;
const INDEX_AT = COUNT_AT + 4;
/** Bytes of a hash in the index: enough that nobody can make two that agree. */
const PREFIX_BYTES = 16;
const ENTRY_BYTES = PREFIX_BYTES + 4;
const KEYED = 1;

export function packTree(tree: Tree): Uint8Array {
  const nodes = new NodeTable();
  const root = sinkTree(tree.item, tree.space, nodes);
  const entries = [...nodes.entries.values()].sort((one, other) => comparePrefix(one.hash, 0, other.hash, 0));
  const bytes = new Uint8Array(INDEX_AT + entries.length * ENTRY_BYTES + nodes.data.at);
  const view = new DataView(bytes.buffer);
  bytes[0] = PACK_VERSION;
  bytes[1] = tree.space.addressKey === undefined ? 0 : KEYED;
  bytes.set(root, ROOT_AT);
  view.setUint32(COUNT_AT, entries.length);
  let at = INDEX_AT;
  for (const { hash, offset } of entries) {
    bytes.set(hash.subarray(0, PREFIX_BYTES), at);
    view.setUint32(at + PREFIX_BYTES, offset);
    at += ENTRY_BYTES;
  }
  bytes.set(nodes.data.bytes.subarray(0, nodes.data.at), at);
  return bytes;
}

/** Whether a pack was made under an address key; false also for what is no pack. */
export function isKeyedPack(bytes: Uint8Array): boolean {
  return bytes[1] === KEYED;
}

/**
 * @param bytes owned by the tree from now on: they are read for as long as parts of it were not
 * @throws SkepError `malformed`, `corrupt`, `unsupported-format`, `payload-too-large`, `not-configured`; also when parts are first read
 */
export function unpackTree(bytes: Uint8Array, options: TreeOptions = {}): Tree {
  const version = bytes[0] ?? 0;
  if (version > PACK_VERSION)
    throw new SkepError('unsupported-format', { message: `this pack has format ${version}; this Skep reads ${PACK_VERSION}` });
  const flags = bytes[1] ?? 0;
  if (version !== PACK_VERSION || bytes.length < INDEX_AT || flags > KEYED) throw malformed('has no header');
  if ((flags === KEYED) !== (options.addressKey !== undefined)) {
    const message =
      flags === KEYED
        ? 'this pack was made under an address key, and none was given'
        : 'this pack was made without an address key, and one was given';
    throw new SkepError('not-configured', { message, remedy: 'Read it with the address key of its tenant.' });
  }
  const space = spaceOf(options.addressKey);
  const root = bytes.slice(ROOT_AT, COUNT_AT);
  return new Tree(new Unsealer(space, new PackSource(bytes)).root(root), space);
}

/** Takes nodes while a tree is sealed. */
class NodeTable implements Sink {
  readonly entries = new Map<string, { readonly hash: Uint8Array; readonly offset: number }>();
  readonly data = new Writer();

  has(link: Uint8Array): boolean {
    return this.entries.has(nameOf(link));
  }

  take(link: Uint8Array, bytes: Uint8Array): void {
    const name = nameOf(link);
    if (this.entries.has(name)) return;
    this.entries.set(name, { hash: linkHash(link), offset: this.data.at });
    this.data.number(bytes.length);
    this.data.raw(bytes);
  }
}

class PackSource implements NodeSource {
  readonly heldBytes: number;
  private readonly view: DataView;
  private readonly count: number;
  private readonly dataAt: number;

  constructor(private readonly bytes: Uint8Array) {
    this.heldBytes = bytes.length;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.count = this.view.getUint32(COUNT_AT);
    this.dataAt = INDEX_AT + this.count * ENTRY_BYTES;
    if (this.dataAt > bytes.length) throw malformed('declares more nodes than it has');
  }

  bytesOf(hash: Uint8Array): Uint8Array | undefined {
    let low = 0;
    let high = this.count - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const order = comparePrefix(this.bytes, INDEX_AT + middle * ENTRY_BYTES, hash, 0);
      if (order === 0) return this.record(middle);
      if (order < 0) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  }

  private record(index: number): Uint8Array {
    const offset = this.view.getUint32(INDEX_AT + index * ENTRY_BYTES + PREFIX_BYTES);
    const reader = new Reader(this.bytes, this.dataAt + offset);
    const length = reader.value(0);
    if (typeof length !== 'number' || !Number.isInteger(length) || length < 0) throw malformed('has a node without a length');
    return reader.raw(length);
  }
}

function nameOf(link: Uint8Array): string {
  const hash = linkHash(link);
  return Buffer.from(hash.buffer, hash.byteOffset, PREFIX_BYTES).toString('latin1');
}

function comparePrefix(one: Uint8Array, oneAt: number, other: Uint8Array, otherAt: number): number {
  for (let at = 0; at < PREFIX_BYTES; at += 1) {
    const difference = (one[oneAt + at] as number) - (other[otherAt + at] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

function malformed(why: string): SkepError {
  return new SkepError('malformed', { message: `this is no pack of a tree: it ${why}` });
}
