import { decode, encode, fromHex } from '@skep/kernel';
import { decodeDelta, encodeDelta, packTree, readChain, treeOf, unpackTree } from '@skep/state';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { objectOf, STATE_S, values } from '../arbitrary.js';
import { forge, nodesOf, replaced } from './forge.js';
import { refusalOf } from './judge.js';
import { harmed, harms } from './mutate.js';

const BASE = treeOf({
  ...STATE_S,
  wide: objectOf(Array.from({ length: 60 }, (_, at) => [`key-${at}`, { at, text: `text ${at}` }] as const)),
  text: Array.from({ length: 1_000 }, (_, at) => `line ${at * at}`).join('\n'),
  bytes: Uint8Array.from({ length: 9_000 }, (_, at) => (at * at) >> 3),
});
const NEXT = BASE.apply([
  { kind: 'update', path: ['step'], new: 13 },
  { kind: 'update', path: ['text'], new: `${'new '.repeat(30)}${BASE.get(['text'])}` },
  { kind: 'delete', path: ['memory', 3] },
  { kind: 'create', path: ['memory', 10], new: { text: 'inserted', score: 1 } },
  { kind: 'create', path: ['wide', 'key-99'], new: [1, 2, 3] },
]);
const BASE_PACK = packTree(BASE);
const BASE_NODES = nodesOf(BASE_PACK);
const DELTA = encodeDelta(NEXT, BASE);
const BODY_AT = 2 + 32 + 8;

const apart = (bytes: Uint8Array) => decodeDelta(bytes, () => unpackTree(BASE_PACK));

/** The delta says the root of what it makes, so that nothing but its edits can be wrong. Where they make nothing its root stays. */
function withRightRoot(delta: Uint8Array): Uint8Array {
  const copy = delta.slice();
  try {
    const edits = decode(delta.subarray(BODY_AT)) as readonly (readonly [number, readonly (string | number)[], never])[];
    let made = BASE;
    for (const [op, path, content] of edits) {
      made = made.apply([op === 0 ? { kind: 'delete', path } : { kind: op === 1 ? 'create' : 'update', path, new: content }]);
    }
    copy.set(fromHex(made.root()), 2);
  } catch {
    // No edits, or none that fit.
  }
  return copy;
}

describe('G11: hostile deltas', { timeout: 120_000 }, () => {
  test('G11: harmed anywhere they are refused, or make what they name', () => {
    fc.assert(
      fc.property(fc.array(harms, { minLength: 1, maxLength: 3 }), (list) => {
        const bytes = list.reduce((each, harm) => harmed(each, harm, BASE_PACK), DELTA);
        const refusal = refusalOf(() => expect(apart(bytes).root()).toBe(NEXT.root()));
        if (refusal === undefined) expect(Buffer.compare(encode(apart(bytes).value()), encode(NEXT.value()))).toBe(0);
      }),
      { numRuns: 400 },
    );
  });

  test('G11: edits that are harmed under a right root are what they say, or are refused', () => {
    fc.assert(
      fc.property(fc.array(harms, { minLength: 1, maxLength: 2 }), (list) => {
        const body = list.reduce((each, harm) => harmed(each, harm, DELTA.subarray(BODY_AT)), DELTA.subarray(BODY_AT));
        const bytes = withRightRoot(Uint8Array.from([...DELTA.subarray(0, BODY_AT), ...body]));
        refusalOf(() => {
          const tree = apart(bytes);
          expect(treeOf(tree.value()).root()).toBe(tree.root());
        });
      }),
      { numRuns: 400 },
    );
  });

  test('G11: any value in place of the edits', () => {
    fc.assert(
      fc.property(values, (value) => {
        refusalOf(() => apart(Uint8Array.from([...DELTA.subarray(0, BODY_AT), ...encode(value)])).value());
        refusalOf(() => apart(Uint8Array.from([...DELTA.subarray(0, BODY_AT), ...encode([value])])).value());
      }),
      { numRuns: 300 },
    );
  });

  test('G11: a base that is damaged where the delta touches it', () => {
    fc.assert(
      fc.property(fc.nat(), harms, (pick, harm) => {
        const at = pick % (BASE_NODES.length - 1);
        // The root is the same: a record was damaged under its hash.
        const node = harmed(BASE_NODES[at] as Uint8Array, harm, BASE_PACK);
        const damaged = BASE_PACK.slice();
        const place = Buffer.from(damaged).indexOf(BASE_NODES[at] as Uint8Array);
        damaged.set(node.subarray(0, (BASE_NODES[at] as Uint8Array).length), place);
        refusalOf(() => {
          const tree = decodeDelta(DELTA, () => unpackTree(damaged));
          expect(tree.root()).toBe(NEXT.root());
        });
        // The hashes are right up to the root, which is another one then.
        refusalOf(() => decodeDelta(DELTA, () => unpackTree(forge(replaced(BASE_NODES, at, node)))).value());
        refusalOf(() => readChain([damaged, DELTA]).value());
      }),
      { numRuns: 200 },
    );
  });
});
