import { fromHex, hash, toHex } from '@skep/kernel';
import { isKeyedPack, packTree, type Tree, treeOf, unpackTree } from '@skep/state';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf, objectOf, put, STATE_S, values } from './arbitrary.js';

const LARGE = {
  ...STATE_S,
  wide: objectOf(Array.from({ length: 300 }, (_, at) => [`key-${at}`, { at, text: `text ${at}` }] as const)),
  long: Array.from({ length: 2_000 }, (_, at) => `item ${at}`),
  text: Array.from({ length: 3_000 }, (_, at) => `line ${at * at}`).join('\n'),
  bytes: Uint8Array.from({ length: 50_000 }, (_, at) => (at * at) >> 3),
  at: new Date(5),
};
const addressKey = new Uint8Array(32).fill(3);
const KNOWN = ['malformed', 'corrupt', 'unsupported-format', 'payload-too-large', 'not-configured'];

/** What comes of bytes that may be anything: a refusal, or a tree that has the root of its value. */
function judge(bytes: Uint8Array): string {
  let tree: Tree;
  try {
    tree = unpackTree(bytes);
    tree.value();
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === undefined || !KNOWN.includes(code)) throw error;
    return code;
  }
  expect(treeOf(tree.value()).root()).toBe(tree.root());
  return 'accepted';
}

/** A pack of these nodes, made with right hashes whatever they hold. */
function forge(nodes: readonly Uint8Array[]): Uint8Array {
  const records = nodes.map((node) => ({ node, hash: hash(node) }));
  const root = (records.at(-1) as { hash: Uint8Array }).hash;
  const sorted = records.toSorted((one, other) => Buffer.compare(one.hash, other.hash));
  const index: number[] = [];
  const data: number[] = [];
  for (const record of sorted) {
    index.push(...record.hash.slice(0, 16), 0, 0, data.length >> 8, data.length & 255);
    data.push(0xcd, record.node.length >> 8, record.node.length & 255, ...record.node);
    if (record.node.length < 256)
      data.splice(data.length - record.node.length - 3, 3, ...(record.node.length < 128 ? [record.node.length] : [0xcc, record.node.length]));
  }
  return Uint8Array.from([1, 0, ...root, 0, 0, 0, sorted.length, ...index, ...data]);
}

const link = (node: Uint8Array, size: number) => {
  const encoded = size < 128 ? [size] : size < 256 ? [0xcc, size] : [0xcd, size >> 8, size & 255];
  return [0xc7, 32 + encoded.length, 2, ...hash(node), ...encoded];
};

describe('V1, V2: packs', () => {
  test('V1: a packed tree comes back with its value and root', () => {
    fc.assert(
      fc.property(values, (value) => {
        const tree = treeOf(value);
        const back = unpackTree(packTree(tree));
        expect(back.root()).toBe(tree.root());
        expect(back.value()).toEqual(tree.value());
        expect(packTree(back)).toEqual(packTree(tree));
        expect(packTree(treeOf(back.value()))).toEqual(packTree(tree));
      }),
      { numRuns: 200 },
    );
  });

  test('V2: what was not read yet can be read, edited and packed again', () => {
    const tree = unpackTree(packTree(treeOf(LARGE)));
    expect(tree.get(['wide', 'key-7', 'text'])).toBe('text 7');
    expect(tree.get(['long', 1_999])).toBe('item 1999');
    const edited = unpackTree(packTree(treeOf(LARGE))).apply([
      { kind: 'update', path: ['wide', 'key-7', 'at'], new: -1 },
      { kind: 'delete', path: ['long', 5] },
    ]);
    const model = structuredClone(LARGE) as unknown as { wide: Record<string, { at: number }>; long: string[] };
    (model.wide['key-7'] as { at: number }).at = -1;
    model.long.splice(5, 1);
    expect(edited.root()).toBe(treeOf(model).root());
    expect(unpackTree(packTree(edited)).value()).toEqual(model);
  });

  test('V2: equal parts are packed once', () => {
    const part = { text: 'x'.repeat(3_000) };
    const once = packTree(treeOf({ a: part })).length;
    expect(packTree(treeOf({ a: part, b: part, c: [part, part] })).length).toBeLessThan(once + 200);
  });

  test('V14: under an address key only the same key reads it', () => {
    const keyed = packTree(treeOf(LARGE, { addressKey }));
    expect([keyed, packTree(treeOf(1)), new Uint8Array()].map(isKeyedPack)).toEqual([true, false, false]);
    expect(unpackTree(keyed.slice(), { addressKey }).value()).toEqual(unpackTree(packTree(treeOf(LARGE))).value());
    expect(codeOf(() => unpackTree(keyed))).toBe('not-configured');
    expect(codeOf(() => unpackTree(keyed, { addressKey: new Uint8Array(32) }))).toBe('corrupt');
    expect(codeOf(() => unpackTree(packTree(treeOf(1)), { addressKey }))).toBe('not-configured');
  });
});

