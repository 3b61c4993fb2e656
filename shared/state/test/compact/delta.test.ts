import { encode, fromHex, hash, LIMITS, type Value } from '@skep/kernel';
import { decodeDelta, encodeDelta, packTree, type Tree, treeOf, unpackTree } from '@skep/state';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf, objectOf, STATE_S, values } from '../arbitrary.js';

const addressKey = new Uint8Array(32).fill(3);
const KNOWN = ['malformed', 'corrupt', 'unsupported-format', 'payload-too-large', 'not-configured'];
const stateS = treeOf(STATE_S);
/** A version byte, flags, a root, and the beginning of a base's root. */
const HEADER_BYTES = 42;
const BASE_BYTES = 8;

/** A delta with a right header over this body. */
function forge(body: Value, { base, makes }: { readonly base: Tree; readonly makes: Tree }): Uint8Array {
  const name = fromHex(base.root()).subarray(0, BASE_BYTES);
  return Uint8Array.from([0xd1, 2, ...fromHex(makes.root()), ...name, ...encode(body)]);
}

function judge(bytes: Uint8Array, base: Tree): string {
  try {
    decodeDelta(bytes, () => base).value();
    return 'accepted';
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === undefined || !KNOWN.includes(code)) throw error;
    return code;
  }
}

describe('V12: deltas', () => {
  test('V12: a delta and its base make the tree again, with its root', () => {
    fc.assert(
      fc.property(values, values, (one, other) => {
        const base = treeOf(one);
        const tree = treeOf(other);
        const back = decodeDelta(encodeDelta(tree, base), () => base);
        expect(back.root()).toBe(tree.root());
        expect(back.value()).toEqual(tree.value());
        const alone = decodeDelta(encodeDelta(tree, undefined), () => undefined);
        expect(alone.root()).toBe(tree.root());
      }),
      { numRuns: 300 },
    );
  });

  test('V12: one field changed of S and of a state of 100 KB, 1,000 steps: less than 100 bytes beyond the value', () => {
    const messages = Array.from({ length: 200 }, (_, at) => ({ role: 'user', content: `message ${at} ${'lorem ipsum '.repeat(38)}` }));
    for (const start of [STATE_S, { ...STATE_S, messages }]) {
      let tree = treeOf(start);
      const framing: number[] = [];
      for (let step = 0; step < 1_000; step += 1) {
        const next = tree.apply([{ kind: 'update', path: ['memory', (step * 37) % 50, 'score'], new: step + 0.5 }]);
        framing.push(encodeDelta(next, tree).length - encode(step + 0.5).length);
        tree = next;
      }
      expect(Math.max(...framing)).toBeLessThanOrEqual(64);
    }
  });

  test('V12: a change within a long text costs the change, at every boundary of characters', () => {
    const long = 'é€\u{1f41d}x'.repeat(5_000);
    for (const [from, to, text] of [
      [0, 0, 'y'],
      [1, 2, 'è'],
      [2, 4, '\u{1f41e}'],
      [2, 4, '\u{1f81d}'],
      [long.length, long.length, ' and more'],
    ] as const) {
      const base = treeOf({ text: long });
      const tree = treeOf({ text: long.slice(0, from) + text + long.slice(to) });
      const delta = encodeDelta(tree, base);
      expect(delta.length).toBeLessThan(90);
      expect(decodeDelta(delta, () => base).root()).toBe(tree.root());
    }
    const bytes = Uint8Array.from({ length: 50_000 }, (_, at) => at >> 3);
    const changed = bytes.slice();
    changed[30_000] = 9;
    expect(encodeDelta(treeOf(changed), treeOf(bytes)).length).toBeLessThan(70);
  });

  test('V12: what the base has not read stays unread', () => {
    const wide = objectOf(Array.from({ length: 400 }, (_, at) => [`key-${at}`, { text: `${at} `.repeat(30) }] as const));
    const tree = treeOf({ wide }).apply([{ kind: 'update', path: ['wide', 'key-7', 'text'], new: 'short' }]);
    const pack = packTree(treeOf({ wide }));
    // The last byte belongs to the root, the record before it to none of the changed path.
    const delta = encodeDelta(tree, treeOf({ wide }));
    const damaged = pack.slice();
    const at = Buffer.from(damaged).indexOf('399 399');
    damaged[at] = 0x38;
    const back = decodeDelta(delta, () => unpackTree(damaged));
    expect(back.get(['wide', 'key-7', 'text'])).toBe('short');
    expect(back.root()).toBe(tree.root());
    expect(codeOf(() => back.get(['wide', 'key-399']))).toBe('corrupt');
  });

  test('V14: under an address key only the same key reads it', () => {
    const base = treeOf(STATE_S, { addressKey });
    const delta = encodeDelta(base.apply([{ kind: 'update', path: ['step'], new: 13 }]), base);
    expect(decodeDelta(delta, () => base, { addressKey }).get(['step'])).toBe(13);
    expect(codeOf(() => decodeDelta(delta, () => base))).toBe('not-configured');
    expect(codeOf(() => decodeDelta(encodeDelta(stateS, undefined), () => undefined, { addressKey }))).toBe('not-configured');
    expect(codeOf(() => encodeDelta(stateS, base))).toBe('invalid-input');
  });
});

