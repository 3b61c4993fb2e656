/**
 * Keys chosen to collide. Two keys that agree in all 64 bits of their addresses take some 2^32 tries to find, thousands of them are out of reach;
 * should they turn up all the same, everything stays right and one entry costs what its bucket holds.
 */
import { diff, draftOf, packTree, treeOf, unpackTree } from '@skep/state';
import { describe, expect, test } from 'vitest';
import { loaded, type TriePart, type WideMap } from '../src/node.js';
import { type Address, PLAIN_SPACE, Space } from '../src/space.js';
import { objectOf, type Plain } from './arbitrary.js';

const KEYS = 10_000;
const secretKey = new Uint8Array(32).fill(22);

/** Options of a space of its own with these addresses, for as long as `anchor` lives. */
function spaceWith(computeAddress: (key: string) => Address, secret: number) {
  const options = { addressKey: new Uint8Array(32).fill(secret) };
  const anchor = treeOf(null, options);
  Object.assign(anchor.space, { computeAddress });
  return { options, anchor };
}

const keyOf = (at: number) => `key-${at}`;
const members = (count: number) => objectOf(Array.from({ length: count }, (_, at) => [keyOf(at), at] as const));

/** How deep a trie is, and the largest number of entries in one of its parts. */
function shapeOf(part: TriePart): { readonly depth: number; readonly largest: number } {
  let [depth, largest] = [1, part.keys.length];
  if (part.kind === 'branch') {
    for (const child of part.children) {
      const below = shapeOf(loaded<TriePart>(child));
      depth = Math.max(depth, 1 + below.depth);
      largest = Math.max(largest, below.largest);
    }
  }
  return { depth, largest };
}

describe('G8, V13: 10,000 keys that collide in all 64 bits', () => {
  const { options, anchor } = spaceWith(() => ({ high: 0x1234_5678, low: 0x0abc_def0 }), 23);
  const tree = treeOf(members(KEYS), options);

  test('G8: they stand in one bucket, and each is found', () => {
    expect(anchor.space).toBe(tree.space);
    expect(shapeOf((tree.item as WideMap).root)).toEqual({ depth: 17, largest: KEYS });
    for (let at = 0; at < KEYS; at += 7) expect(tree.get([keyOf(at)])).toBe(at);
    expect([tree.get(['key-10000']), tree.has(['key-'])]).toEqual([undefined, false]);
  });

  test('G8: grown in a draft one by one, in another order, they have the same root', () => {
    const count = 2_500;
    const draft = draftOf<Plain>(treeOf({}, options));
    for (let at = 0; at < count; at += 1) {
      const key = (at * 7_919) % count;
      draft.state[keyOf(key)] = key;
    }
    expect(draft.finish().tree.root()).toBe(treeOf(members(count), options).root());
  });

  test('G8, V7: sets, deletions, differences and packs of them are right', () => {
    const draft = draftOf<Plain>(tree);
    const model = members(KEYS) as Plain;
    for (const state of [draft.state, model]) {
      for (let at = 0; at < KEYS; at += 50) state[keyOf(at)] = 'changed';
      for (let at = 1; at < KEYS; at += 100) delete state[keyOf(at)];
      for (let at = 0; at < 50; at += 1) state[`new-${at}`] = at;
    }
    const { tree: next, changes } = draft.finish();
    expect(changes).toHaveLength(200 + 100 + 50);
    expect(next.root()).toBe(treeOf(model, options).root());
    expect(next.apply(diff(next, tree)).root()).toBe(tree.root());
    expect(unpackTree(packTree(next), options).value()).toEqual(next.value());
    expect(tree.value()).toEqual(members(KEYS));
  });

  test('G8: taken away until 16 are left they are a flat map again', () => {
    const draft = draftOf<Plain>(treeOf(members(1_000), options));
    for (let at = 16; at < 1_000; at += 1) delete draft.state[keyOf(at)];
    const { tree: small } = draft.finish();
    expect((small.item as { kind: string }).kind).toBe('map');
    expect(small.root()).toBe(treeOf(members(16), options).root());
  });
});

describe('G8: keys that collide in many bits', () => {
  test('G8: chains of branches and buckets under them stay canonical', () => {
    // Pairs that part in the last four bits, threes that never part.
    const { options, anchor } = spaceWith((key) => {
      const number = Number(key.slice(4));
      return { high: number >> 5, low: number % 3 === 0 ? 0 : number % 16 };
    }, 24);
    const whole = treeOf(members(2_000), options);
    let tree = treeOf(members(1_000), options);
    for (let at = 1_000; at < 2_000; at += 1) tree = tree.apply([{ kind: 'create', path: [keyOf(at)], new: at }]);
    expect(tree.root()).toBe(whole.root());
    for (let at = 1_999; at >= 1_000; at -= 1) tree = tree.apply([{ kind: 'delete', path: [keyOf(at)] }]);
    expect(tree.root()).toBe(treeOf(members(1_000), options).root());
    expect(unpackTree(packTree(whole), options).value()).toEqual(members(2_000));
    expect(anchor.space).toBe(tree.space);
  });
});

describe('V14: collisions found for one address key do not hold under another', () => {
  test('V14: keys searched for until they agree in 12 bits are spread by a secret key', () => {
    const found: string[] = [];
    for (let at = 0; found.length < 40; at += 1) {
      const key = `attack-${at}`;
      if (PLAIN_SPACE.addressOf(key).high >>> 20 === 0x5a5) found.push(key);
    }
    const value = objectOf(found.map((key) => [key, 1] as const));
    const attacked = shapeOf((treeOf(value).item as WideMap).root);
    const spread = shapeOf((treeOf(value, { addressKey: secretKey }).item as WideMap).root);
    expect(attacked.depth).toBeGreaterThanOrEqual(4);
    expect(spread.depth).toBeLessThan(attacked.depth);
    const addresses = new Set(found.map((key) => new Space(secretKey).addressOf(key).high >>> 20));
    expect(addresses.size).toBeGreaterThan(30);
  });
});