describe('G11: damage is found before it is served', () => {
  test('G11: every single changed byte of a pack is harmless or noticed', () => {
    const pack = packTree(treeOf(STATE_S));
    const root = treeOf(STATE_S).root();
    for (let at = 0; at < pack.length; at += 1) {
      for (const mask of [1, 0x80, 0xff]) {
        const changed = pack.slice();
        changed[at] = (changed[at] as number) ^ mask;
        const result = judge(changed);
        if (result === 'accepted') expect(unpackTree(changed).root()).toBe(root);
      }
    }
  });

  test('G11: random damage, cuts and insertions in a large pack', () => {
    const pack = packTree(treeOf(LARGE));
    const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.constantFrom('set', 'cut', 'insert')), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(damage, (list) => {
        let bytes = pack.slice();
        for (const [pick, byte, kind] of list) {
          const at = pick % bytes.length;
          if (kind === 'set') bytes[at] = byte;
          else if (kind === 'cut') bytes = bytes.slice(0, at);
          else bytes = Uint8Array.from([...bytes.subarray(0, at), byte, ...bytes.subarray(at)]);
          if (bytes.length === 0) bytes = new Uint8Array(1);
        }
        judge(bytes);
      }),
      { numRuns: 150 },
    );
  });

  test('G11: random bytes are refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        judge(bytes);
        judge(Uint8Array.from([1, 0, ...bytes]));
      }),
      { numRuns: 500 },
    );
  });

  test('G11: later formats say so', () => {
    const pack = packTree(treeOf(STATE_S));
    pack[0] = 2;
    expect(codeOf(() => unpackTree(pack))).toBe('unsupported-format');
    expect(codeOf(() => unpackTree(forge([Uint8Array.of(2, 1, 0)])))).toBe('unsupported-format');
    expect(codeOf(() => unpackTree(new Uint8Array(0)))).toBe('malformed');
  });

  const text = (length: number) => [0xd9, length, ...new Uint8Array(length).fill(97)];
  const node = (...body: number[]) => Uint8Array.of(1, 1, ...body);
  const longText = node(...text(70));
  const cases: readonly (readonly [string, readonly Uint8Array[]])[] = [
    ['a long text in place of a link', [node(0x91, ...text(70))]],
    ['a link in place of a short value', [node(5), node(0x91, ...link(node(5), 1))]],
    ['a link that tells another length', [longText, node(0x91, ...link(longText, 71))]],
    ['a link without a length', [longText, node(0x91, 0xc7, 32, 2, ...hash(longText))]],
    ['a link of length 0', [longText, node(0x91, ...link(longText, 0))]],
    ['bytes after the end', [node(5, 5)]],
    ['an unknown tag', [Uint8Array.of(1, 99, 0)]],
    ['a chunk in place of a value', [Uint8Array.of(1, 10, 1, 2, 3)]],
    ['no version', [Uint8Array.of(0, 1, 5)]],
    ['a flat map of 17', [node(0xde, 0, 17, ...Array.from({ length: 17 }, (_, at) => [0xa1, 97 + at, 1]).flat())]],
    ['a flat list of 33', [node(0xdc, 0, 33, ...new Uint8Array(33))]],
    ['keys out of order', [node(0x82, 0xa1, 98, 1, 0xa1, 97, 1)]],
    ['a key twice', [node(0x82, 0xa1, 97, 1, 0xa1, 97, 1)]],
    ['a wide map without entries', [Uint8Array.of(1, 2, 0x93, 17, 0, 0)]],
    ['a wide map of bits that overlap', [Uint8Array.of(1, 2, 0x93, 17, 3, 3)]],
    ['a wide map with a key where it does not belong', [Uint8Array.of(1, 2, 0x97, 17, 3, 0, 0xa1, 97, 1, 0xa1, 98, 1)]],
    ['a vector that is too short', [Uint8Array.of(1, 5, 0x92, 5, 0x95, 1, 2, 3, 4, 5)]],
    ['a vector of an impossible length', [Uint8Array.of(1, 5, 0x92, 0xce, 0xff, 0xff, 0xff, 0xff, 0x91, 1)]],
    ['a vector with a short leaf in front', [Uint8Array.of(1, 5, 0x93, 33, 0x91, 1, 0xdc, 0, 32, ...new Uint8Array(32))]],
    ['a long text in one piece', [node(0xda, 0x10, 0x01, ...new Uint8Array(4_097).fill(97))]],
    ['long bytes in one piece', [node(0xc5, 0x10, 0x01, ...new Uint8Array(4_097))]],
    ['a chunked text that is short', [Uint8Array.of(1, 7, 0x91, 5)]],
    ['a chunked text without chunks', [Uint8Array.of(1, 7, 0x91, 0xcd, 0x20, 0)]],
  ];

  test.each(cases)('G11: right hashes around %s do not help', (_, nodes) => {
    expect(judge(forge(nodes))).toBe('malformed');
  });

  test('G11: what is forged rightly is accepted', () => {
    expect(judge(forge([longText, node(0x91, ...link(longText, 72))]))).toBe('accepted');
  });

  test('G11: chunks that end elsewhere, are missing or are no UTF-8', () => {
    const chunk = (length: number, byte = 97) => Uint8Array.of(1, 10, ...new Uint8Array(length).fill(byte));
    const textOf = (chunks: readonly Uint8Array[], length: number) =>
      Uint8Array.of(1, 7, 0x91 + chunks.length, 0xcd, length >> 8, length & 255, ...chunks.flatMap((each) => link(each, each.length - 2)));
    const [one, two] = [chunk(3_000), chunk(2_500, 98)];
    expect(judge(forge([one, two, textOf([one, two], 5_500)]))).toBe('malformed');
    expect(judge(forge([one, textOf([one, two], 5_500)]))).toBe('corrupt');
    const invalid = chunk(5_000, 0xff);
    expect(judge(forge([invalid, textOf([invalid], 5_000)]))).toBe('malformed');
  });

  test('G11: what a few bytes unfold to is bounded, and nesting ends', () => {
    let nodes = [node(...text(100))];
    let size = 102;
    for (let level = 0; level < 6; level += 1) {
      const below = nodes.at(-1) as Uint8Array;
      const reference = link2(below, size);
      nodes = [...nodes, node(0xdc, 0, 32, ...Array.from({ length: 32 }, () => reference).flat())];
      size = 3 + 32 * size;
    }
    expect(judge(forge(nodes))).toBe('payload-too-large');
    nodes = [node(...text(100))];
    size = 102;
    for (let level = 0; level < 200; level += 1) {
      const below = nodes.at(-1) as Uint8Array;
      nodes = [...nodes, node(0x92, ...link2(below, size), ...text(40).slice(0, 0), 0xd9, 40, ...new Uint8Array(40).fill(97))];
      size = 1 + size + 42;
    }
    expect(judge(forge(nodes))).toBe('malformed');
  });

  test('G11: a map that does not have the entries it declares', () => {
    const members: Record<string, number> = {};
    for (let at = 0; at < 20; at += 1) put(members, `k${at}`, at);
    const pack = packTree(treeOf(members));
    const records = nodesOf(pack);
    const root = records.at(-1) as Uint8Array;
    expect(root[1]).toBe(2);
    const at = root.indexOf(20);
    root[at] = 21;
    expect(judge(forge(records))).toBe('malformed');
  });
});

/** The nodes of a pack, the root last. */
function nodesOf(pack: Uint8Array): Uint8Array[] {
  const view = new DataView(pack.buffer, pack.byteOffset);
  const count = view.getUint32(34);
  const nodes: Uint8Array[] = [];
  let at = 38 + count * 20;
  while (at < pack.length) {
    const head = pack[at] as number;
    const [length, header] = head < 128 ? [head, 1] : head === 0xcc ? [pack[at + 1] as number, 2] : [view.getUint16(at + 1), 3];
    nodes.push(pack.slice(at + header, at + header + length));
    at += header + length;
  }
  return nodes;
}

function link2(node: Uint8Array, size: number): number[] {
  const encoded = size < 65_536 ? link(node, size).slice(35) : [0xce, (size >>> 24) & 255, (size >> 16) & 255, (size >> 8) & 255, size & 255];
  return [0xc7, 32 + encoded.length, 2, ...fromHex(toHex(hash(node))), ...encoded];
}
