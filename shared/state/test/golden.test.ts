/**
 * The content format, frozen: roots of fixed values, and packs of some. They may only change together with the version byte.
 * `SKEP_GOLDEN=write npx vitest run shared/state/test/golden` writes the file anew; review it as a diff.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { env } from 'node:process';
import { fromHex, hashHexOf, toHex, type Value } from '@skep/kernel';
import { packTree, treeOf, unpackTree } from '@skep/state';
import { expect, test } from 'vitest';
import { objectOf, STATE_S } from './arbitrary.js';

const FILE = new URL('./golden/format-1.txt', import.meta.url);
const addressKey = Uint8Array.from({ length: 32 }, (_, at) => at * 7);
const list = (length: number) => Array.from({ length }, (_, at) => at);
const map = (count: number) => objectOf(list(count).map((at) => [`key-${at}`, at] as const));
const prose = (bytes: number) => {
  let text = '';
  for (let at = 0; text.length < bytes; at += 1) text += `${(at * 7919) % 10_007} `;
  return text.slice(0, bytes);
};

const VALUES: Readonly<Record<string, Value>> = {
  null: null,
  true: true,
  zero: 0,
  fraction: 0.5,
  'int-max': Number.MAX_SAFE_INTEGER,
  text: 'Bienenkorb \u{1f41d}',
  bytes: Uint8Array.of(0, 1, 255),
  date: new Date(1_700_000_000_000),
  'empty-list': [],
  'empty-map': {},
  'text-62': 'a'.repeat(62),
  'text-63': 'a'.repeat(63),
  'text-62-in-map': { text: 'a'.repeat(62) },
  'text-63-in-map': { text: 'a'.repeat(63) },
  'unicode-text-21-in-map': { text: '\u20ac'.repeat(21) },
  'text-4096': prose(4_096),
  'text-4097': prose(4_097),
  'text-100000': prose(100_000),
  'text-unicode': '\u00e9\u20ac\u{1f41d}'.repeat(2_000),
  'text-1000000': prose(1_000_000),
  'bytes-4096': new Uint8Array(4_096).fill(7),
  'bytes-4097': new Uint8Array(4_097).fill(7),
  'bytes-zero-300000': new Uint8Array(300_000),
  'bytes-90000': Uint8Array.from({ length: 90_000 }, (_, at) => (at * at) >> 3),
  'map-16': map(16),
  'map-17': map(17),
  'map-100': map(100),
  'map-3000': map(3_000),
  'map-of-maps': objectOf(list(40).map((at) => [`k${at}`, map(at)] as const)),
  'map-odd-keys': objectOf(['__proto__', '', '\uffee', '\u{1f600}', '10', '9', 'constructor'].map((key, at) => [key, at] as const)),
  'list-32': list(32),
  'list-33': list(33),
  'list-1024': list(1_024),
  'list-1025': list(1_025),
  'list-40000': list(40_000),
  'list-of-objects': list(70).map((at) => ({ text: `item ${at}`, tags: list(at % 5), big: 'x'.repeat(at * 2) })),
  nested: list(100).reduce<Value>((inner) => [inner], { end: true }),
  'state-s': STATE_S,
};

function golden(): string {
  const lines = Object.entries(VALUES).map(([name, value]) => {
    const tree = treeOf(value);
    const keyed = treeOf(value, { addressKey });
    return `${name} ${tree.byteLength} ${tree.root()} ${keyed.root()} ${hashHexOf(packTree(tree))}`;
  });
  const packs = ['zero', 'text-63-in-map', 'map-17', 'list-33'].map((name) => `pack ${name} ${toHex(packTree(treeOf(VALUES[name])))}`);
  return `${[...lines, ...packs].join('\n')}\n`;
}

test('G8: roots and packs of format 1 stay what they are', () => {
  if (env.SKEP_GOLDEN === 'write') writeFileSync(FILE, golden());
  expect(golden()).toBe(readFileSync(FILE, 'utf8'));
});

test('V1: packs written long ago are read', () => {
  for (const line of readFileSync(FILE, 'utf8').split('\n')) {
    if (!line.startsWith('pack ')) continue;
    const [, name, hex] = line.split(' ') as [string, string, string];
    const tree = unpackTree(fromHex(hex));
    expect(tree.value()).toEqual(VALUES[name]);
    expect(tree.root()).toBe(treeOf(VALUES[name]).root());
  }
});

test('V1: every fixed value comes back from its pack', () => {
  for (const value of Object.values(VALUES)) {
    const tree = treeOf(value);
    const back = unpackTree(packTree(tree));
    expect(back.value()).toEqual(tree.value());
    expect(back.byteLength).toBe(tree.byteLength);
  }
});

test('G8: an edit in a long text leaves most of its chunks as they were', () => {
  const before = packTree(treeOf({ text: prose(100_000) }));
  const whole = prose(100_000);
  const both = packTree(treeOf([{ text: whole }, { text: `${whole.slice(0, 50_000)}inserted${whole.slice(50_000)}` }]));
  expect(both.length - before.length).toBeLessThan(45_000);
});
