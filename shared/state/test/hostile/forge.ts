/** Packs made by somebody who knows the format and means harm: their hashes are right, whatever they hold. */
import { hash, Reader, Writer } from '@skep/kernel';

const HEADER_BYTES = 38;
const ENTRY_BYTES = 20;
const HASH_BYTES = 32;

/** The nodes of a pack as its records have them, children first, the root last. */
export function nodesOf(pack: Uint8Array): Uint8Array[] {
  const count = new DataView(pack.buffer, pack.byteOffset).getUint32(34);
  const reader = new Reader(pack, HEADER_BYTES + count * ENTRY_BYTES);
  const nodes: Uint8Array[] = [];
  while (reader.left > 0) nodes.push(reader.raw(reader.value(0) as number).slice());
  return nodes;
}

/** A pack of these nodes with their right hashes; the last one is the root. */
export function forge(nodes: readonly Uint8Array[]): Uint8Array {
  const data = new Writer();
  const entries = nodes.map((node) => {
    const offset = data.at;
    data.number(node.length);
    data.raw(node);
    return { hash: hash(node), offset };
  });
  const root = entries.at(-1)?.hash ?? new Uint8Array(HASH_BYTES);
  const sorted = entries.toSorted((one, other) => Buffer.compare(one.hash, other.hash));
  const pack = new Uint8Array(HEADER_BYTES + entries.length * ENTRY_BYTES + data.at);
  const view = new DataView(pack.buffer);
  pack[0] = 1;
  pack.set(root, 2);
  view.setUint32(34, entries.length);
  for (const [at, entry] of sorted.entries()) {
    pack.set(entry.hash.subarray(0, 16), HEADER_BYTES + at * ENTRY_BYTES);
    view.setUint32(HEADER_BYTES + at * ENTRY_BYTES + 16, entry.offset);
  }
  pack.set(data.bytes.subarray(0, data.at), HEADER_BYTES + entries.length * ENTRY_BYTES);
  return pack;
}

/** The same nodes with one replaced, and with every link that led to it, or to what leads to it, put right. */
export function replaced(nodes: readonly Uint8Array[], at: number, node: Uint8Array): Uint8Array[] {
  const copy: Uint8Array[] = nodes.map((each) => each.slice());
  const renamed = [{ from: hash(nodes[at] as Uint8Array), to: hash(node) }];
  copy[at] = node;
  for (let index = at + 1; index < copy.length; index += 1) {
    const parent = copy[index] as Uint8Array;
    let isChanged = false;
    for (const { from, to } of renamed) {
      for (let place = Buffer.from(parent).indexOf(from); place >= 0; place = Buffer.from(parent).indexOf(from, place + HASH_BYTES)) {
        parent.set(to, place);
        isChanged = true;
      }
    }
    if (isChanged) renamed.push({ from: hash(nodes[index] as Uint8Array), to: hash(parent) });
  }
  return copy;
}

/** A link to a node that declares this size. */
export function linkTo(node: Uint8Array, size: number): Uint8Array {
  const content = new Writer();
  content.raw(hash(node));
  content.number(size);
  const link = new Writer();
  link.byte(0xc7);
  link.byte(content.at);
  link.byte(2);
  link.raw(content.bytes.subarray(0, content.at));
  return link.bytes.slice(0, link.at);
}

/** Bytes one after the other. */
export function joined(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