describe('G11: deltas that are damaged or hostile are refused', () => {
  test('G11: every single changed byte, every cut, another base', () => {
    const text = 'a long text that is spliced somewhere in the middle of it '.repeat(3);
    const base = treeOf({ ...STATE_S, text });
    const tree = treeOf({ ...STATE_S, step: 13, text: text.replace('middle', 'center'), tools: { a: 1, b: 3 } });
    const delta = encodeDelta(tree, base);
    for (let at = 0; at < delta.length; at += 1) {
      for (const mask of [1, 0x80, 0xff]) {
        const changed = delta.slice();
        changed[at] = (changed[at] as number) ^ mask;
        // The name of the base only finds it.
        const isName = at >= HEADER_BYTES - BASE_BYTES && at < HEADER_BYTES;
        expect(judge(changed, base) === 'accepted').toBe(isName);
      }
      expect(judge(delta.subarray(0, at), base)).not.toBe('accepted');
    }
    expect(judge(delta, stateS)).toBe('corrupt');
    expect(codeOf(() => decodeDelta(delta, () => undefined))).toBe('corrupt');
  });

  test('G11: random bytes and random bodies', () => {
    const edits = fc.array(fc.oneof(values, fc.tuple(fc.nat(4), fc.array(fc.oneof(fc.constantFrom('memory', 'step', 'score'), fc.nat(60))), values)));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), edits, (bytes, body) => {
        judge(bytes, stateS);
        judge(Uint8Array.from([0xd1, 2, ...bytes]), stateS);
        judge(forge(body as Value, { base: stateS, makes: stateS }), stateS);
      }),
      { numRuns: 300 },
    );
  });

  test('G11: edits that are none, or that do not fit', () => {
    const cases: readonly (readonly [Value, string])[] = [
      [{}, 'malformed'],
      [[1], 'malformed'],
      [[[4, [], 1]], 'malformed'],
      [[[2, ['step']]], 'malformed'],
      [[[0, ['step'], 1]], 'malformed'],
      [[[2, ['memory', -1, 'score'], 1]], 'malformed'],
      [[[3, ['goal'], [0, 0]]], 'malformed'],
      [[[3, ['goal'], [0, 0.5, '']]], 'malformed'],
      [[[0, []]], 'corrupt'],
      [[[0, ['nothing']]], 'corrupt'],
      [[[2, ['step', 'deeper'], 1]], 'corrupt'],
      [[[1, ['memory', 52], 1]], 'corrupt'],
      [[[3, ['step'], [0, 0, 'a']]], 'corrupt'],
      [[[3, ['goal'], [0, 1_000, 'a']]], 'corrupt'],
      [[[3, ['goal'], [Number.MAX_SAFE_INTEGER, 0, 'a']]], 'corrupt'],
      [[[2, ['step'], 14]], 'corrupt'],
    ];
    for (const [body, code] of cases) expect([body, judge(forge(body, { base: stateS, makes: treeOf(1) }), stateS)]).toEqual([body, code]);
  });

  test('G11: half a character is no text', () => {
    const base = treeOf({ text: 'é'.repeat(100) });
    expect(judge(forge([[3, ['text'], [0, 1, '']]], { base, makes: base }), base)).toBe('corrupt');
  });

  test('G11: later formats say so; a pack is no delta, and a delta no pack', () => {
    const delta = encodeDelta(stateS, undefined);
    const later = delta.slice();
    later[0] = 0xd2;
    expect(codeOf(() => decodeDelta(later, () => undefined))).toBe('unsupported-format');
    expect(codeOf(() => decodeDelta(packTree(stateS), () => undefined))).toBe('malformed');
    expect(codeOf(() => unpackTree(delta))).toBe('unsupported-format');
  });

  test('G11: few bytes cannot make much work', () => {
    const base = treeOf(Array.from({ length: 100_000 }, (_, at) => at));
    const body = Array.from({ length: 2_000 }, (): Value => [0, [0]]);
    expect(judge(forge(body, { base, makes: treeOf([]) }), base)).toBe('payload-too-large');
  });

  test('V12: a change that would cost a reader too much is written as the whole value', () => {
    const items = Array.from({ length: 10_000 }, (_, at) => at);
    const base = treeOf(items);
    const tree = treeOf(items.filter((at) => at % 9 !== 0));
    const delta = encodeDelta(tree, base);
    expect(delta[1]).toBe(0);
    expect(decodeDelta(delta, () => undefined).root()).toBe(tree.root());
  });

  test('G11: a state beyond the limit is refused', () => {
    const base = treeOf(Array.from({ length: 2 }, () => new Uint8Array(LIMITS.stateBytes / 2 - 100)));
    const body: Value = [[1, [2], new Uint8Array(1_000)]];
    expect(judge(forge(body, { base, makes: treeOf(1) }), base)).toBe('payload-too-large');
  });
});

test('G8: a delta names the root that the format gives the content', () => {
  expect(Buffer.from(encodeDelta(treeOf(0), undefined).subarray(2, 34))).toEqual(Buffer.from(hash(Uint8Array.of(1, 1, 0))));
});
