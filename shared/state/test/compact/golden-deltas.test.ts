/**
 * The format of deltas, frozen. It may only change together with its version byte.
 * `SKEP_GOLDEN=write npx vitest run shared/state/test/compact` writes the file anew; review it as a diff.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { env } from 'node:process';
import { fromHex, toHex, type Value } from '@skep/kernel';
import { decodeDelta, encodeDelta, treeOf } from '@skep/state';
import { expect, test } from 'vitest';
import { STATE_S } from '../arbitrary.js';

const FILE = new URL('../golden/deltas-1.txt', import.meta.url);
const addressKey = Uint8Array.from({ length: 32 }, (_, at) => at * 7);
const text = 'The text of a note, which is long enough to be spliced. '.repeat(2);

interface Vector {
  readonly base?: Value;
  readonly value: Value;
  readonly addressKey?: Uint8Array;
}

const VECTORS: Readonly<Record<string, Vector>> = {
  alone: { value: { a: 1, b: [true, null] } },
  same: { base: STATE_S, value: STATE_S },
  field: { base: STATE_S, value: { ...STATE_S, step: 13 } },
  'field-under-a-key': { base: STATE_S, value: { ...STATE_S, step: 13 }, addressKey },
  'deep-field': { base: STATE_S, value: { ...STATE_S, memory: STATE_S.memory.with(17, { text: 'memory item number 17', score: 0.25 }) } },
  'created-and-deleted': { base: { a: 1, b: 2 }, value: { b: 2, c: { d: new Date(5) } } },
  pushed: { base: { list: [1, 2] }, value: { list: [1, 2, 'three'] } },
  'spliced-text': { base: { text }, value: { text: text.replace('long', 'l\u00f6ng') } },
  'spliced-bytes': { base: new Uint8Array(100), value: new Uint8Array(100).fill(9, 50, 52) },
  'another-kind-of-value': { base: [1], value: 'one' },
};

function golden(): string {
  return Object.entries(VECTORS)
    .map(([name, { base, value, ...options }]) => {
      const delta = encodeDelta(treeOf(value, options), base === undefined ? undefined : treeOf(base, options));
      return `${name} ${toHex(delta)}\n`;
    })
    .join('');
}

test('V12: deltas of format 1 stay what they are', () => {
  if (env.SKEP_GOLDEN === 'write') writeFileSync(FILE, golden());
  expect(golden()).toBe(readFileSync(FILE, 'utf8'));
});

test('V12: deltas written long ago are read', () => {
  for (const line of readFileSync(FILE, 'utf8').trim().split('\n')) {
    const [name, hex] = line.split(' ') as [string, string];
    const { base, value, ...options } = VECTORS[name] as Vector;
    const tree = decodeDelta(fromHex(hex), () => (base === undefined ? undefined : treeOf(base, options)), options);
    expect(tree.root()).toBe(treeOf(value, options).root());
  }
});
